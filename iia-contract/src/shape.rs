//! Whether an entry has the shape that the table demands: keys, types, multiplicity. Finds everything at once.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use iia_core::SpiffeId;

use crate::raw::{
    BlockSpec, DEFECTS_MAX, Defect, EntrySpec, FieldSpec, Kind, Number, Scopes, Span, Times, Type,
    Unit,
};
use crate::tree::{Block, Entry, Field, Value};

/// Keys that would open what is closed by default; there is no such key, on purpose.
const OPENERS: &[&str] = &[
    "accept",
    "allow_all",
    "allow_any",
    "default_accept",
    "default_allow",
    "permit_all",
];

/// Keys that ask for a secret; there is no such key, on purpose.
const ASKING: &[&str] = &[
    "password",
    "passphrase",
    "passwd",
    "secret",
    "private_key",
    "token",
    "psk",
    "api_key",
];

/// Checks one entry against its row of the table.
pub fn check(spec: &EntrySpec, entry: &Entry<'_>) -> Vec<Defect> {
    let mut shape = Shape {
        scopes: Scopes::ALL,
        defects: Vec::new(),
    };
    if spec.fields.iter().any(|field| field.key == "scope") {
        shape.scopes = Scopes::named(entry.text("scope"));
    }
    if spec.versioned != entry.version.is_some() {
        let wants = if spec.versioned { "has no" } else { "takes no" };
        let help = "write major.minor.patch after the name of artifact, contract and manifest only";
        let message = format!("{} {} {wants} version", entry.kind, entry.name);
        shape.tell("C031", entry.head(), message, help);
    }
    shape.fields(spec.fields, entry.all(), entry.head());
    shape.blocks(spec.blocks, entry);
    shape.defects
}

struct Shape {
    scopes: Scopes,
    defects: Vec<Defect>,
}

impl Shape {
    fn tell(&mut self, rule: &'static str, span: Span, message: String, help: impl Into<String>) {
        if self.defects.len() >= DEFECTS_MAX {
            return;
        }
        let help = help.into();
        self.defects.push(Defect {
            rule,
            rejects: true,
            span,
            message,
            help,
        });
    }

    fn blocks(&mut self, specs: &[BlockSpec], entry: &Entry<'_>) {
        let mut rank = Cursor::default();
        let mut seen = 0u64;
        let mut before: Option<Block<'_>> = None;
        for block in entry.blocks() {
            let found = rank.find(specs, |spec| block.is(spec));
            let Some((at, spec)) = found.filter(|(_, spec)| spec.key == block.key) else {
                self.unknown(
                    "block",
                    block.key,
                    block.head(),
                    &mut specs.iter().map(|spec| spec.key),
                );
                continue;
            };
            self.block(spec, &block);
            let again = seen & bit(at) != 0;
            if again && (!spec.named || !sorted(before, block) && is_again(entry, &block)) {
                let message = format!("block `{}` stands twice", block.key);
                self.tell("C031", block.head(), message, "merge them");
            }
            seen |= bit(at);
            before = Some(block);
        }
        for (at, spec) in specs.iter().enumerate() {
            if spec.times == Times::Once && seen & bit(at) == 0 {
                let message = format!("block `{}` is missing: {}", spec.key, spec.doc);
                self.tell("C031", entry.head(), message, String::new());
            }
        }
    }

    fn block(&mut self, spec: &BlockSpec, block: &Block<'_>) {
        if spec.named != block.name.is_some() {
            let wants = if spec.named { "needs a" } else { "takes no" };
            let message = format!("block `{}` {wants} name", block.key);
            self.tell("C031", block.head(), message, spec.doc);
        }
        if !spec.scopes.meet(self.scopes) {
            self.misplaced(spec.scopes, "block", block.key, block.head());
        }
        self.fields(spec.fields, block.all(), block.head());
    }

