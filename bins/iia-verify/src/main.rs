//! Checks a box's evidence offline: audit chain, heads, receipts and every file they refer to; or one file of it, a
//! bundle, a table or the proof of a record.
//!
//! Exit code 0: verified. 1: something is wrong. 2: cannot be asked like this. 3: good, but not all of it is witnessed
//! by the next box, or, of a bundle, nobody said whose log it is.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks on standard output")]

mod file;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use iia_audit::bundle::{self, Known};
use iia_audit::log::Genesis;
use iia_audit::note::VerifierKey;
use iia_audit::own::OwnKey;
use iia_audit::seal::SealKey;
use iia_audit::verify::{
    Elsewhere, Outcome, Report, records, seen_above, verify_against, verify_log,
};
use iia_core::Timestamp;
use iia_core::digest::decode_hex;
use iia_core::sign::PublicKey;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The evidence directory, the one that holds audit/, lake/ and config/; or a bundle, a table (Parquet), or the proof of a
    /// record
    #[arg(value_name = "DIR|FILE")]
    dir: PathBuf,
    /// The log's key as obtained elsewhere (name+hash+key); without it the key in the evidence is taken
    #[arg(long, value_parser = VerifierKey::parse)]
    key: Option<VerifierKey>,
    /// Of a file: a witness's key as obtained elsewhere, which must have cosigned as well; may be given again
    #[arg(long, value_name = "KEY", value_parser = VerifierKey::parse)]
    witness: Vec<VerifierKey>,
    /// The evidence of the next box up: every head that it has cosigned must be a head of this log
    #[arg(long, value_name = "DIR")]
    above: Option<PathBuf>,
    /// The key of that box's log as obtained elsewhere
    #[arg(long, value_name = "KEY", requires = "above", value_parser = VerifierKey::parse)]
    above_key: Option<VerifierKey>,
    /// The file with the first key of the log's seals, which left the box when the log began: without it seals are
    /// counted and not checked
    #[arg(long, value_name = "FILE")]
    seal_key: Option<PathBuf>,
    /// A source whose every record must carry its own signature, as SPIFFE_ID=KEY with 64 hexadecimal digits; may be given again
    #[arg(long, value_name = "ID=KEY", value_parser = source_key)]
    source_key: Vec<OwnKey>,
    /// The log alone, without the files that its records name: for a copy in a mirror or a vault
    #[arg(long)]
    log_only: bool,
    /// Prints the result as JSON
    #[arg(long)]
    json: bool,
    /// Prints every record in words as well
    #[arg(long)]
    records: bool,
}

/// Whoever reads our output may stop reading; that ends the program without a word (128 + SIGPIPE), as it does others.
#[cfg(unix)]
fn end_with_the_reader() {
    let always = std::sync::Arc::new(true.into());
    let _no_signals_here =
        signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGPIPE, 141, always);
}

fn main() -> ExitCode {
    #[cfg(unix)]
    end_with_the_reader();
    let arguments = Arguments::parse();
    if arguments.dir.is_file() {
        return one_file(&arguments);
    }
    for dir in [Some(&arguments.dir), arguments.above.as_ref()]
        .into_iter()
        .flatten()
    {
        if !dir.join("audit").is_dir() {
            no_evidence(dir);
            return ExitCode::from(2);
        }
    }
    let seal_key = match arguments.seal_key.as_deref().map(seal_key).transpose() {
        Ok(key) => key,
        Err(why) => {
            println!("{why}");
            return ExitCode::from(2);
        }
    };
    let report = check(&arguments, seal_key);
    if arguments.records {
        let _shown_in_the_report = records(&arguments.dir.join("audit"), |record| {
            println!("{}", record.to_line())
        });
    }
    if arguments.json {
        println!("{}", json(&report))
    } else {
        words(&report, &arguments)
    }
    match report.outcome() {
        Outcome::Verified => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::TailNotWitnessed => ExitCode::from(3),
    }
}

/// A bundle, a table or a proof.
fn one_file(arguments: &Arguments) -> ExitCode {
    let known = Known {
        log: arguments.key.clone(),
        witnesses: arguments.witness.clone(),
    };
    if arguments.above.is_some() || arguments.seal_key.is_some() {
        println!(
            "--above and --seal-key are asked of an evidence directory; of a file give the --witness"
        );
        return ExitCode::from(2);
    }
    let said = match file::check(&arguments.dir, &known, arguments.records) {
        Ok(said) => said,
        Err(error) => {
            println!("{}: {error}", arguments.dir.display());
            return ExitCode::from(2);
        }
    };
    if arguments.records {
        said.records.iter().for_each(|line| println!("{line}"));
    }
    match arguments.json {
        true => println!("{}", said.json),
        false => print!("{}", said.words),
    }
    match said.outcome {
        bundle::Outcome::ProvenAndWitnessed => ExitCode::SUCCESS,
        bundle::Outcome::Failed => ExitCode::FAILURE,
        bundle::Outcome::ProvenNotWitnessed | bundle::Outcome::Unpinned => ExitCode::from(3),
    }
}

