//! Whether an entry has the shape that the table demands: keys, types, multiplicity. Finds everything at once.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::raw::{
    Block, BlockSpec, Defect, Entry, EntrySpec, Field, FieldSpec, Kind, Span, Times, Type, Unit,
    Value,
};

/// Checks one entry against its row of the table.
pub fn check(spec: &EntrySpec, entry: &Entry) -> Vec<Defect> {
    let mut defects = Vec::new();
    if spec.versioned && entry.version.is_none() {
        let message = format!("{} {} has no version", entry.kind, entry.name);
        defects.push(defect(
            entry.span,
            message,
            "write major.minor.patch after the name".into(),
        ));
    }
    check_fields(spec.fields, &entry.fields, entry.span, &mut defects);
    for block in &entry.blocks {
        match spec.blocks.iter().find(|known| known.key == block.key) {
            Some(known) => check_block(known, block, &mut defects),
            None => {
                let keys = spec.blocks.iter().map(|known| known.key);
                defects.push(unknown("block", &block.key, block.span, keys));
            }
        }
    }
    for known in spec.blocks {
        count_blocks(known, entry, &mut defects);
    }
    defects
}

fn count_blocks(known: &BlockSpec, entry: &Entry, defects: &mut Vec<Defect>) {
    let same = || entry.blocks.iter().filter(|block| block.key == known.key);
    if let Some(again) = same().nth(1).filter(|_| !known.named) {
        let message = format!("block `{}` stands twice", known.key);
        defects.push(defect(again.span, message, "keep one of them".into()));
    }
    if known.times == Times::Once && same().next().is_none() {
        let message = format!("block `{}` is missing: {}", known.key, known.doc);
        defects.push(defect(entry.span, message, String::new()));
    }
    let mut names = Vec::new();
    for block in same().filter(|_| known.named) {
        if names.contains(&&block.name) {
            let message = format!("block `{}` stands twice under the same name", known.key);
            defects.push(defect(block.span, message, "merge them".into()));
        }
        names.push(&block.name);
    }
}

fn check_block(spec: &BlockSpec, block: &Block, defects: &mut Vec<Defect>) {
    if spec.named != block.name.is_some() {
        let wants = if spec.named { "needs" } else { "takes no" };
        let message = format!("block `{}` {wants} name", block.key);
        defects.push(defect(block.span, message, spec.doc.into()));
    }
    check_fields(spec.fields, &block.fields, block.span, defects);
}

fn check_fields(specs: &[FieldSpec], fields: &[Field], span: Span, defects: &mut Vec<Defect>) {
    for field in fields {
        match specs.iter().find(|spec| spec.key == field.key) {
            Some(spec) => check_field(spec, field, defects),
            None => {
                let keys = specs.iter().map(|spec| spec.key);
                defects.push(unknown("key", &field.key, field.span, keys));
            }
        }
    }
    for spec in specs {
        let same = || fields.iter().filter(|field| field.key == spec.key);
        let single = matches!(spec.times, Times::Once | Times::Optional);
        if let Some(again) = same().nth(1).filter(|_| single) {
            let message = format!("`{}` stands twice", spec.key);
            defects.push(defect(again.span, message, "keep one of them".into()));
        }
        let needed = matches!(spec.times, Times::Once | Times::OneOrMore);
        if needed && same().next().is_none() {
            let message = format!("`{}` is missing: {}", spec.key, spec.doc);
            defects.push(defect(span, message, String::new()));
        }
    }
}

fn check_field(spec: &FieldSpec, field: &Field, defects: &mut Vec<Defect>) {
    if spec.values.len() != field.values.len() {
        let (want, got) = (spec.values.len(), field.values.len());
        let message = format!("`{}` takes {want} values, here are {got}", field.key);
        defects.push(defect(field.span, message, spec.doc.into()));
        return;
    }
    for (value_type, value) in spec.values.iter().zip(&field.values) {
        if let Err(wanted) = fits(*value_type, value) {
            let message = format!("`{}` is not {wanted}", value.text);
            defects.push(defect(
                value.span,
                message,
                format!("`{}`: {}", spec.key, spec.doc),
            ));
        }
    }
}

/// Whether a value has the type; the error says what was wanted.
fn fits(value_type: Type, value: &Value) -> Result<(), String> {
    let yes = match (value_type, value.kind) {
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
        | (Type::Pattern, Kind::Pattern | Kind::Atom)
        | (Type::Name | Type::Reference(_), Kind::Atom | Kind::Pattern) => true,
        (Type::Atom(words), Kind::Atom) => words.is_empty() || words.contains(&value.text.as_str()),
        (_, Kind::Number(number)) => fits_number(value_type, number),
        _ => false,
    };
    if yes { Ok(()) } else { Err(wanted(value_type)) }
}

fn fits_number(value_type: Type, number: crate::raw::Number) -> bool {
    match value_type {
        Type::Count => {
            number.unit == Unit::None && number.per.is_none() && number.micros % 1_000_000 == 0
        }
        Type::Duration => number.per.is_none() && number.unit.is_duration(),
        Type::Size => number.per.is_none() && number.unit.is_size(),
        Type::Ratio => matches!(number.unit, Unit::Percent | Unit::Ppm),
        Type::Rate => {
            number.per.is_some()
                || matches!(
                    number.unit,
                    Unit::Bps | Unit::Kbps | Unit::Mbps | Unit::Gbps
                )
        }
        _ => false,
    }
}

fn wanted(value_type: Type) -> String {
    match value_type {
        Type::Atom([]) => "a word".into(),
        Type::Atom(words) => format!("one of {}", words.join(", ")),
        Type::Count => "a whole number".into(),
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

fn unknown<'a>(what: &str, key: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Defect {
    let help =
        nearest(key, known).map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    defect(span, format!("unknown {what} `{key}`"), help)
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

fn defect(span: Span, message: String, help: String) -> Defect {
    Defect {
        rule: "C031",
        rejects: true,
        span,
        message,
        help,
    }
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
