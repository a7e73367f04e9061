//! What may flow: who may ask whom for what, where. A flow exists because a contract says so.

use std::collections::BTreeSet;

use iia_contract::tree::{Block, Entry};

/// Something that may flow.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// Between whom, under which contract.
    pub session: Session,
    /// What: an operation, or the registers that may be read or written.
    pub operation: String,
}

/// Who is connected to whom under a contract: what is cut when no flow is left in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Session {
    /// The contract.
    pub contract: String,
    /// Who speaks first.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Where: protocol and address; empty where the endpoint says it.
    pub at: String,
}

/// Every flow of contracts.
pub(super) fn flows<'d>(contracts: impl Iterator<Item = Entry<'d>>) -> BTreeSet<Flow> {
    contracts.flat_map(|entry| of(&entry)).collect()
}

fn of(entry: &Entry<'_>) -> Vec<Flow> {
    let (from, to, at) = ends(entry);
    let operations = operations(entry);
    let mut flows = Vec::new();
    for from in &from {
        for to in &to {
            for at in &at {
                let session = Session {
                    contract: entry.name.into(),
                    from: from.clone(),
                    to: to.clone(),
                    at: at.clone(),
                };
                flows.extend(operations.iter().map(|operation| Flow {
                    session: session.clone(),
                    operation: operation.clone(),
                }));
            }
        }
    }
    flows
}

fn texts(entry: &Entry<'_>, key: &str) -> Vec<String> {
    entry
        .fields(key)
        .map(|field| field.text().to_owned())
        .collect()
}

fn in_block(block: Option<Block<'_>>, key: &str) -> Vec<String> {
    let block = block.into_iter();
    let texts = block.flat_map(|block| {
        let fields: Vec<_> = block.fields(key).collect();
        fields.into_iter().map(|field| field.text().to_owned())
    });
    or_one(texts.collect())
}

fn or_one(texts: Vec<String>) -> Vec<String> {
    if texts.is_empty() {
        return vec![String::new()];
    }
    texts
}

type Texts = Vec<String>;

fn ends(entry: &Entry<'_>) -> (Texts, Texts, Texts) {
    match entry.text("scope") {
        "internal" => (
            texts(entry, "source"),
            texts(entry, "destination"),
            in_block(entry.block("transport"), "port"),
        ),
        "boundary" => (
            texts(entry, "publisher"),
            texts(entry, "consumer"),
            in_block(entry.block("profile"), "endpoint"),
        ),
        "inbound" => (
            texts(entry, "puller"),
            in_block(entry.block("pull"), "source"),
            vec![String::new()],
        ),
        _ => (
            texts(entry, "client"),
            texts(entry, "server"),
            vec![String::new()],
        ),
    }
}

fn operations(entry: &Entry<'_>) -> Texts {
    let device = ["read", "write", "function", "unit"];
    let runs = device.into_iter().flat_map(|key| {
        let fields: Vec<_> = entry.fields(key).collect();
        fields.into_iter().map(|field| field.line().to_owned())
    });
    let mut operations: Vec<String> = runs.collect();
    operations.extend(texts(entry, "operation"));
    or_one(operations)
}
