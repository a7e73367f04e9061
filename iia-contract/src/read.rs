//! From the flat tree to the meaning of one contract; every defect is found, not only the first.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use iia_core::SpiffeId;
use iia_core::observe::{Protocol, Table};

use crate::raw::{Block, Defect, Entry, Field, Kind, Span, Version};
use crate::scope::{Boundary, Contract, Device, Inbound, Internal, Net, Run, Server, Terms, merge};

/// Addresses of a table end here: 16 bits on the wire.
pub(crate) const ADDRESS_MAX: u64 = 65_535;
const HOUR_NS: i64 = 3_600_000_000_000;
const MINUTE_NS: i64 = 60_000_000_000;
const RETENTION_MIN_NS: i64 = 30 * 24 * HOUR_NS;

pub(crate) struct Reader<'a> {
    entry: &'a Entry,
    pub(crate) defects: Vec<Defect>,
}

/// Reads a contract whose shape is already sound.
pub(crate) fn contract(entry: &Entry) -> (Option<Contract>, Vec<Defect>) {
    let mut reader = Reader {
        entry,
        defects: Vec::new(),
    };
    let scope = entry.field("scope").map_or("", Field::text);
    reader.check_id(scope);
    let terms = match scope {
        "internal" => reader.internal().map(Terms::Internal),
        "boundary" => reader.boundary().map(Terms::Boundary),
        "device" => reader.device().map(Terms::Device),
        _ => reader.inbound().map(Terms::Inbound),
    };
    let version = entry.version.unwrap_or(Version {
        major: 0,
        minor: 0,
        patch: 0,
    });
    let contract = terms.map(|terms| Contract {
        id: entry.name.clone(),
        version,
        terms,
    });
    (contract, reader.defects)
}