fn no_evidence(dir: &Path) {
    println!("{} holds no audit directory", dir.display());
    if dir.join("evidence/audit").is_dir() {
        println!("did you mean {}?", dir.join("evidence").display());
    }
}

fn source_key(text: &str) -> Result<OwnKey, String> {
    let (source, key) = text
        .rsplit_once('=')
        .ok_or("no = between a SPIFFE ID and a key")?;
    let mut bytes = [0; 32];
    decode_hex(key, &mut bytes).ok_or("a key has 64 lower-case hexadecimal digits")?;
    Ok(OwnKey {
        source: source.parse().map_err(|_| "no SPIFFE ID before the =")?,
        key: PublicKey::from_bytes(bytes),
    })
}

fn seal_key(path: &Path) -> Result<SealKey, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let key = text.and_then(|text| SealKey::parse(&text).map_err(|error| error.to_string()));
    key.map_err(|why| format!("{}: {why}", path.display()))
}

/// Verifies; with the evidence of the next box up, that must hold first, and its heads must be in the log.
fn check(arguments: &Arguments, seal_key: Option<SealKey>) -> Report {
    let genesis = Genesis::load(&arguments.dir.join("audit"));
    let mut elsewhere = Elsewhere {
        log: arguments.key.clone(),
        heads: Vec::new(),
        seal_key,
        sources: arguments.source_key.clone(),
    };
    let verify = match arguments.log_only {
        true => verify_log,
        false => verify_against,
    };
    let (Some(above), Ok((genesis, _))) = (&arguments.above, genesis) else {
        return verify(&arguments.dir, &elsewhere);
    };
    match seen_above(above, arguments.above_key.as_ref(), genesis.origin()) {
        Ok(seen) => {
            elsewhere.heads = seen;
            verify(&arguments.dir, &elsewhere)
        }
        Err(mut other) => {
            if let Some(bad) = &mut other.bad {
                bad.file = above.join(&bad.file);
            }
            *other
        }
    }
}

fn words(report: &Report, arguments: &Arguments) {
    let head = report
        .chain_head
        .map_or_else(|| "none".into(), |head| head.to_string());
    println!("log        {}", report.origin);
    println!(
        "key        {}",
        if arguments.key.is_some() {
            "the one given"
        } else {
            "as in the directory: pin it with --key"
        }
    );
    println!("records    {} good, chain head {head}", report.records);
    if report.retired > 0 {
        let gone = report.retired;
        println!(
            "retired    the first {gone} are hashes alone, under every head; a record says that they went"
        );
    }
    if report.abandoned > 0 {
        println!(
            "abandoned  {} bytes that failed syncs left, as records say",
            report.abandoned
        );
    }
    println!("heads      {} signed by the log", report.heads);
    println!(
        "receipts   {} cosigned by the policy's witnesses",
        report.receipts
    );
    if report.mirrored > 0 {
        println!(
            "mirrors    have stored the first {} records, as they signed",
            report.mirrored
        );
    }
    if !arguments.source_key.is_empty() {
        println!(
            "sources    {} records signed by their own source",
            report.own
        );
    }
    match report.sealed {
        Some(sealed) => println!("seals      {} hold, over {sealed} records", report.seals),
        None if report.seals == 0 => println!("seals      none"),
        None => println!("seals      {} NOT CHECKED: give --seal-key", report.seals),
    }
    match arguments.log_only {
        true => println!("files      not looked at"),
        false => println!("files      {} as the chain says", report.files),
    }
    if let Some(above) = &arguments.above {
        println!("above      heads in {} taken along", above.display());
    }
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
        "retired": report.retired,
        "abandoned": report.abandoned,
        "mirrored": report.mirrored,
        "own": report.own,
        "chain_head": report.chain_head.map(|head| head.to_string()),
        "heads": report.heads,
        "receipts": report.receipts,
        "witnessed": report.witnessed,
        "seals": report.seals,
        "sealed": report.sealed,
        "witnessed_at": report.witnessed_at,
        "files": report.files,
        "bad": report.bad.as_ref().map(|bad| serde_json::json!({
            "seq": bad.seq, "file": bad.file.display().to_string(), "offset": bad.offset, "why": bad.why,
        })),
    })
}
