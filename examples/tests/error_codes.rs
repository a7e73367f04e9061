//! Error codes are public API: unique, in the class that their hundreds say, and all on one page.
//!
//! `IIA_WRITE=1 cargo test -p iia-examples --test error_codes` writes the page anew.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod tree;

use std::collections::BTreeMap;

use iia_core::code::{Class, Code};
use syn::visit::{self, Visit};
use tree::{files, none, read, root};

const PAGE: &str = "docs/error-codes.md";

/// The area that each crate owns.
const AREAS: [(&str, &str); 10] = [
    ("iia-core", "COR"),
    ("iia-contract", "CON"),
    ("iia-audit", "AUD"),
    ("iia-identity", "IDN"),
    ("iia-capture", "CAP"),
    ("iia-lake", "LAK"),
    ("iia-link", "LNK"),
    ("iia-config", "CFG"),
    ("iia-attest", "ATT"),
    ("iia-edge", "EDG"),
];

/// One meaning of a code: the variant that has it.
#[derive(Debug)]
struct Meaning {
    area: String,
    number: u16,
    error: String,
    variant: String,
    text: String,
    path: String,
}

/// Reads `impl Coded for …` and the enums beside them.
#[derive(Default)]
struct Reader {
    /// Messages by error and variant; a struct has the variant "".
    texts: BTreeMap<(String, String), String>,
    /// Error, variant, area where the arm says it, number.
    arms: Vec<(String, String, Option<String>, u16)>,
    /// Error and the area of its last `Code::new`.
    areas: BTreeMap<String, String>,
    /// The error whose `impl Coded` is being read.
    error: Option<String>,
    /// The variant of the arm being read.
    variant: Option<String>,
    /// Error and variant of the arms that hand on another error's code.
    handed_on: Vec<(String, String)>,
    /// Calls of `Code::new` outside any `impl Coded`.
    strays: usize,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        for variant in &item.variants {
            let key = (item.ident.to_string(), variant.ident.to_string());
            self.texts
                .extend(message(&variant.attrs).map(|text| (key, text)));
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let key = (item.ident.to_string(), String::new());
        self.texts
            .extend(message(&item.attrs).map(|text| (key, text)));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last());
        if of.is_some_and(|segment| segment.ident == "Coded") {
            self.error = type_name(&item.self_ty);
        }
        visit::visit_item_impl(self, item);
        self.error = None;
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let variants = variants(&arm.pat);
        let number = literal(&arm.body);
        let before = self.arms.len();
        if let (Some(error), Some(number)) = (&self.error, number) {
            let arms = variants
                .iter()
                .map(|one| (error.clone(), one.clone(), None, number));
            self.arms.extend(arms);
        }
        self.variant = variants.first().cloned();
        visit::visit_arm(self, arm);
        self.variant = None;
        if let Some(error) = self.error.clone().filter(|_| self.arms.len() == before) {
            let variants = variants.into_iter().map(|one| (error.clone(), one));
            self.handed_on.extend(variants);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        visit::visit_expr_call(self, call);
        let syn::Expr::Path(function) = &*call.func else {
            return;
        };
        let names: Vec<_> = function
            .path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        if !matches!(names.as_slice(), [.., code, new] if code == "Code" && new == "new") {
            return;
        }
        let Some(error) = self.error.clone() else {
            self.strays += 1;
            return;
        };
        let area = text(call.args.first().unwrap()).unwrap();
        if let Some(number) = literal(call.args.last().unwrap()) {
            let variant = self.variant.clone().unwrap_or_default();
            self.arms
                .push((error.clone(), variant, Some(area.clone()), number));
        }
        self.areas.insert(error, area);
    }
}

/// The text of `#[error("text", …)]`; `transparent` says nothing of its own.
fn message(attributes: &[syn::Attribute]) -> Option<String> {
    let error = attributes.iter().find(|one| one.path().is_ident("error"))?;
    let tokens = &error.meta.require_list().ok()?.tokens;
    let first = tokens.clone().into_iter().next()?;
    let text = syn::parse2::<syn::LitStr>(first.into()).map(|text| text.value());
    Some(text.unwrap_or_default())
}

fn type_name(of: &syn::Type) -> Option<String> {
    let syn::Type::Path(path) = of else {
        return None;
    };
    Some(path.path.segments.last()?.ident.to_string())
}

/// The variants that a pattern names: `Self::A`, `Self::A { .. }`, `Self::A(_) | Self::B`.
fn variants(pattern: &syn::Pat) -> Vec<String> {
    let path = match pattern {
        syn::Pat::Path(one) => &one.path,
        syn::Pat::Struct(one) => &one.path,
        syn::Pat::TupleStruct(one) => &one.path,
        syn::Pat::Or(some) => return some.cases.iter().flat_map(variants).collect(),
        _ => return Vec::new(),
    };
    path.segments
        .last()
        .map(|last| last.ident.to_string())
        .into_iter()
        .collect()
}

fn literal(expression: &syn::Expr) -> Option<u16> {
    let syn::Expr::Lit(one) = expression else {
        return None;
    };
    let syn::Lit::Int(number) = &one.lit else {
        return None;
    };
    number.base10_parse().ok()
}

fn text(expression: &syn::Expr) -> Option<String> {
    let syn::Expr::Lit(one) = expression else {
        return None;
    };
    let syn::Lit::Str(text) = &one.lit else {
        return None;
    };
    Some(text.value())
}

