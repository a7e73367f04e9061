//! Every field of the architecture's sample contracts, and every row of its tables about contracts, has a place in the
//! language. The tables beside this file say which; the texts themselves are others' and are read where they are.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use iia_contract::raw::Scopes;
use iia_contract::schema::{CONTRACT, EVENTS, UPSTREAM_DIMENSIONS};
use serde_yaml_ng::Value;
use tree::{none, read, root, skip};

/// What the samples hold, each path of a value once and the event of a responsibility as `*`.
const FIELDS: usize = 156;
/// The tables about contracts, as lines of the text.
const TABLES: std::ops::Range<usize> = 212..274;

fn shared(part: &str) -> PathBuf {
    root().parent().unwrap().join("shared").join(part)
}

/// Rows of a table, with their cells.
fn table(name: &str) -> Vec<Vec<String>> {
    let text = read(&format!("examples/tests/fields/{name}.tsv"));
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

/// Whether the language has this place in contracts of a scope: a field, a block's field, or a name.
fn has_place(place: &str, scope: Scopes) -> bool {
    let words: Vec<&str> = place.split(' ').collect();
    let fields = |block: &str| {
        let mut blocks = CONTRACT.blocks.iter();
        let block = blocks.find(|spec| spec.key == block && spec.scopes.meet(scope));
        block.map_or(&[][..], |spec| spec.fields)
    };
    let among = |fields: &[iia_contract::raw::FieldSpec], key: &str| {
        fields
            .iter()
            .any(|spec| spec.key == key && spec.scopes.meet(scope))
    };
    match words[..] {
        ["NAME"] => true,
        ["VERSION"] => CONTRACT.versioned,
        [key] => among(CONTRACT.fields, key),
        ["raci", event] if EVENTS.contains(&event) => !fields("raci").is_empty(),
        [block, "NAME"] => {
            let mut blocks = CONTRACT.blocks.iter();
            blocks.any(|spec| spec.key == block && spec.named && spec.scopes.meet(scope))
        }
        [block, key] => among(fields(block), key),
        [block, name, key] => UPSTREAM_DIMENSIONS.contains(&name) && among(fields(block), key),
        _ => false,
    }
}

/// The places of a cell that the language does not have.
fn lacking(places: &str, scope: Scopes) -> Vec<&str> {
    let places = places.split(", ");
    places.filter(|place| !has_place(place, scope)).collect()
}

/// Every path at which a value stands; lists are left out of it, and so is the event of a responsibility.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(fields) => {
            for (key, value) in fields {
                let key = if path == "raci" {
                    "*"
                } else {
                    key.as_str().unwrap()
                };
                let path = if path.is_empty() {
                    key.into()
                } else {
                    format!("{path}.{key}")
                };
                paths(value, &path, found);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            items.iter().for_each(|item| paths(item, path, found));
        }
        _ => {
            found.insert(path.into());
        }
    }
}

/// The samples by scope.
fn samples() -> Option<BTreeMap<String, BTreeSet<String>>> {
    let files = std::fs::read_dir(shared("contracts")).ok()?;
    let mut samples: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let document: Value = serde_yaml_ng::from_str(&text).unwrap();
        let contract = &document["contract"];
        let scope = contract["scope"].as_str().unwrap().to_owned();
        paths(contract, "", samples.entry(scope).or_default());
    }
    Some(samples)
}

#[test]
fn every_field_of_the_samples_has_a_place_in_the_language() {
    let Some(samples) = samples() else {
        return skip(
            "every_field_of_the_samples_has_a_place_in_the_language",
            "the sample contracts of the architecture",
        );
    };
    let places: BTreeMap<String, String> = table("samples")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let distinct: BTreeSet<&String> = samples.values().flatten().collect();
    assert_eq!(distinct.len(), FIELDS);
    let mut wrong = Vec::new();
    for (scope, fields) in &samples {
        for field in fields {
            let Some(cell) = places.get(field) else {
                wrong.push(format!("{scope}: {field}: no row in the table"));
                continue;
            };
            // A field that two scopes have may stand in two places; one of them is in this scope.
            let lacks = lacking(cell, Scopes::named(scope));
            if lacks.len() == cell.split(", ").count() {
                wrong.push(format!("{scope}: {field}: the language has no {cell}"));
            }
        }
    }
    let stale = places.keys().filter(|field| !distinct.contains(field));
    wrong.extend(stale.map(|field| format!("{field}: in the table, and in no sample")));
    none(&wrong, "fields of samples without a place");
}

#[test]
fn every_row_of_the_architectures_tables_has_a_place_in_the_language() {
    let mut wrong = Vec::new();
    for row in table("seeds") {
        let lacks = lacking(&row[2], Scopes::named(&row[0]));
        wrong.extend(lacks.iter().map(|place| format!("{}: no {place}", row[1])));
    }
    none(&wrong, "rows of the architecture without a place");
    assert_eq!(EVENTS.len(), 10);
}

/// The table has the rows of the text and no others, in its order.
#[test]
fn the_table_has_the_rows_of_the_text() {
    let test = "the_table_has_the_rows_of_the_text";
    let seeds = std::fs::read_dir(shared("seeds"));
    let mut paths = seeds
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path());
    let text = paths.find(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("001_")
    });
    let Some(text) = text else {
        return skip(test, "the text of the architecture");
    };
    let text = std::fs::read_to_string(text).unwrap();
    let (mut lines, mut inside) = (Vec::new(), false);
    for line in text.lines().take(TABLES.end).skip(TABLES.start) {
        // A table begins with its head, which runs its cells together, and ends at an empty line.
        let head = ["FieldWhat", "DimensionWhat", "EventACS"];
        if head.iter().any(|head| line.starts_with(head)) {
            inside = true;
            if let Some(columns) = line.strip_prefix("Event") {
                lines.extend(columns_of(columns));
            }
        } else if line.trim().is_empty() {
            inside = false;
        } else if inside {
            lines.push(line.to_owned());
        }
    }
    let rows = table("seeds");
    assert_eq!(lines.len(), rows.len(), "{lines:#?}");
    for (line, row) in lines.iter().zip(&rows) {
        assert!(
            line.starts_with(&row[1]),
            "{line}: the table has {}",
            row[1]
        );
    }
}

/// The cells of a head that were run together: each begins with a capital after a small letter.
fn columns_of(head: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut before = ' ';
    for letter in head.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            columns.push(String::new());
        }
        columns.last_mut().unwrap().push(letter);
        before = letter;
    }
    columns
}