    fn fields<'t>(
        &mut self,
        specs: &[FieldSpec],
        fields: impl Iterator<Item = Field<'t>>,
        head: Span,
    ) {
        let mut rank = Cursor::default();
        let mut seen = 0u64;
        for field in fields {
            let found = rank.find(specs, |spec| field.is(spec));
            let Some((at, spec)) = found.filter(|(_, spec)| spec.key == field.key) else {
                self.unknown_key(specs, &field);
                continue;
            };
            let single = matches!(spec.times, Times::Once | Times::Optional);
            if single && seen & bit(at) != 0 {
                let message = format!("`{}` stands twice", spec.key);
                self.tell("C031", field.span(), message, "keep one of them");
            }
            seen |= bit(at);
            if !spec.scopes.meet(self.scopes) {
                self.misplaced(spec.scopes, "key", field.key, field.span());
            }
            self.field(spec, &field);
        }
        for (at, spec) in specs.iter().enumerate() {
            let needed = matches!(spec.times, Times::Once | Times::OneOrMore);
            if needed && seen & bit(at) == 0 {
                let message = format!("`{}` is missing: {}", spec.key, spec.doc);
                self.tell("C031", head, message, String::new());
            }
        }
    }

    fn misplaced(&mut self, scopes: Scopes, what: &str, key: &str, span: Span) {
        let names = Scopes::NAMES.iter().filter(|(_, scope)| scope.meet(scopes));
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        let message = format!("{what} `{key}` has no place in a contract of this scope");
        let help = format!("it belongs to scope {}", names.join(", "));
        self.tell("C031", span, message, help);
    }

    fn unknown_key(&mut self, specs: &[FieldSpec], field: &Field<'_>) {
        if OPENERS.contains(&field.key) {
            let message = format!("`{}` does not exist, and never will", field.key);
            let help = "the default is to drop; contracts name what passes";
            return self.tell("C024", field.span(), message, help);
        }
        if ASKING.iter().any(|word| field.key.contains(word)) {
            let message = format!("`{}` asks for a secret", field.key);
            let help = "name a credential, which is kept elsewhere";
            return self.tell("C047", field.span(), message, help);
        }
        let span = Span {
            start: field.span().start,
            end: field.span().start + u32::try_from(field.key.len()).unwrap_or(0),
        };
        self.unknown(
            "key",
            field.key,
            span,
            &mut specs.iter().map(|spec| spec.key),
        );
    }

    fn unknown(
        &mut self,
        what: &str,
        key: &str,
        span: Span,
        known: &mut dyn Iterator<Item = &'static str>,
    ) {
        let help =
            nearest(key, known).map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        self.tell("C031", span, format!("unknown {what} `{key}`"), help);
    }

    fn field(&mut self, spec: &FieldSpec, field: &Field<'_>) {
        let (want, got) = (spec.values.len(), field.kinds().len());
        if want != got {
            let message = format!("`{}` takes {want} values, here are {got}", field.key);
            return self.tell("C031", field.span(), message, spec.doc);
        }
        for (at, (value_type, kind)) in spec.values.iter().zip(field.kinds()).enumerate() {
            let fits = match (value_type, kind) {
                (Type::Atom(words @ [_, ..]), Kind::Atom) => words.contains(&field.text_at(at)),
                (Type::Port, Kind::Port) => is_somewhere(field.text_at(at)),
                _ => fits(*value_type, kind),
            };
            if let (false, Some(value)) = (fits, field.value(at)) {
                self.unfit(spec, *value_type, &value);
            }
        }
    }

    #[cold]
    fn unfit(&mut self, spec: &FieldSpec, value_type: Type, value: &Value<'_>) {
        let unsound = match value_type {
            Type::Spiffe if value.text.starts_with("spiffe:") => SpiffeId::check(value.text),
            _ => Ok(()),
        };
        if let Err(error) = unsound {
            let message = format!("`{}` is no SPIFFE ID: {error}", value.text);
            let help = "write spiffe://<trust domain>/zone/<zone>/workload/<name>";
            return self.tell("C040", value.span, message, help);
        }
        let message = format!("`{}` is not {}", value.text, wanted(value_type));
        let near = near_word(value_type, value.text);
        let help = near.unwrap_or_else(|| format!("`{}`: {}", spec.key, spec.doc));
        self.tell("C031", value.span, message, help);
    }
}

/// Whether a port is one of somebody: not number 0, and not at every address.
fn is_somewhere(port: &str) -> bool {
    let socket = port.split_once('/').map_or(port, |(_, socket)| socket);
    match socket.parse::<SocketAddr>() {
        Ok(socket) => !socket.ip().is_unspecified() && socket.port() > 0,
        Err(_) => socket.parse() != Ok(0_u16),
    }
}

fn near_word(value_type: Type, text: &str) -> Option<String> {
    let Type::Atom(words) = value_type else {
        return None;
    };
    let near = nearest(text, words.iter().copied())?;
    Some(format!("did you mean `{near}`?"))
}

const fn bit(at: usize) -> u64 {
    1 << (at % 64)
}

/// Whether two blocks stand in canonical order, so that none of that name can have stood before.
fn sorted(before: Option<Block<'_>>, block: Block<'_>) -> bool {
    before.is_some_and(|before| before.key == block.key && before.name < block.name)
}

fn is_again(entry: &Entry<'_>, block: &Block<'_>) -> bool {
    let before = entry
        .blocks()
        .take_while(|other| other.span.start < block.span.start);
    before
        .filter(|other| other.key == block.key)
        .any(|other| other.name == block.name)
}

