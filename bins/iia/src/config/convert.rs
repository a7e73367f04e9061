//! `iia config convert`: nobody is forced to write the language by hand. Off the box only.

mod tree;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_config::parse::parse;
use iia_config::{format, limits};
use serde_json::Value;

use super::report::{self, Checked, tell};
use super::{name, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The document to read; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What it is written in; by its name when not given
    #[arg(long, value_enum)]
    from: Option<Language>,
    /// Writes JSON instead; reads the language itself
    #[arg(long)]
    to_json: bool,
}

/// A language that is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Language {
    /// JSON
    Json,
    /// TOML
    Toml,
    /// YAML
    Yaml,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let bytes = read(&arguments.file)?;
    if arguments.to_json {
        return to_json(&arguments.file, &bytes);
    }
    let language = arguments
        .from
        .or_else(|| by_name(&arguments.file))
        .context("say what it is written in: --from json, toml or yaml")?;
    let value =
        value(&bytes, language).with_context(|| format!("read {}", name(&arguments.file)))?;
    let text = tree::text(&value)?;
    match parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX) {
        Ok(document) => {
            print!("{}", format::canonical(&document));
            Ok(true)
        }
        Err(found) => {
            let name = format!("{} (converted)", name(&arguments.file));
            tell(
                &[Checked::new(name, text.as_bytes(), found)],
                report::Format::Human,
            )?;
            Ok(false)
        }
    }
}

fn to_json(file: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    match parse(bytes, limits::DOCUMENT_LEN_MAX) {
        Ok(document) => {
            println!("{}", serde_json::to_string_pretty(&tree::value(&document))?);
            Ok(true)
        }
        Err(found) => {
            tell(
                &[Checked::new(name(file), bytes, found)],
                report::Format::Human,
            )?;
            Ok(false)
        }
    }
}

fn by_name(file: &Path) -> Option<Language> {
    match file.extension()?.to_str()? {
        "json" => Some(Language::Json),
        "toml" => Some(Language::Toml),
        "yaml" | "yml" => Some(Language::Yaml),
        _ => None,
    }
}

fn value(bytes: &[u8], language: Language) -> anyhow::Result<Value> {
    let text = std::str::from_utf8(bytes)?;
    Ok(match language {
        Language::Json => serde_json::from_str(text)?,
        Language::Toml => toml::from_str(text)?,
        Language::Yaml => serde_yaml_ng::from_str(text)?,
    })
}
