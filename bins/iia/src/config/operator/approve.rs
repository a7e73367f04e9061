//! Leave to apply: written in full by the program, so that nobody types a hash, and shown before it is signed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::approval::Grant;
use iia_config::envelope::{Armour, seal};
use iia_config::trust::Class;
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::time::{Clock as _, Floor, SECOND_NS, SystemClock, parse_utc};

use super::{Output, key, read};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The signed artifact, or its hash `b3:…`
    artifact: String,
    /// Your key: a file, or `pkcs11:TOKEN/LABEL`
    #[arg(short, long)]
    key: String,
    #[command(flatten)]
    secrets: key::Secrets,
    /// A box where it may be applied
    #[arg(long = "box", value_name = "BOX")]
    boxes: Vec<String>,
    /// A named set of boxes of the trust document
    #[arg(long = "fleet", value_name = "FLEET")]
    fleets: Vec<String>,
    /// The approval's name
    #[arg(long)]
    name: String,
    /// Its version; a higher one takes the place of a lower one
    #[arg(long, default_value = "1.0.0")]
    version: String,
    /// From when, such as 2026-12-01T08:00:00Z; five minutes ago when not given, for clocks that differ
    #[arg(long)]
    from: Option<String>,
    /// For how many hours
    #[arg(long, default_value_t = 24)]
    hours: u32,
    /// Only then, such as "sunday 2h 4h": day or `daily`, start after midnight UTC, length
    #[arg(long, value_name = "WINDOW")]
    maintenance: Vec<String>,
    /// Two operators must sign besides a sole author; the second adds a signature with `iia config sign`
    #[arg(long)]
    two_person: bool,
    /// Back to an artifact that the box held
    #[arg(long)]
    revert: bool,
    /// What kind of artifact a hash names
    #[arg(long, default_value = "config")]
    class: String,
    #[command(flatten)]
    output: Output,
}

/// How far the clocks of an operator and a box may differ.
const CLOCKS_APART_NS: i64 = 300 * SECOND_NS;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (class, artifact) = artifact(arguments)?;
    let text = text(arguments, class, artifact)?;
    Grant::parse(text.as_bytes()).context("this would be no approval")?;
    if arguments.output.output.is_some() {
        print!("{text}");
    }
    let key = key::open(&arguments.key, &arguments.secrets)?;
    arguments
        .output
        .write(&seal(Class::Approval, text.as_bytes(), &[key.as_ref()])?)?;
    arguments
        .output
        .say(&format!("signed by {}", key.public_key().key_id()));
    Ok(ExitCode::SUCCESS)
}

fn artifact(arguments: &Arguments) -> anyhow::Result<(Class, Digest)> {
    if let Ok(digest) = arguments.artifact.parse() {
        let class = Class::of_name(&arguments.class).context("no such class")?;
        return Ok((class, digest));
    }
    let bytes = read(Path::new(&arguments.artifact))?;
    let armour = Armour::parse(&bytes).with_context(|| {
        format!(
            "{} is no signed artifact; sign it first, or name its hash",
            arguments.artifact
        )
    })?;
    Ok((armour.class, armour.digest()))
}

fn text(arguments: &Arguments, class: Class, artifact: Digest) -> anyhow::Result<String> {
    let now = SystemClock::new(Floor::default(), SECOND_NS.unsigned_abs())
        .read()
        .wall;
    let now = Timestamp::from_secs(now.as_secs());
    let from = match &arguments.from {
        None => now - CLOCKS_APART_NS,
        Some(text) => parse_utc(text).context("--from is written like 2026-12-01T08:00:00Z")?,
    };
    let to = from + i64::from(arguments.hours) * 3600 * SECOND_NS;
    let purpose = if arguments.revert { "revert" } else { "apply" };
    let mut text = format!(
        "iia-approval 1\n\napproval {} {} {{\n  purpose {purpose}\n  class {}\n  artifact {artifact}\n",
        arguments.name,
        arguments.version,
        class.name()
    );
    lines(&mut text, "box", &arguments.boxes);
    lines(&mut text, "fleet", &arguments.fleets);
    let times = [
        ("issued", now.min(from)),
        ("not_before", from),
        ("not_after", to),
    ];
    for (key, at) in times {
        text.push_str(&format!("  {key} {}\n", utc(at)));
    }
    lines(&mut text, "maintenance", &arguments.maintenance);
    if arguments.two_person {
        text.push_str("  two_person on\n");
    }
    text.push_str("}\n");
    canonical(&text)
}

fn lines(text: &mut String, key: &str, values: &[String]) {
    for value in values {
        text.push_str(&format!("  {key} {value}\n"));
    }
}

fn canonical(text: &str) -> anyhow::Result<String> {
    let document =
        iia_config::parse::parse(text.as_bytes(), iia_config::limits::DOCUMENT_LEN_DEFAULT);
    let document = document.map_err(|found| {
        super::super::tell(&PathBuf::from("approval"), text.as_bytes(), &found);
        anyhow::anyhow!("this would be no approval")
    })?;
    let found = iia_config::validate::entries_alone(&document);
    if !found.is_empty() {
        super::super::tell(&PathBuf::from("approval"), text.as_bytes(), &found);
        anyhow::bail!("this would be no approval");
    }
    Ok(iia_config::format::canonical(&document))
}

/// Whole seconds, as documents write times.
fn utc(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.')
        .map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
