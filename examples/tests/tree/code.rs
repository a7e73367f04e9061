//! Rust code as names and texts, without comments, attributes and the tests inside it.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// What code says: its identifiers and its string literals.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Identifiers, in order.
    pub(crate) idents: Vec<String>,
    /// String literals, in order.
    pub(crate) texts: Vec<String>,
}

impl Words {
    /// Reads a file's code.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let mut words = Self::default();
        words.visit_file(&parse(path, text));
        words
    }

    /// Whether `name` occurs as an identifier.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.idents.iter().any(|ident| ident == name)
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => self.idents.push(ident.to_string()),
                TokenTree::Literal(literal) => self.texts.push(literal.to_string()),
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Words {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_ident(&mut self, ident: &'ast proc_macro2::Ident) {
        self.idents.push(ident.to_string());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.texts.push(text.value());
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }
}

/// The functions of a file that cargo runs as tests.
pub(crate) fn tests(path: &str, text: &str) -> Vec<String> {
    let mut found = Tests(Vec::new());
    found.visit_file(&parse(path, text));
    found.0
}

struct Tests(Vec<String>);

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let runs = |attribute: &syn::Attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|segment| segment.ident == "test")
        };
        if item.attrs.iter().any(runs) {
            self.0.push(item.sig.ident.to_string());
        }
    }

    // Tests made by a macro, such as a property: the name that follows `fn` in its tokens.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let mut tokens = item.tokens.clone().into_iter().peekable();
        while let Some(token) = tokens.next() {
            if token.to_string() == "fn" {
                self.0.extend(tokens.peek().map(ToString::to_string));
            }
        }
    }
}

/// Parses a file; a file that does not parse fails the test that reads it.
pub(crate) fn parse(path: &str, text: &str) -> syn::File {
    syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}
