//! `iia compile` and `iia drift`: what enforces a catalog, and how what is loaded differs from it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use iia_contract::Catalog;
use iia_contract::compile::{self, Drift, Policy, ReadError, Topology};
use iia_core::code::Coded as _;

use crate::check::catalog;

/// What a catalog compiles to.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Target {
    /// The kernel firewall: `nft -f`; loaded: `nft -j list ruleset`
    Nft,
    /// The ACL file of mosquitto
    Mqtt,
    /// The authorization of nats-server
    Nats,
    /// The access control of a Zenoh router
    Zenoh,
    /// Registration entries of SPIRE; loaded: `spire-server entry show -output json`
    Spiffe,
    /// Which image may run as which workload
    Admission,
    /// Network policies of Kubernetes; loaded: `kubectl get networkpolicy -A -o json`
    K8s,
    /// Network policies of Cilium; loaded: `kubectl get ciliumnetworkpolicy -A -o json`
    Cilium,
    /// ACLs of OVN: `ovsdb-client transact`; loaded: what `docs/targets.md` asks for
    Ovn,
    /// Rules of Suricata
    Suricata,
    /// Every listener and every connection of the box
    Surface,
}

/// What is compiled.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What for
    target: Target,
    /// The configuration: contracts, and the zones, interfaces, endpoints and units around them
    file: PathBuf,
}

/// What is compared.
#[derive(clap::Args)]
pub(crate) struct DriftArguments {
    #[command(flatten)]
    of: Arguments,
    /// What is loaded, as the target lists it; - reads it from the input
    loaded: PathBuf,
}

/// A catalog and the box that it is for.
pub(crate) struct Site {
    pub(crate) catalog: Catalog,
    pub(crate) topology: Topology,
}

impl Site {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let (document, catalog) = catalog::document(file)?;
        let topology = Topology::read(document.tree());
        Ok(Self { catalog, topology })
    }
}

/// What a target gives: its text, the drift of what is loaded, and the notes of the compiler.
struct Judged {
    text: String,
    drift: Vec<Drift>,
    notes: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let site = Site::read(&arguments.file)?;
    let judged = judge(arguments.target, &site, None)?;
    out.write_all(judged.text.as_bytes())?;
    note(&judged.notes);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn drift(arguments: &DriftArguments, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let site = Site::read(&arguments.of.file)?;
    let name = arguments.loaded.display();
    let loaded = read(&arguments.loaded).with_context(|| format!("{name}: cannot be read"))?;
    let judged = judge(arguments.of.target, &site, Some(&loaded))
        .map_err(|error| anyhow!("{name}: {}: {error}", error.code()))?;
    tell(&judged.drift, out)?;
    note(&judged.notes);
    Ok(exit(&judged.drift))
}

/// One difference a line.
pub(crate) fn tell(drift: &[Drift], out: &mut impl Write) -> anyhow::Result<()> {
    for one in drift {
        writeln!(out, "{one}")?;
    }
    Ok(())
}

/// 1 when something differs.
pub(crate) fn exit(drift: &[Drift]) -> ExitCode {
    ExitCode::from(u8::from(!drift.is_empty()))
}

/// What opens nothing, and why.
pub(crate) fn note(notes: &[String]) {
    for note in notes {
        eprintln!("iia: {note}");
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path)
}

fn judge(target: Target, site: &Site, loaded: Option<&[u8]>) -> Result<Judged, ReadError> {
    match target {
        Target::Nft => of::<compile::nft::Ruleset>(site, loaded),
        Target::Mqtt => of::<Policy<compile::mqtt::Right>>(site, loaded),
        Target::Nats => of::<Policy<compile::nats::Permission>>(site, loaded),
        Target::Zenoh => of::<Policy<compile::zenoh::KeyRight>>(site, loaded),
        Target::Spiffe => of::<Policy<compile::spiffe::Registration>>(site, loaded),
        Target::Admission => of::<Policy<compile::admission::Admitted>>(site, loaded),
        Target::K8s => of::<Policy<compile::k8s::NetworkPolicy>>(site, loaded),
        Target::Cilium => of::<Policy<compile::cilium::CiliumPolicy>>(site, loaded),
        Target::Ovn => of::<Policy<compile::ovn::Acl>>(site, loaded),
        Target::Suricata => of::<Policy<compile::suricata::Passed>>(site, loaded),
        Target::Surface => of::<Policy<compile::surface::Open>>(site, loaded),
    }
}

fn of<T: compile::Target>(site: &Site, loaded: Option<&[u8]>) -> Result<Judged, ReadError> {
    let (should, notes) = T::compile(&site.catalog, &site.topology);
    let is = loaded.map(T::read).transpose()?;
    Ok(Judged {
        text: should.write(),
        drift: is.map_or_else(Vec::new, |is| should.drift(&is)),
        notes,
    })
}
