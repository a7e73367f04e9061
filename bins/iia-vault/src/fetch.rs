//! A log out of the store, as an evidence directory that any verifier reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use iia_audit::seal::SealKey;
use iia_audit::verify::{Elsewhere, Outcome, Report, verify_log};
use iia_core::digest::{Context, Digest};
use iia_edge::vault::{Get, Kind, List, Version, folder, kind};

use crate::Which;
use crate::config::Vault;
use crate::state::State;

/// Gets a log into a new directory.
pub(crate) fn into(vault: &Vault, out: &Path, which: &Which) -> anyhow::Result<ExitCode> {
    fs::create_dir(out).with_context(|| format!("{} must be a new directory", out.display()))?;
    let code = judge(vault, out, which)?;
    println!("evidence   {}", out.display());
    Ok(code)
}

/// Gets a log, looks at it, and leaves nothing behind.
pub(crate) fn look(vault: &Vault, which: &Which) -> anyhow::Result<ExitCode> {
    let dir = tempfile::tempdir()?;
    judge(vault, dir.path(), which)
}

fn judge(vault: &Vault, out: &Path, which: &Which) -> anyhow::Result<ExitCode> {
    let elsewhere = Elsewhere {
        log: which.key.clone(),
        seal_key: which.seal_key.as_deref().map(seal_key).transpose()?,
        ..Elsewhere::default()
    };
    let log_id = choose(vault, which.log.as_deref())?;
    let list = vault.does(List::new(&folder(&log_id)))?;
    let (versions, over) = list.first_versions();
    ensure!(!versions.is_empty(), "the bucket holds no log {log_id}");
    println!("log        {log_id}, {} objects", versions.len());
    if over > 0 {
        println!("NOTE       {over} versions were written over others; the first of each is taken");
    }
    let segments = write(vault, &out.join("audit"), versions, &log_id)?;
    let state = State::look(vault);
    let receipts = held(&state, &log_id, &segments)?;
    println!(
        "receipts   {receipts} of this vault, of {} segments",
        segments.len()
    );
    Ok(said(&verify_log(out, &elsewhere), which))
}

fn seal_key(path: &Path) -> anyhow::Result<SealKey> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    SealKey::parse(&text).with_context(|| path.display().to_string())
}

/// The log that is meant: the only one, or the one whose id starts so.
fn choose(vault: &Vault, start: Option<&str>) -> anyhow::Result<Digest> {
    let start = start.unwrap_or_default();
    let start = start.strip_prefix("b3:").unwrap_or(start);
    if let Ok(id) = format!("b3:{start}").parse() {
        return Ok(id);
    }
    let (versions, _) = vault.does(List::new(start))?.first_versions();
    let folders = versions
        .iter()
        .filter_map(|version| version.key.split_once('/'));
    let ids: BTreeSet<Digest> = folders
        .filter(|(id, name)| id.starts_with(start) && *name == "genesis")
        .filter_map(|(id, _)| format!("b3:{id}").parse().ok())
        .collect();
    match ids.iter().collect::<Vec<_>>().as_slice() {
        [id] => Ok(**id),
        [] if start.is_empty() => bail!("the bucket holds no log"),
        [] => bail!("the bucket holds no log whose id starts with {start}"),
        ids => {
            let ids: Vec<String> = ids.iter().map(|id| id.to_string()).collect();
            bail!(
                "the bucket holds several logs; name one with --log:\n{}",
                ids.join("\n")
            )
        }
    }
}

/// Writes a log's directory; gives the digest of each segment.
fn write(
    vault: &Vault,
    audit: &Path,
    versions: Vec<Version>,
    log_id: &Digest,
) -> anyhow::Result<BTreeMap<u64, Digest>> {
    for part in ["seg", "heads", "receipts"] {
        fs::create_dir_all(audit.join(part))?;
    }
    let mut segments = BTreeMap::new();
    for version in versions {
        let name = version.key.clone();
        let Some(kind) = kind(log_id, &name) else {
            println!("NOTE       {name} is no part of a log and is left there");
            continue;
        };
        let got = vault
            .does(Get::new(version)?)
            .with_context(|| name.clone())?;
        let bytes = got.bytes().context("no bytes")?;
        place(audit, kind, &bytes).with_context(|| name)?;
        if let Kind::Segment(first) = kind {
            segments.insert(first, Digest::of(Context::File, &bytes));
        }
    }
    Ok(segments)
}

/// Writes a part to where it lies in a log's directory. Parts come in order of their keys.
fn place(audit: &Path, kind: Kind, bytes: &[u8]) -> std::io::Result<()> {
    let write = |name: String| fs::write(audit.join(name), bytes);
    match kind {
        Kind::Genesis => write("genesis".into()),
        Kind::Policy => write("policy".into()),
        Kind::Segment(first) => write(format!("seg/{first:016x}.iia")),
        Kind::Head(size) => write(format!("heads/{size:016x}")),
        Kind::Seals(_) => {
            let mut all = fs::OpenOptions::new();
            let all = all.create(true).append(true).open(audit.join("seals"));
            all?.write_all(bytes)
        }
        // Of two with the same size the longer has more signatures.
        Kind::Receipt(size, _) => {
            let path = audit.join(format!("receipts/{size:016x}"));
            match fs::metadata(&path) {
                Ok(there) if there.len() >= bytes.len() as u64 => Ok(()),
                _ => fs::write(path, bytes),
            }
        }
    }
}

/// Holds this vault's receipts against what was read; gives how many there are.
fn held(state: &State, log_id: &Digest, segments: &BTreeMap<u64, Digest>) -> anyhow::Result<usize> {
    let mut count = 0;
    for (first, receipt) in state.receipts(log_id)? {
        let found = segments.get(&first);
        ensure!(
            found == Some(&receipt.statement().digest),
            iia_edge::vault::VaultError::Altered {
                key: receipt.statement().place.object.clone()
            }
        );
        count += 1;
    }
    Ok(count)
}

fn said(report: &Report, which: &Which) -> ExitCode {
    println!("origin     {}", report.origin);
    let key = match which.key {
        Some(_) => "the one given",
        None => "as in the bucket: pin it with --key",
    };
    println!("key        {key}");
    println!("records    {} good", report.records);
    println!("heads      {} signed by the log", report.heads);
    println!(
        "witnessed  {} records by the policy's witnesses",
        report.witnessed
    );
    match report.sealed {
        Some(sealed) => println!("seals      {} hold, over {sealed} records", report.seals),
        None if report.seals == 0 => println!("seals      none"),
        None => println!("seals      {} NOT CHECKED: give --seal-key", report.seals),
    }
    println!("files      not in a vault: what records refer to was not looked at");
    match (&report.bad, report.outcome()) {
        (Some(bad), _) => {
            let (seq, file, offset) = (bad.seq, bad.file.display(), bad.offset);
            println!(
                "FAILED     first bad record {seq} in {file} at byte {offset}: {}",
                bad.why
            );
            ExitCode::FAILURE
        }
        (None, Outcome::Verified) => {
            println!("VERIFIED   every record that is in the vault, witnessed up to the last");
            ExitCode::SUCCESS
        }
        (None, _) => {
            let tail = report.records - report.witnessed;
            println!(
                "UNWITNESSED the last {tail} records are good but not covered by a cosigned head in the vault"
            );
            ExitCode::from(3)
        }
    }
}
