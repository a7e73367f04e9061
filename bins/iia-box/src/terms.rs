//! The applied configuration as a role uses it. Every role verifies the signed artifact again before it believes it.

use std::net::SocketAddr;

use anyhow::Context as _;
use iia_config::alert::AlertSinks;
use iia_config::applied::{self, Applied};
use iia_config::credential::Credential;
use iia_config::engine::Engine;
use iia_config::io_master::IoMaster;
use iia_config::render::{Serves, Service};
use iia_config::trust_root::TrustRoot;
use iia_config::validate::{Checked, Endpoint};
use iia_contract::Catalog;
use iia_contract::answer::Raci;
use iia_contract::scope::{Boundary, Failure, Terms as ContractTerms};
use iia_contract::topology::Topology;
use iia_core::SpiffeId;
use iia_core::zone::Zone;
use iia_link::failure::Policy;

use crate::boxdir::BoxDir;

/// What a role needs of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The contracts.
    pub(crate) catalog: Catalog,
    /// The box's name.
    pub(crate) box_name: String,
    /// Where its zones, interfaces and workloads are.
    pub(crate) topology: Topology,
    /// Where alerts go on the machine itself.
    pub(crate) alerts: AlertSinks,
    /// The engines that look for attacks, and their rules.
    pub(crate) engines: Vec<Engine>,
    /// The secrets that it refers to.
    pub(crate) credentials: Vec<Credential>,
    /// Who answers for what.
    pub(crate) answers: Vec<Raci>,
    /// Who reads the plant a second time.
    pub(crate) io_masters: Vec<IoMaster>,
    /// The key by which the machine's TPM attests, by its digest.
    pub(crate) attestation_key: Option<String>,
    checked: Checked,
}

/// What a boundary contract exposes and limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) rows_max: Option<u64>,
    pub(crate) queries_per_second: Option<u32>,
}

impl Settings {
    /// Reads and verifies what is applied.
    pub(crate) fn load(dir: &BoxDir) -> anyhow::Result<Self> {
        let Applied {
            box_name,
            checked,
            topology,
            alerts,
            engines,
            credentials,
            answers,
            io_masters,
            attestation_key,
            ..
        } = applied::load(dir.path())?;
        Ok(Self {
            catalog: checked.catalog.clone(),
            box_name,
            topology,
            alerts,
            engines,
            credentials,
            answers,
            io_masters,
            attestation_key,
            checked,
        })
    }

    /// Where a workload of this box answers.
    pub(crate) fn listen_of(&self, id: &SpiffeId) -> anyhow::Result<SocketAddr> {
        let mine = |endpoint: &&Endpoint| endpoint.listens && endpoint.workload == *id;
        let found = self.checked.endpoints.values().find(mine);
        found
            .map(|endpoint| endpoint.addr)
            .with_context(|| format!("no endpoint says where {id} answers"))
    }

    /// Who and where the endpoint with this name is.
    pub(crate) fn address_of(&self, name: &str) -> anyhow::Result<(SpiffeId, SocketAddr)> {
        let found = self.checked.endpoints.get(name);
        found
            .map(|endpoint| (endpoint.workload.clone(), endpoint.addr))
            .with_context(|| format!("there is no endpoint {name}"))
    }

    /// What a boundary contract exposes and limits; nothing when there is none.
    pub(crate) fn terms(&self, contract: &str) -> Terms {
        match self.catalog.by_id(contract).map(|contract| &contract.terms) {
            Some(ContractTerms::Boundary(Boundary {
                include,
                exclude,
                rows_max,
                queries_per_second,
                ..
            })) => Terms {
                include: include.iter().map(ToString::to_string).collect(),
                exclude: exclude.iter().map(ToString::to_string).collect(),
                rows_max: *rows_max,
                queries_per_second: *queries_per_second,
            },
            _ => Terms::default(),
        }
    }

    /// What a contract says happens while the other end is away. Of what goes to another organisation the rows wait in
    /// the lake, so that it is tried again; what no contract covers fails closed.
    pub(crate) fn failure(&self, contract: &str) -> Policy {
        match self.catalog.by_id(contract).map(|contract| &contract.terms) {
            Some(ContractTerms::Internal(terms)) => Policy::of(&terms.failure),
            Some(ContractTerms::Boundary(_)) => Policy::of(&Failure {
                on_unreachable: "retry".into(),
                ..Failure::default()
            }),
            _ => Policy::of(&Failure::default()),
        }
    }

    /// The brokers that the box serves, each with where it answers.
    pub(crate) fn brokers(&self) -> Vec<(String, Vec<SocketAddr>)> {
        let services = self.checked.deploy.services.iter();
        let brokers = services.filter(|service| service.serves == Serves::Mqtt);
        let places = |one: &Service| one.listens.iter().map(|place| (*place).into()).collect();
        brokers.map(|one| (one.name.clone(), places(one))).collect()
    }

    /// The workloads that run as containers, each with the repository of its image.
    pub(crate) fn containers(&self) -> Vec<(String, String)> {
        let units = self.checked.deploy.units.iter();
        let each = units.filter_map(|unit| Some((&unit.name, unit.image.as_ref()?)));
        each.map(|(name, (repository, _))| (name.clone(), repository.clone()))
            .collect()
    }

    /// The foreign trust domains that are believed.
    pub(crate) fn trust_roots(&self) -> &[TrustRoot] {
        &self.checked.trust_roots
    }

    /// The identities of the zone with a role.
    pub(crate) fn workloads(&self, role: Zone) -> Vec<SpiffeId> {
        self.identities(|zone| zone.role == role)
    }

    /// The identities of all zones.
    pub(crate) fn everybody(&self) -> Vec<SpiffeId> {
        self.identities(|_| true)
    }

    fn identities(&self, of: impl Fn(&iia_config::validate::Zone) -> bool) -> Vec<SpiffeId> {
        let zones = self.checked.zones.iter().filter(|zone| of(zone));
        let domain = &self.checked.trust_domain;
        let ids = zones.flat_map(|zone| {
            zone.workloads
                .iter()
                .filter_map(|(name, _)| SpiffeId::workload(domain, &zone.name, name).ok())
        });
        ids.collect()
    }
}