/// Looks rows up where the last one was found first, since documents are nearly always in the table's order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    at: usize,
}

impl Cursor {
    /// The first row, from the last one found on and then from the start, for which `is` holds.
    #[inline]
    pub fn find<'r, T>(
        &mut self,
        rows: &'r [T],
        is: impl Fn(&T) -> bool,
    ) -> Option<(usize, &'r T)> {
        let (before, behind) = rows.split_at_checked(self.at).unwrap_or((rows, &[]));
        let found = behind.iter().position(&is).map(|at| at + before.len());
        let at = found.or_else(|| before.iter().position(&is))?;
        self.at = at;
        rows.get(at).map(|row| (at, row))
    }
}

/// Whether a value of a kind has the type; words are not looked at.
#[inline]
fn fits(value_type: Type, kind: Kind) -> bool {
    match (value_type, kind) {
        (Type::Any, _)
        | (Type::String, Kind::String)
        | (Type::Spiffe, Kind::Spiffe)
        | (Type::Uri, Kind::Uri)
        | (Type::Port, Kind::Port)
        | (Type::Net, Kind::Net)
        | (Type::Hash, Kind::Hash)
        | (Type::Pubkey, Kind::Pubkey)
        | (Type::Time, Kind::Time)
        | (Type::Version, Kind::Version)
        | (Type::Atom(_), Kind::Atom)
        | (Type::Pattern, Kind::Pattern | Kind::Atom)
        | (Type::Name | Type::Reference(_), Kind::Atom | Kind::Pattern) => true,
        (_, Kind::Number(number)) => fits_number(value_type, number),
        _ => false,
    }
}

fn fits_number(value_type: Type, number: Number) -> bool {
    let Number { unit, per, .. } = number;
    let plain = unit == Unit::None && per.is_none();
    let bits = matches!(unit, Unit::Bps | Unit::Kbps | Unit::Mbps | Unit::Gbps);
    let kind = match value_type {
        Type::Number => return plain,
        Type::Count => plain && number.micros % 1_000_000 == 0,
        Type::Duration => per.is_none() && unit.is_duration(),
        Type::Size => per.is_none() && unit.is_size(),
        Type::Ratio => per.is_none() && matches!(unit, Unit::Percent | Unit::Ppm),
        Type::Rate if per.is_some() => unit == Unit::None || unit.is_size(),
        Type::Rate => bits,
        _ => false,
    };
    kind && number.signum() >= 0
}

fn wanted(value_type: Type) -> String {
    match value_type {
        Type::Atom([]) => "a word".into(),
        Type::Atom(words) => format!("one of {}", words.join(", ")),
        Type::Count => "a whole number".into(),
        Type::Number => "a plain number such as -40 or 0.5".into(),
        Type::Duration => "a duration such as 10s".into(),
        Type::Size => "a size such as 64KiB".into(),
        Type::Ratio => "a ratio such as 99.5%".into(),
        Type::Rate => "a rate such as 50/s".into(),
        Type::Any => "a value".into(),
        Type::String => "a string in quotes".into(),
        Type::Spiffe => "a SPIFFE ID".into(),
        Type::Uri => "a URI".into(),
        Type::Port => "a port such as tls/192.0.2.1:7443".into(),
        Type::Net => "an address or a network".into(),
        Type::Hash => "a hash such as b3:…".into(),
        Type::Pubkey => "a public key such as ed25519:…".into(),
        Type::Time => "a time such as 2026-11-24T09:00:00Z".into(),
        Type::Version => "a version such as 1.0.0".into(),
        Type::Pattern => "a pattern such as process.*".into(),
        Type::Name => "a name".into(),
        Type::Reference(kind) => format!("the name of a {kind}"),
    }
}

/// The known word with the smallest edit distance, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, near) = known.map(|known| (distance(word, known), known)).min()?;
    (distance <= 1 + word.len() / 3).then_some(near)
}

/// Levenshtein distance; words are keys, 32 bytes at most.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut corner = i;
        let mut before = i + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(right.bytes()) {
            let replaced = corner + usize::from(a != b);
            corner = *cell;
            *cell = replaced.min(before + 1).min(corner + 1);
            before = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_named_and_a_far_one_is_not() {
        let keys = ["operation", "source", "destination"];
        assert_eq!(nearest("opeartion", keys.into_iter()), Some("operation"));
        assert_eq!(nearest("sauce", keys.into_iter()), Some("source"));
        assert_eq!(nearest("zzzzzz", keys.into_iter()), None);
        assert_eq!(
            (
                distance("abc", "abc"),
                distance("", "ab"),
                distance("kitten", "sitting")
            ),
            (0, 2, 3)
        );
    }
}
