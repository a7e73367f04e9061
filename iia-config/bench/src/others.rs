//! The same content in other languages.

use std::fmt::Write as _;

use iia_config::parse::Document;
use iia_contract::raw::Kind;
use iia_contract::tree::{Block, Field};
use serde_json::{Map, Value};

pub fn json(document: &Document) -> Value {
    let mut root = Map::new();
    for entry in document.entries() {
        let mut table = Map::new();
        if let Some(version) = entry.version {
            table.insert("version".into(), version.to_string().into());
        }
        entry.all().for_each(|field| add(&mut table, &field));
        entry.blocks().for_each(|block| put(&mut table, &block));
        let kind = root.entry(entry.kind).or_insert_with(|| Value::Object(Map::new()));
        if let Some(kind) = kind.as_object_mut() {
            kind.insert(entry.name.into(), Value::Object(table));
        }
    }
    Value::Object(root)
}

fn add(table: &mut Map<String, Value>, field: &Field<'_>) {
    let texts: Vec<&str> = field.values().map(|value| value.text).collect();
    let value = match field.value(0).map(|value| value.kind) {
        Some(Kind::Number(_)) => texts.join(" ").parse::<u64>().map_or_else(|_| texts.join(" ").into(), Value::from),
        _ => texts.join(" ").into(),
    };
    match table.get_mut(field.key) {
        Some(Value::Array(rows)) => rows.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
        None => {
            table.insert(field.key.into(), value);
        }
    }
}

fn put(table: &mut Map<String, Value>, block: &Block<'_>) {
    let mut inner = Map::new();
    block.all().for_each(|field| add(&mut inner, &field));
    match block.name {
        None => {
            table.insert(block.key.into(), Value::Object(inner));
        }
        Some(name) => {
            let named = table.entry(block.key).or_insert_with(|| Value::Object(Map::new()));
            if let Some(named) = named.as_object_mut() {
                named.insert(name.into(), Value::Object(inner));
            }
        }
    }
}

/// TOML as people write it: a table for each entry and each block.
pub fn toml(document: &Document) -> String {
    let mut out = String::new();
    for entry in document.entries() {
        let _ = writeln!(out, "[{}.\"{}\"]", entry.kind, entry.name);
        fields(&mut out, &mut entry.all());
        for block in entry.blocks() {
            let name = block.name.map_or_else(String::new, |name| format!(".\"{name}\""));
            let _ = writeln!(out, "[{}.\"{}\".{}{name}]", entry.kind, entry.name, block.key);
            fields(&mut out, &mut block.all());
        }
    }
    out
}

fn fields<'t>(out: &mut String, fields: &mut dyn Iterator<Item = Field<'t>>) {
    let mut table = Map::new();
    fields.for_each(|field| add(&mut table, &field));
    for (key, value) in table {
        let _ = writeln!(out, "{key} = {value}");
    }
}

pub fn kdl(document: &Document) -> String {
    let mut out = String::new();
    for entry in document.entries() {
        let _ = writeln!(out, "{} \"{}\" {{", entry.kind, entry.name);
        entry.all().for_each(|field| node(&mut out, &field));
        for block in entry.blocks() {
            let name = block.name.map_or_else(String::new, |name| format!(" \"{name}\""));
            let _ = writeln!(out, "  {}{name} {{", block.key);
            block.all().for_each(|field| node(&mut out, &field));
            out.push_str("  }\n");
        }
        out.push_str("}\n");
    }
    out
}

fn node(out: &mut String, field: &Field<'_>) {
    out.push_str(field.key);
    for value in field.values() {
        let _ = write!(out, " \"{}\"", value.text);
    }
    out.push('\n');
}