fn meanings() -> Vec<Meaning> {
    let mut found = Vec::new();
    for source in files(&[".rs"]).iter().filter(|source| source.ships()) {
        let mut reader = Reader::default();
        reader.visit_file(&tree::code::parse(&source.path, &source.text));
        assert_eq!(
            reader.strays, 0,
            "{}: `Code::new` outside `impl Coded`",
            source.path
        );
        for (error, variant, area, number) in reader.arms {
            let area = area.unwrap_or_else(|| reader.areas[&error].clone());
            let key = (error, variant);
            let text = reader.texts.get(&key).cloned().unwrap_or_default();
            let (error, variant) = key;
            found.push(Meaning {
                area,
                number,
                error,
                variant,
                text,
                path: source.path.clone(),
            });
        }
    }
    found.sort_by(|a, b| (&a.area, a.number).cmp(&(&b.area, b.number)));
    assert!(found.len() > 50, "only {} codes were read", found.len());
    found
}

#[test]
fn a_code_has_one_meaning() {
    let mut seen: BTreeMap<(String, u16), Meaning> = BTreeMap::new();
    let mut wrong = Vec::new();
    for one in meanings() {
        let key = (one.area.clone(), one.number);
        match seen.get(&key) {
            // Two errors may say the same thing.
            Some(other) if other.text != one.text => wrong.push(format!(
                "IIA-{}-{:04} is {}::{} and {}::{}",
                one.area, one.number, other.error, other.variant, one.error, one.variant
            )),
            _ => drop(seen.insert(key, one)),
        }
    }
    none(&wrong, "codes with two meanings");
}

#[test]
fn a_crate_uses_its_own_area_and_every_code_has_a_text() {
    let mut wrong = Vec::new();
    for one in meanings() {
        let own = AREAS
            .iter()
            .any(|(dir, area)| *area == one.area && one.path.starts_with(&format!("{dir}/")));
        if !own {
            wrong.push(format!("{} uses area {}", one.path, one.area));
        }
        if one.text.is_empty() {
            wrong.push(format!("{}::{} has no text", one.error, one.variant));
        }
    }
    none(&wrong, "codes of another crate's area or without a text");
}

#[test]
fn the_hundreds_are_those_of_a_class() {
    let class = |one: &Meaning| Code::new("ANY", one.number).class();
    let wrong: Vec<_> = meanings()
        .iter()
        .filter(|one| class(one) == Class::Internal && one.number % 1000 / 100 != 9)
        .map(|one| format!("{}::{} has {}", one.error, one.variant, one.number))
        .collect();
    none(&wrong, "numbers whose hundreds are no class");
}

#[test]
fn every_error_with_a_text_and_a_code_lists_all_its_variants() {
    let mut wrong = Vec::new();
    for source in files(&[".rs"]).iter().filter(|source| source.ships()) {
        let mut reader = Reader::default();
        reader.visit_file(&tree::code::parse(&source.path, &source.text));
        for (error, variant) in reader
            .texts
            .keys()
            .filter(|(error, _)| reader.areas.contains_key(error))
        {
            let coded = reader
                .arms
                .iter()
                .any(|(e, v, ..)| e == error && v == variant);
            let handed_on = reader
                .handed_on
                .iter()
                .any(|(e, v)| e == error && v == variant);
            if !coded && !handed_on {
                wrong.push(format!("{error}::{variant} in {}", source.path));
            }
        }
    }
    none(&wrong, "variants whose code this test cannot read");
}

fn who(class: Class) -> &'static str {
    match class {
        Class::Malformed => "malformed: whoever made the bytes",
        Class::Unverified => "unverified: whoever signs or vouches",
        Class::Inconsistent => "inconsistent: whoever put the parts together",
        Class::OutOfOrder => "out of order: whoever chose the moment",
        Class::OverLimit => "over limit: whoever asks for more",
        Class::Environment => "environment: whoever runs the machine",
        _ => "internal: we do, it is a defect of ours",
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Codes are public API: a code never changes its meaning; the text beside it may. The hundreds give the class, and so\n\
         who acts. Errors that cross the box carry the code only. This page is made from the sources by\n\
         `IIA_WRITE=1 cargo test -p iia-examples --test error_codes`, and a test fails where it is not.\n",
    );
    let mut area = String::new();
    for one in meanings() {
        if one.area != area {
            area = one.area.clone();
            let owner = AREAS.iter().find(|(_, name)| *name == area).unwrap().0;
            page.push_str(&format!(
                "\n## {area}: {owner}\n\n| code | class: who acts | error | text |\n|---|---|---|---|\n"
            ));
        }
        let name = [one.error.as_str(), one.variant.as_str()];
        let name = name.join("::").trim_end_matches(':').to_owned();
        let class = who(Code::new("ANY", one.number).class());
        let text = one.text.replace('|', "\\|");
        page.push_str(&format!(
            "| `IIA-{area}-{:04}` | {class} | `{name}` | {text} |\n",
            one.number
        ));
    }
    page
}

#[test]
fn the_page_lists_every_code() {
    let page = page();
    if std::env::var_os("IIA_WRITE").is_some() {
        std::fs::write(root().join(PAGE), &page).unwrap();
    }
    let committed = read(PAGE);
    let missing: Vec<_> = page
        .lines()
        .filter(|line| !committed.contains(line))
        .map(str::to_owned)
        .collect();
    none(
        &missing,
        "lines that docs/error-codes.md lacks (write it with IIA_WRITE=1)",
    );
    assert_eq!(
        page, committed,
        "docs/error-codes.md says more than the sources; write it with IIA_WRITE=1"
    );
}
