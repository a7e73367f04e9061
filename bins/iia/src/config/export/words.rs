//! Types and multiplicities in words.

use iia_contract::raw::{Scopes, Times, Type};

pub(super) fn times(times: Times) -> &'static str {
    match times {
        Times::Once => "once",
        Times::Optional => "at most once",
        Times::Repeated => "any number",
        Times::OneOrMore => "at least once",
    }
}

pub(super) fn value_type(value_type: Type) -> String {
    match value_type {
        Type::Atom([]) => "word".into(),
        Type::Atom(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(" "),
        Type::Count => "whole number".into(),
        Type::Number => "number".into(),
        Type::Duration => "duration".into(),
        Type::Size => "size".into(),
        Type::Ratio => "ratio".into(),
        Type::Rate => "rate".into(),
        Type::Any => "any value".into(),
        Type::String => "string".into(),
        Type::Spiffe => "SPIFFE ID".into(),
        Type::Uri => "URI".into(),
        Type::Port => "port".into(),
        Type::Net => "address or network".into(),
        Type::Hash => "hash".into(),
        Type::Pubkey => "public key".into(),
        Type::Time => "time".into(),
        Type::Version => "version".into(),
        Type::Pattern => "pattern".into(),
        Type::Name => "name".into(),
        Type::Reference(kind) => format!("name of a {kind}"),
    }
}

/// An example of a type.
pub(super) fn example(value_type: Type) -> &'static str {
    match value_type {
        Type::Atom([first, ..]) => first,
        Type::Atom([]) | Type::Name | Type::Reference(_) => "name",
        Type::Count => "7",
        Type::Number => "-40",
        Type::Duration => "30d",
        Type::Size => "64KiB",
        Type::Ratio => "99.5%",
        Type::Rate => "50/s",
        Type::Any => "value",
        Type::String => "\"text\"",
        Type::Spiffe => "spiffe://iia.local/zone/lake/workload/lake_writer",
        Type::Uri => "oncall://site/ops",
        Type::Port => "tls/192.0.2.1:7443",
        Type::Net => "192.0.2.0/24",
        Type::Hash => "b3:0000000000000000000000000000000000000000000000000000000000000000",
        Type::Pubkey => "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        Type::Time => "2026-11-24T09:00:00Z",
        Type::Version => "1.0.0",
        Type::Pattern => "process.*",
    }
}

/// The scopes of an item in words; empty when it may stand in all of them.
pub(super) fn scopes(scopes: Scopes) -> String {
    if scopes == Scopes::ALL {
        return String::new();
    }
    let names = Scopes::NAMES.iter().filter(|(_, scope)| scope.meet(scopes));
    let names: Vec<&str> = names.map(|(name, _)| *name).collect();
    names.join(", ")
}
