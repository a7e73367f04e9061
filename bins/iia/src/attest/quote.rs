//! `iia attest quote`: evidence of a machine against what an auditor knows of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iia_attest::tpm::{
    ATTEST_LEN_MAX, AttestationResult, Evidence, PUBLIC_LEN_MAX, PublicArea, PureRust, Reference,
    SIGNATURE_LEN_MAX, Tier, appraise, log::LOG_LEN_MAX,
};
use iia_core::code::Coded as _;
use iia_core::outside::HashName;

use super::{hex, of_file, read};

/// Largest file of register values: every register of 16 banks.
const VALUES_LEN_MAX: usize = 16 * 32 * 64;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What the TPM signed (TPMS_ATTEST)
    #[arg(long, value_name = "FILE")]
    attest: PathBuf,
    /// Its signature (TPMT_SIGNATURE)
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    /// The attestation key that the machine is known by (TPMT_PUBLIC or TPM2B_PUBLIC)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The nonce that the machine was asked with
    #[arg(long, value_name = "HEX", value_parser = hex_bytes)]
    nonce: Hex,
    /// The values of the quoted registers, one after the other
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// The log of its boot
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// A value that a register may have, such as sha256:7=00ff…; may be given again, also for one register
    #[arg(long, value_name = "BANK:PCR=HEX", value_parser = good)]
    good: Vec<Good>,
}

/// Bytes that were given as digits; clap would take a list for many arguments.
#[derive(Clone, Debug)]
struct Hex(Vec<u8>);

fn hex_bytes(text: &str) -> Result<Hex, String> {
    hex(text).map(Hex)
}

#[derive(Clone, Debug)]
struct Good {
    register: (HashName, u8),
    value: Vec<u8>,
}

fn good(text: &str) -> Result<Good, String> {
    let wrong = || "BANK:PCR=HEX is expected, such as sha256:7=00ff…".to_owned();
    let (register, value) = text.split_once('=').ok_or_else(wrong)?;
    let (bank, pcr) = register.split_once(':').ok_or_else(wrong)?;
    let banks = [
        HashName::Sha1,
        HashName::Sha256,
        HashName::Sha384,
        HashName::Sha512,
    ];
    let bank = banks.into_iter().find(|one| one.as_str() == bank);
    let bank = bank.ok_or_else(wrong)?;
    let pcr = pcr.parse().map_err(|_| wrong())?;
    let value = hex(value)?;
    if value.len() != bank.len() {
        return Err(format!(
            "a value of {} has {} bytes",
            bank.as_str(),
            bank.len()
        ));
    }
    Ok(Good {
        register: (bank, pcr),
        value,
    })
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let attest = read(&arguments.attest, ATTEST_LEN_MAX)?;
    let signature = read(&arguments.signature, SIGNATURE_LEN_MAX)?;
    let optional =
        |path: &Option<PathBuf>, max| path.as_ref().map(|path| read(path, max)).transpose();
    let values = optional(&arguments.values, VALUES_LEN_MAX)?;
    let log = optional(&arguments.log, LOG_LEN_MAX)?;
    let key = PublicArea::parse(&read(&arguments.key, PUBLIC_LEN_MAX)?);
    let key = key.map_err(|error| of_file(&arguments.key, error))?;
    let mut pcrs = BTreeMap::<_, Vec<_>>::new();
    for good in &arguments.good {
        pcrs.entry(good.register)
            .or_default()
            .push(good.value.clone());
    }
    let evidence = Evidence {
        attest: &attest,
        signature: &signature,
        log: log.as_deref(),
        pcrs: values.as_deref(),
    };
    let reference = Reference {
        pcrs,
        ..Reference::new(&key, &arguments.nonce.0)
    };
    let result = appraise(&evidence, &reference, &PureRust);
    show(&key, &result, out)?;
    Ok(ExitCode::from(u8::from(
        result.tier() == Tier::Contraindicated,
    )))
}

pub(super) fn show(
    key: &PublicArea,
    result: &AttestationResult,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let text = iia_core::digest::hex;
    writeln!(out, "{}", result.tier())?;
    for reason in &result.reasons {
        writeln!(out, "  {}: {}: {reason}", reason.tier(), reason.code())?;
    }
    writeln!(out, "key       {}", text(key.name()))?;
    let Some(quote) = &result.quote else {
        return Ok(());
    };
    writeln!(out, "nonce     {}", text(&quote.nonce))?;
    writeln!(out, "firmware  {:016x}", quote.firmware)?;
    writeln!(
        out,
        "clock     {} ms, {} starts, {} restarts, {}",
        quote.clock.clock_ms,
        quote.clock.reset_count,
        quote.clock.restart_count,
        if quote.clock.safe { "safe" } else { "not safe" },
    )?;
    for (bank, pcr) in quote.selection.registers() {
        let value = result.pcrs.as_ref().and_then(|pcrs| pcrs.get(bank, pcr));
        let value = value.map_or_else(|| "quoted, its value is not known".into(), text);
        writeln!(out, "{:<6} {pcr:>2} {value}", bank.as_str())?;
    }
    Ok(())
}
