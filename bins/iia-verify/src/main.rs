//! Checks a box directory offline: audit chain, heads, receipts and every file they refer to.
//!
//! Exit code 0: verified. 1: something is wrong. 2: cannot be asked like this. 3: good, but the last records are not
//! yet witnessed by the next box.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks on standard output")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use iia_audit::note::VerifierKey;
use iia_audit::verify::{Outcome, Report, records, verify};
use iia_core::Timestamp;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The box directory: the one that holds audit/, lake/ and config/
    dir: PathBuf,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the directory is taken
    #[arg(long)]
    key: Option<String>,
    /// Prints the result as JSON
    #[arg(long)]
    json: bool,
    /// Prints every record in words as well
    #[arg(long)]
    records: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let key = match arguments.key.as_deref().map(VerifierKey::parse).transpose() {
        Ok(key) => key,
        Err(error) => {
            println!("--key: {error}");
            return ExitCode::from(2);
        }
    };
    if !arguments.dir.join("audit").is_dir() {
        println!("{} holds no audit directory", arguments.dir.display());
        return ExitCode::from(2);
    }
    let report = verify(&arguments.dir, key.as_ref());
    if arguments.records {
        let _shown_in_the_report = records(&arguments.dir.join("audit"), |record| {
            println!("{}", record.to_line())
        });
    }
    if arguments.json {
        println!("{}", json(&report))
    } else {
        words(&report, key.is_some())
    }
    match report.outcome() {
        Outcome::Verified => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::TailNotWitnessed => ExitCode::from(3),
    }
}

fn words(report: &Report, pinned: bool) {
    let head = report
        .chain_head
        .map_or_else(|| "none".into(), |head| head.to_string());
    println!("log        {}", report.origin);
    println!(
        "key        {}",
        if pinned {
            "the one given"
        } else {
            "as in the directory: pin it with --key"
        }
    );
    println!("records    {} good, chain head {head}", report.records);
    println!("heads      {} signed by the log", report.heads);
    println!(
        "receipts   {} cosigned by the policy's witnesses",
        report.receipts
    );
    println!("files      {} as the chain says", report.files);
    match (&report.bad, report.outcome()) {
        (Some(bad), _) => {
            println!(
                "FAILED     first bad record {} in {} at byte {}: {}",
                bad.seq,
                bad.file.display(),
                bad.offset,
                bad.why
            );
        }
        (None, Outcome::Verified) => {
            let at = Timestamp::from_secs(i64::try_from(report.witnessed_at).unwrap_or(0));
            println!("VERIFIED   every record, witnessed up to the last at {at}");
        }
        (None, _) => {
            let tail = report.records - report.witnessed;
            println!(
                "UNWITNESSED the last {tail} records are good but not yet covered by a receipt"
            );
        }
    }
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::json!({
        "outcome": match report.outcome() {
            Outcome::Verified => "verified",
            Outcome::TailNotWitnessed => "tail_not_witnessed",
            Outcome::Failed => "failed",
        },
        "origin": report.origin,
        "records": report.records,
        "chain_head": report.chain_head.map(|head| head.to_string()),
        "heads": report.heads,
        "receipts": report.receipts,
        "witnessed": report.witnessed,
        "witnessed_at": report.witnessed_at,
        "files": report.files,
        "bad": report.bad.as_ref().map(|bad| serde_json::json!({
            "seq": bad.seq, "file": bad.file.display().to_string(), "offset": bad.offset, "why": bad.why,
        })),
    })
}
