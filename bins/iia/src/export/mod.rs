//! Catalogs as other people's formats, and as drawings.

mod asyncapi;
mod draw;
mod odcs;
mod payload;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_config::parse::Document;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to write
    #[arg(value_enum)]
    what: What,
    /// A configuration with contracts
    file: PathBuf,
}

/// What can be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum What {
    /// AsyncAPI 3: a channel for each boundary and internal contract
    Asyncapi,
    /// Open Data Contract Standard 3: a JSON document for each boundary contract, one a line
    Odcs,
    /// JSON Schema of the values that each device contract declares
    JsonSchema,
    /// Conceptual block diagram (SVG): sides, zones, and the contracts between them
    Ciad,
    /// Network diagram (SVG): bridges, networks, addresses, ports, and the security level aimed at
    Cind,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let document = crate::config::document(&arguments.file)?;
    match arguments.what {
        What::Asyncapi => pretty(out, &asyncapi::document(&document))?,
        What::JsonSchema => pretty(out, &payload::schema(&document))?,
        What::Odcs => {
            for contract in odcs::contracts(&document) {
                writeln!(out, "{contract}")?;
            }
        }
        What::Ciad => out.write_all(draw::draw(&document, draw::View::Concept)?.as_bytes())?,
        What::Cind => out.write_all(draw::draw(&document, draw::View::Network)?.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn pretty(out: &mut impl Write, value: &serde_json::Value) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

/// An object with those of the fields that there are.
fn with<const N: usize>(
    mut object: serde_json::Value,
    fields: [(&str, Option<serde_json::Value>); N],
) -> serde_json::Value {
    if let Some(map) = object.as_object_mut() {
        let there = fields.into_iter();
        map.extend(there.filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    object
}

/// The name and version of the artifact.
fn title(document: &Document) -> (String, String) {
    let artifact = document.of_kind("artifact").next();
    let version = artifact.and_then(|entry| entry.version);
    (
        artifact.map_or("catalog", |entry| entry.name).to_owned(),
        version.map_or_else(|| "0.0.0".into(), |version| version.to_string()),
    )
}
