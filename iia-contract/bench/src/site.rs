//! Catalogs of any size, and observations that they cover.

use iia_contract::Catalog;
use iia_contract::matcher::Matcher;
use iia_contract::scope::Contract;
use iia_core::Timestamp;
use iia_core::observe::{
    Act, Address, Exchange, Flow, Message, Observation, Outcome, Protocol, Session, Span, Table,
    Transport, Values,
};

use crate::text;

/// Observations that are judged in turn: some, which the caches nearest to a core hold with all that they touch, and as
/// many as there are contracts, up to so many.
pub const SOME: usize = 1024;
const ALL_MAX: usize = 65_536;
/// Contracts checked together; a catalog takes no more than 65,535.
const TOGETHER: usize = 50_000;

/// Contracts, and observations of all parts of them.
pub struct Site {
    pub contracts: &'static [Contract],
    pub seen: Vec<Observation<'static>>,
}

impl Site {
    fn new(
        count: usize,
        contract: fn(usize) -> String,
        seen: fn(usize) -> Observation<'static>,
    ) -> Self {
        let contracts = (0..count).step_by(TOGETHER).flat_map(|from| {
            let texts: String = (from..count.min(from + TOGETHER)).map(contract).collect();
            let checked = Catalog::check(&text::entries(&texts));
            let (catalog, _) = checked.unwrap_or_else(|found| panic!("{:?}", found.first()));
            catalog.contracts().to_vec()
        });
        let site = Self {
            contracts: contracts.collect::<Vec<_>>().leak(),
            seen: turns(count).map(seen).collect(),
        };
        let matcher = Matcher::of(site.contracts);
        let judged = site.seen.iter().map(|seen| matcher.judge(seen));
        assert!(judged.into_iter().all(|verdict| verdict.is_covered()));
        site
    }

    /// One client, and a device for each contract.
    pub fn flows(count: usize) -> Self {
        Self::new(count, device, |at| Observation::Exchange(exchange(at)))
    }

    /// A pair of workloads for each contract.
    pub fn links(count: usize) -> Self {
        Self::new(count, link, |at| {
            Observation::Session(Session {
                ts: Timestamp::default(),
                source: source(at).leak(),
                destination: destination(at).leak(),
                source_zone: "collect",
                protocol: "iia_link",
                listener: None,
                operation: "APPEND",
                stream: "",
                payload_len: 512,
            })
        })
    }

    /// A client for ten contracts, and a topic of five levels for each.
    pub fn topics(count: usize) -> Self {
        Self::new(count, topic, |at| {
            Observation::Message(Message {
                ts: Timestamp::default(),
                client: source(at / 10).leak(),
                act: Act::Publish,
                address: Address::Topic(levels(at).leak()),
                payload_len: 512,
            })
        })
    }
}

/// Which contracts are met, one after another. The prime divides no size: neighbours in time are none in the catalog.
pub fn turns(count: usize) -> impl Iterator<Item = usize> {
    (0..count.clamp(SOME, ALL_MAX)).map(move |at| at * 7919 % count)
}

/// The flow of a device's contract.
pub fn flow(at: usize) -> Flow {
    let [_, high, middle, low] = (at as u32).to_be_bytes();
    Flow {
        orig_h: [10, 20, 255, 10].into(),
        orig_p: 40_000,
        resp_h: [10, 32 + high, middle, low].into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    }
}

fn device(at: usize) -> String {
    let Flow { orig_h: client, resp_h: server, .. } = flow(at);
    format!(
        "contract iia.contract.device.press_{at} 1.0.0 {{\nscope device\nprotocol modbus_tcp\nclient {client}\n\
         server tcp/{server}:502\nunit 1\nread coil 0 7\nread holding_register 0 19\nread input_register 0 9\n\
         write holding_register 100 101\n}}\n"
    )
}

fn exchange(at: usize) -> Exchange<'static> {
    Exchange {
        ts: Timestamp::default(),
        flow: flow(at),
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func: 3,
        read: Some(Span {
            table: Table::HoldingRegister,
            addr: 4,
            count: 10,
            values: Values::Words(&[0; 20]),
        }),
        write: None,
        latency_ns: Some(1_000_000),
    }
}

pub fn source(at: usize) -> String {
    format!("spiffe://iia.local/zone/collect/workload/collector_{at}")
}

pub fn destination(at: usize) -> String {
    format!("spiffe://iia.local/zone/lake/workload/writer_{at}")
}

/// Enterprise, site, area, work center, work unit (ISA-95).
pub fn levels(at: usize) -> String {
    format!("acme/hamburg/area_{}/line_{}/cell_{at}", at % 7, at % 70)
}

fn link(at: usize) -> String {
    internal(at, at, "iia_link", "port tls/7443")
}

/// Every other filter has a wildcard, so that a client has filters of two shapes.
fn topic(at: usize) -> String {
    let topic = levels(at);
    let filter = match at % 2 {
        0 => topic,
        _ => topic.replace("hamburg", "+"),
    };
    internal(at, at / 10, "mqtt", &format!("port tls/8883\ntopic \"{filter}\""))
}

fn internal(at: usize, from: usize, protocol: &str, more: &str) -> String {
    let (source, destination) = (source(from), destination(at));
    format!(
        "contract iia.contract.internal.i{at} 1.0.0 {{\nscope internal\nsource {source}\ndestination {destination}\n\
         operation APPEND\noperation HEAD\ncardinality one_to_one\ntransport {{\nprotocol {protocol}\nsecurity mtls\n\
         {more}\n}}\nfailure {{\non_unreachable drop\n}}\npayload {{\nmax_size 4KiB\n}}\n}}\n"
    )
}
