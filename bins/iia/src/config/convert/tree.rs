//! Between the tree of JSON, TOML and YAML and the lines of the language.
//!
//! `kind: { name: { version, field: value, field: [value, …], block: { … }, block: { name: { … } } } }`. A field of
//! several values is a list of them, several such fields a list of lists. The schema table says which is which.

use std::fmt::Write as _;

use anyhow::Context as _;
use iia_config::parse::{Document, Magic};
use iia_config::schema;
use iia_contract::raw::{BlockSpec, FieldSpec, Kind, Times, Type};
use iia_contract::tree::{Block, Field, Value as Word};
use serde_json::{Map, Value};

/// Says what the document is; everything else in the outermost table is a kind of entry.
const MAGIC: &str = "iia";

/// The text of the language, not yet canonical.
pub(super) fn text(value: &Value) -> anyhow::Result<String> {
    let table = value
        .as_object()
        .context("the outermost value is a table of kinds")?;
    let kind = table.get(MAGIC).and_then(Value::as_str).unwrap_or("config");
    anyhow::ensure!(!kind.contains('\n'), "`{MAGIC}` has several lines");
    let mut out = format!("iia-{kind} 1\n");
    for (kind, entries) in table.iter().filter(|(key, _)| *key != MAGIC) {
        let entries = entries
            .as_object()
            .with_context(|| format!("`{kind}` is a table of names"))?;
        for (name, entry) in entries {
            let what = format!("{kind} {name}");
            let entry = entry
                .as_object()
                .with_context(|| format!("`{what}` is a table of fields"))?;
            anyhow::ensure!(!what.contains('\n'), "a name has several lines");
            let version = entry
                .get("version")
                .map(|version| format!(" {}", plain(version)));
            anyhow::ensure!(
                version.as_ref().is_none_or(|text| !text.contains('\n')),
                "a version has several lines"
            );
            let _ = write!(out, "\n{what}{} {{\n", version.unwrap_or_default());
            let spec = schema::spec(kind);
            let (fields, blocks) =
                spec.map_or((&[][..], &[][..]), |spec| (spec.fields, spec.blocks));
            items(&mut out, entry, (fields, blocks)).with_context(|| format!("in {what}"))?;
            out.push_str("}\n");
        }
    }
    Ok(out)
}

fn items(
    out: &mut String,
    table: &Map<String, Value>,
    (fields, blocks): (&[FieldSpec], &[BlockSpec]),
) -> anyhow::Result<()> {
    for (key, value) in table.iter().filter(|(key, _)| *key != "version") {
        anyhow::ensure!(!key.contains('\n'), "a key has several lines");
        let block = blocks.iter().find(|spec| spec.key == key);
        match (block, value) {
            (Some(spec), Value::Object(table)) if spec.named => {
                for (name, inner) in table {
                    anyhow::ensure!(!name.contains('\n'), "a name of `{key}` has several lines");
                    let inner = inner
                        .as_object()
                        .with_context(|| format!("`{key} {name}` is a table"))?;
                    let _ = writeln!(out, "  {key} {name} {{");
                    items(out, inner, (spec.fields, &[]))?;
                    out.push_str("  }\n");
                }
            }
            (Some(spec), Value::Object(table)) => {
                let _ = writeln!(out, "  {key} {{");
                items(out, table, (spec.fields, &[]))?;
                out.push_str("  }\n");
            }
            (_, Value::Object(_)) => anyhow::bail!("there is no block `{key}`"),
            _ => {
                let spec = fields.iter().find(|spec| spec.key == key);
                // What holds a line feed would be lines of its own, and say what nobody wrote there.
                anyhow::ensure!(!has_line_feed(value), "`{key}` has several lines");
                lines(
                    out,
                    key,
                    value,
                    spec.map_or(&[Type::Any], |spec| spec.values),
                );
            }
        }
    }
    Ok(())
}

fn has_line_feed(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\n'),
        Value::Array(values) => values
            .iter()
            .flat_map(|value| match value {
                Value::Array(inner) => inner.as_slice(),
                other => std::slice::from_ref(other),
            })
            .any(|value| value.as_str().is_some_and(|text| text.contains('\n'))),
        _ => false,
    }
}

