//! What is made from the one schema table: reference page, JSON Schema, completion, editors, fuzz dictionary.

mod completion;
mod dictionary;
mod editors;
mod json_schema;
mod reference;
mod words;

use iia_config::schema;
use iia_contract::raw::{BlockSpec, EntrySpec, FieldSpec};

/// What can be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum What {
    /// The reference page (docs/icl-reference.md)
    Reference,
    /// JSON Schema of the form that `convert` reads (docs/icl.schema.json)
    JsonSchema,
    /// What may stand where, for an editor (editors/icl-completion.json)
    Completion,
    /// Words for a fuzzer (fuzz/icl.dict)
    Dictionary,
    /// Tree-sitter grammar (editors/tree-sitter-icl/grammar.js)
    TreeSitter,
    /// TextMate grammar of the VS Code extension (editors/vscode-icl/syntaxes/icl.tmLanguage.json)
    Vscode,
}

pub(crate) fn write(what: What) -> anyhow::Result<String> {
    let json =
        |value: serde_json::Value| serde_json::to_string_pretty(&value).map(|text| text + "\n");
    Ok(match what {
        What::Reference => reference::page(),
        What::JsonSchema => json(json_schema::schema())?,
        What::Completion => json(completion::data())?,
        What::Dictionary => dictionary::words(),
        What::TreeSitter => editors::tree_sitter(),
        What::Vscode => json(editors::textmate())?,
    })
}

/// Every field of the table with the entry and the block that it belongs to.
fn fields() -> impl Iterator<
    Item = (
        &'static EntrySpec,
        Option<&'static BlockSpec>,
        &'static FieldSpec,
    ),
> {
    schema::TABLE.iter().flat_map(|entry| {
        let own = entry.fields.iter().map(move |field| (entry, None, field));
        let inner = entry.blocks.iter().flat_map(move |block| {
            block
                .fields
                .iter()
                .map(move |field| (entry, Some(block), field))
        });
        own.chain(inner)
    })
}

/// Words, in order and each once.
fn sorted(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let words: std::collections::BTreeSet<&str> = words.collect();
    words.into_iter().collect()
}