impl Reader<'_> {
    fn reject(&mut self, rule: &'static str, span: Span, message: String, help: &str) {
        self.defects.push(Defect {
            rule,
            rejects: true,
            span,
            message,
            help: help.into(),
        });
    }

    fn check_id(&mut self, scope: &str) {
        let mut parts = self.entry.name.splitn(4, '.');
        let head = (parts.next(), parts.next(), parts.next());
        let sound = head == (Some("iia"), Some("contract"), Some(scope))
            && parts.next().is_some_and(|purpose| !purpose.is_empty());
        if !sound {
            let message = format!("id `{}` does not name scope `{scope}`", self.entry.name);
            let help = "an id is iia.contract.<scope>.<purpose>";
            self.reject("C030", self.entry.span, message, help);
        }
    }

    fn need<'e>(entry: &'e Entry, key: &str, defects: &mut Vec<Defect>) -> Option<&'e Field> {
        let found = entry.field(key);
        if found.is_none() {
            let message = format!("`{key}` is missing from contract {}", entry.name);
            let help = String::from("every contract of this scope states it");
            defects.push(Defect {
                rule: "C033",
                rejects: true,
                span: entry.span,
                message,
                help,
            });
        }
        found
    }

    fn spiffe(&mut self, key: &str) -> Option<SpiffeId> {
        let field = Self::need(self.entry, key, &mut self.defects)?;
        match field.text().parse() {
            Ok(id) => Some(id),
            Err(error) => {
                self.reject(
                    "C040",
                    field.span,
                    format!("`{}`: {error}", field.text()),
                    "",
                );
                None
            }
        }
    }

    fn operations(&mut self) -> BTreeSet<String> {
        let names: BTreeSet<String> = self
            .entry
            .fields("operation")
            .map(|field| field.text().to_string())
            .collect();
        let vague = |name: &String| matches!(name.to_ascii_lowercase().as_str(), "any" | "all");
        if names.is_empty() || names.iter().any(vague) {
            let message = "operations are missing or not specific".to_string();
            self.reject(
                "C013",
                self.entry.span,
                message,
                "name each message type or method",
            );
        }
        names
    }

    fn internal(&mut self) -> Option<Internal> {
        let (source, destination) = (self.spiffe("source"), self.spiffe("destination"));
        let operations = self.operations();
        for block in ["transport", "failure"] {
            self.need_block("C033", block);
        }
        Self::need(self.entry, "cardinality", &mut self.defects);
        self.check_transport("transport");
        self.check_failure();
        Some(Internal {
            source: source?,
            destination: destination?,
            operations,
        })
    }

    fn need_block(&mut self, rule: &'static str, key: &str) {
        if self.entry.block(key).is_none() {
            let message = format!("block `{key}` is missing from contract {}", self.entry.name);
            self.reject(
                rule,
                self.entry.span,
                message,
                "every contract of this scope states it",
            );
        }
    }

    // IIA 1: no HTTP at the boundary, in whatever dress.
    fn check_transport(&mut self, key: &str) {
        const HTTP: [&str; 10] = [
            "http", "https", "h2", "h3", "ws", "wss", "s3", "webdav", "grpc", "i3x-rest",
        ];
        let protocol = self
            .entry
            .block(key)
            .and_then(|block| block.field("protocol"));
        if let Some(field) = protocol.filter(|field| HTTP.contains(&field.text())) {
            let message = format!("transport `{}` is HTTP", field.text());
            self.reject(
                "C002",
                field.span,
                message,
                "use iia_link; only a broker speaks HTTP",
            );
        }
    }

    fn check_failure(&mut self) {
        let Some(failure) = self.entry.block("failure") else {
            return;
        };
        let retries = failure
            .field("on_unreachable")
            .is_some_and(|field| field.text() == "retry");
        if retries && failure.field("backoff_max").is_none() {
            let message = "retry without a longest wait".to_string();
            self.reject(
                "C035",
                failure.span,
                message,
                "add backoff_max, such as 30s",
            );
        }
    }

    fn boundary(&mut self) -> Option<Boundary> {
        let (publisher, consumer) = (self.spiffe("publisher"), self.spiffe("consumer"));
        let operations = self.operations();
        const NEEDED: [&str; 4] = ["profile", "inventory", "retention", "auth"];
        NEEDED.iter().for_each(|key| self.need_block("C050", key));
        self.check_transport("profile");
        self.check_durations();
        let words = |key: &str| -> Vec<String> {
            let inventory = self.entry.block("inventory");
            let fields = inventory.into_iter().flat_map(|block| block.fields(key));
            fields.map(|field| field.text().to_string()).collect()
        };
        let (include, exclude) = (words("include"), words("exclude"));
        let quota = |key: &str| {
            let field = self
                .entry
                .block("quota")
                .and_then(|block| block.field(key))?;
            field.number(0).map(|number| number.micros / 1_000_000)
        };
        let rows_max = quota("rows_max").and_then(|rows| u64::try_from(rows).ok());
        let queries_per_second = quota("queries").and_then(|queries| u32::try_from(queries).ok());
        let (publisher, consumer) = (publisher?, consumer?);
        Some(Boundary {
            publisher,
            consumer,
            operations,
            include,
            exclude,
            rows_max,
            queries_per_second,
        })
    }

    fn check_durations(&mut self) {
        type Rule = (
            &'static str,
            &'static str,
            &'static str,
            fn(i64) -> bool,
            &'static str,
        );
        const RULES: [Rule; 3] = [
            (
                "C054",
                "retention",
                "on_box",
                |ns| ns >= RETENTION_MIN_NS,
                "at least 30d",
            ),
            (
                "C044",
                "auth",
                "publisher_ttl",
                |ns| ns <= HOUR_NS,
                "at most 1h",
            ),
            (
                "C058",
                "audit",
                "head_period",
                |ns| ns <= MINUTE_NS,
                "at most 1m",
            ),
        ];
        for (rule, block, key, holds, help) in RULES {
            let Some(field) = self
                .entry
                .block(block)
                .and_then(|block: &Block| block.field(key))
            else {
                continue;
            };
            let ns = field
                .number(0)
                .and_then(crate::raw::Number::as_ns)
                .unwrap_or(0);
            if !holds(ns) {
                let message = format!("`{key} {}` is outside its limit", field.text());
                self.reject(rule, field.span, message, help);
            }
        }
    }

    fn device(&mut self) -> Option<Device> {
        let protocol = Self::need(self.entry, "protocol", &mut self.defects).map(Field::text);
        let protocol = if protocol == Some("modbus_tcp") {
            Protocol::ModbusTcp
        } else {
            Protocol::Unknown
        };
        let collector = self
            .entry
            .field("collector")
            .and_then(|field| field.text().parse().ok());
        let (clients, servers) = (self.clients(), self.servers());
        let (units, functions) = (self.bytes("unit"), self.bytes("function"));
        let (reads, writes) = (self.runs("read"), self.runs("write"));
        let silence_ns = self
            .entry
            .field("silence")
            .and_then(|field| field.number(0)?.as_ns());
        if silence_ns == Some(0) {
            self.reject(
                "C074",
                self.entry.span,
                "silence of 0 is always too long".into(),
                "",
            );
        }
        Some(Device {
            collector,
            protocol,
            clients,
            servers,
            units,
            functions,
            reads,
            writes,
            silence_ns,
        })
    }

    fn clients(&mut self) -> Vec<Net> {
        let mut nets = Vec::new();
        for field in self.entry.fields("client") {
            match Net::parse(field.text()) {
                Some(net) if net.prefix > 0 => nets.push(net),
                _ => self.defects.push(Defect {
                    rule: "C013",
                    rejects: true,
                    span: field.span,
                    message: format!("`{}` is no address and no specific network", field.text()),
                    help: "bits beyond the prefix are zero, and 0.0.0.0/0 is not specific".into(),
                }),
            }
        }
        if nets.is_empty() {
            Self::need(self.entry, "client", &mut self.defects);
        }
        nets
    }

    fn servers(&mut self) -> Vec<Server> {
        let mut servers = Vec::new();
        for field in self.entry.fields("server") {
            let socket = field
                .text()
                .split_once('/')
                .and_then(|(_, socket)| socket.parse().ok());
            match socket {
                Some(socket) => {
                    let socket: core::net::SocketAddr = socket;
                    servers.push(Server {
                        addr: socket.ip(),
                        port: socket.port(),
                    });
                }
                None => self.defects.push(Defect {
                    rule: "C013",
                    rejects: true,
                    span: field.span,
                    message: format!("`{}` has no address", field.text()),
                    help: "write tcp/192.0.2.1:502".into(),
                }),
            }
        }
        if servers.is_empty() {
            Self::need(self.entry, "server", &mut self.defects);
        }
        servers
    }

    fn bytes(&mut self, key: &str) -> Vec<u8> {
        let mut values = Vec::new();
        for field in self.entry.fields(key) {
            match field
                .number(0)
                .and_then(crate::raw::Number::as_count)
                .and_then(|n| u8::try_from(n).ok())
            {
                Some(value) => values.push(value),
                None => self.defects.push(Defect {
                    rule: "C070",
                    rejects: true,
                    span: field.span,
                    message: format!("`{key} {}` is not between 0 and 255", field.text()),
                    help: String::new(),
                }),
            }
        }
        values
    }

    fn runs(&mut self, key: &str) -> Vec<Run> {
        let mut runs = Vec::new();
        for field in self.entry.fields(key) {
            match run(field) {
                Some(run) => runs.push(run),
                None => self.defects.push(Defect {
                    rule: "C070",
                    rejects: true,
                    span: field.span,
                    message: format!("`{key}` is not a table, a first and a last address"),
                    help: "addresses are those on the wire, 0 to 65535, first not after last"
                        .into(),
                }),
            }
        }
        merge(runs)
    }

    fn inbound(&mut self) -> Option<Inbound> {
        let puller = self.spiffe("puller");
        Some(Inbound { puller: puller? })
    }
}

fn run(field: &Field) -> Option<Run> {
    let [table, ..] = field.values.as_slice() else {
        return None;
    };
    let table = match (table.kind, table.text.as_str()) {
        (Kind::Atom, "coil") => Table::Coil,
        (Kind::Atom, "discrete_input") => Table::DiscreteInput,
        (Kind::Atom, "input_register") => Table::InputRegister,
        (Kind::Atom, "holding_register") => Table::HoldingRegister,
        _ => return None,
    };
    let at = |index| {
        field
            .number(index)?
            .as_count()
            .filter(|at| *at <= ADDRESS_MAX)
    };
    let (first, last) = (u32::try_from(at(1)?).ok()?, u32::try_from(at(2)?).ok()?);
    (first <= last).then_some(Run { table, first, last })
}