/// One line for each value, or for each list of values.
fn lines(out: &mut String, key: &str, value: &Value, types: &[Type]) {
    let mut line = |values: &[&Value]| {
        out.push_str(key);
        for (at, value) in values.iter().enumerate() {
            let _ = write!(
                out,
                " {}",
                word(value, types.get(at).copied().unwrap_or(Type::Any))
            );
        }
        out.push('\n');
    };
    match value {
        Value::Null => {}
        Value::Array(rows) if types.len() > 1 && !rows.iter().any(Value::is_array) => {
            line(&rows.iter().collect::<Vec<_>>());
        }
        Value::Array(rows) => {
            for row in rows {
                match row {
                    Value::Array(values) => line(&values.iter().collect::<Vec<_>>()),
                    value => line(&[value]),
                }
            }
        }
        value => line(&[value]),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as the type of its place has it: strings in quotes, switches as on and off.
fn word(value: &Value, value_type: Type) -> String {
    match (value, value_type) {
        (Value::Bool(true), _) => "on".into(),
        (Value::Bool(false), _) => "off".into(),
        (Value::String(text), Type::String) => format!("\"{text}\""),
        (Value::String(text), Type::Any) if text.contains(' ') || text.is_empty() => {
            format!("\"{text}\"")
        }
        (value, _) => plain(value),
    }
}

/// The tree of a document.
pub(super) fn value(document: &Document) -> Value {
    let mut root = Map::new();
    if document.magic != Magic::Config {
        let kind = document
            .magic
            .line()
            .trim_start_matches("iia-")
            .trim_end_matches(" 1");
        root.insert(MAGIC.into(), kind.into());
    }
    for entry in document.entries() {
        let mut table = Map::new();
        if let Some(version) = entry.version {
            table.insert("version".into(), version.to_string().into());
        }
        let spec = schema::spec(entry.kind);
        add(
            &mut table,
            entry.all(),
            spec.map_or(&[], |spec| spec.fields),
        );
        for block in entry.blocks() {
            let inner = spec.and_then(|spec| spec.blocks.iter().find(|spec| spec.key == block.key));
            put(&mut table, &block, inner.map_or(&[], |spec| spec.fields));
        }
        let kind = root
            .entry(entry.kind)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(kind) = kind.as_object_mut() {
            kind.insert(entry.name.into(), Value::Object(table));
        }
    }
    Value::Object(root)
}

fn put(table: &mut Map<String, Value>, block: &Block<'_>, specs: &[FieldSpec]) {
    let mut inner = Map::new();
    add(&mut inner, block.all(), specs);
    match block.name {
        None => {
            table.insert(block.key.into(), Value::Object(inner));
        }
        Some(name) => {
            let named = table
                .entry(block.key)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Some(named) = named.as_object_mut() {
                named.insert(name.into(), Value::Object(inner));
            }
        }
    }
}

fn add<'t>(
    table: &mut Map<String, Value>,
    fields: impl Iterator<Item = Field<'t>>,
    specs: &[FieldSpec],
) {
    for field in fields {
        let spec = specs.iter().find(|spec| spec.key == field.key);
        let list = spec.is_none_or(|spec| matches!(spec.times, Times::Repeated | Times::OneOrMore));
        let values: Vec<Value> = field.values().map(|value| scalar(&value)).collect();
        let row = match <[Value; 1]>::try_from(values) {
            Ok([one]) => one,
            Err(several) => Value::Array(several),
        };
        match (list, table.get_mut(field.key)) {
            (true, Some(Value::Array(rows))) => rows.push(row),
            (true, _) => {
                table.insert(field.key.into(), Value::Array(vec![row]));
            }
            (false, _) => {
                table.insert(field.key.into(), row);
            }
        }
    }
}

fn scalar(value: &Word<'_>) -> Value {
    let number = || value.text.parse::<u64>().ok().map(Value::from);
    match value.kind {
        Kind::Number(_) => number().unwrap_or_else(|| value.text.into()),
        Kind::Atom if value.text == "on" => true.into(),
        Kind::Atom if value.text == "off" => false.into(),
        _ => value.text.into(),
    }
}
