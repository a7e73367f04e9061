//! Documents drawn by lot from the schema table: of sound shape, in any order and in any form that the language allows.
//!
//! For tests, fuzzers and benches; the same numbers give the same document.

use std::fmt::Write as _;

use iia_contract::raw::{BlockSpec, EntrySpec, FieldSpec, Scopes, Times, Type};

use crate::schema;

/// A source of numbers drawn by lot (splitmix64), so that no dependency decides what a document is.
#[derive(Clone, Debug)]
pub struct Lot(u64);

impl Lot {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.draw() % if end == 0 { 1 } else { end }
    }

    /// One of them; nothing of nothing.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A document with this many entries of any kind.
pub fn document(lot: &mut Lot, entries: usize) -> String {
    let mut out = Out {
        text: String::from("iia-config 1\n"),
        lot,
    };
    for number in 0..entries {
        let kinds = schema::TABLE;
        if let Some(spec) = out.lot.pick(kinds).copied() {
            out.entry(&spec, number);
        }
    }
    out.noise(0);
    out.text
}

struct Out<'l> {
    text: String,
    lot: &'l mut Lot,
}

impl Out<'_> {
    /// Blank lines and comments.
    fn noise(&mut self, depth: usize) {
        while self.lot.one_in(8) {
            match self.lot.below(3) {
                0 => self.text.push('\n'),
                1 => self.text.push_str("   \n"),
                _ => {
                    let number = self.lot.draw();
                    let _ = writeln!(
                        self.text,
                        "{}# note {number} \u{e4}\u{4e2d} \"\\",
                        "  ".repeat(depth)
                    );
                }
            }
        }
    }

    fn indent(&mut self, depth: usize) {
        let odd = self.lot.one_in(8);
        let width = match odd {
            true => self.lot.below(9),
            false => 2 * depth as u64,
        };
        (0..width).for_each(|_| self.text.push(' '));
    }

    fn entry(&mut self, spec: &EntrySpec, number: usize) {
        self.noise(0);
        let scopes = Scopes::NAMES;
        let scope = self
            .lot
            .pick(&scopes)
            .map_or(("internal", Scopes::INTERNAL), |scope| *scope);
        let name = match spec.kind {
            "contract" => format!("iia.contract.{}.n{number}", scope.0),
            _ => self.name(),
        };
        self.indent(0);
        let _ = write!(self.text, "{} {name}", spec.kind);
        if spec.versioned {
            let version = self.version();
            let _ = write!(self.text, " {version}");
        }
        self.text.push_str(" {\n");
        let scope = if spec.kind == "contract" {
            scope
        } else {
            ("", Scopes::ALL)
        };
        let mut blocks = self.blocks(spec.blocks, scope.1);
        let early = self.lot.one_in(4);
        if early {
            blocks
                .drain(..)
                .for_each(|(block, name)| self.block(block, name, scope));
        }
        self.fields(spec.fields, 1, scope);
        blocks
            .drain(..)
            .for_each(|(block, name)| self.block(block, name, scope));
        self.noise(1);
        self.indent(0);
        self.text.push_str("}\n");
    }

    /// Which blocks stand, with their names, in any order.
    fn blocks(
        &mut self,
        specs: &'static [BlockSpec],
        scope: Scopes,
    ) -> Vec<(&'static BlockSpec, Option<u64>)> {
        let mut chosen = Vec::new();
        for spec in specs.iter().filter(|spec| spec.scopes.meet(scope)) {
            let count = match spec.times {
                Times::Once => 1,
                Times::Optional => self.lot.below(2),
                Times::Repeated => self.lot.below(3),
                Times::OneOrMore => 1 + self.lot.below(2),
            };
            chosen.extend((0..count).map(|number| (spec, spec.named.then_some(number))));
        }
        self.shuffle(&mut chosen);
        chosen
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.lot.below(last as u64 + 1)).unwrap_or(0);
            items.swap(last, other);
        }
    }

    fn block(&mut self, spec: &BlockSpec, name: Option<u64>, scope: (&str, Scopes)) {
        self.noise(1);
        self.indent(1);
        self.text.push_str(spec.key);
        if let Some(number) = name {
            let _ = write!(self.text, " n{number}");
        }
        self.text.push_str(" {\n");
        self.fields(spec.fields, 2, scope);
        self.noise(2);
        self.indent(1);
        self.text.push_str("}\n");
    }

    fn fields(&mut self, specs: &'static [FieldSpec], depth: usize, (name, scope): (&str, Scopes)) {
        let mut chosen: Vec<&FieldSpec> = Vec::new();
        for spec in specs.iter().filter(|spec| spec.scopes.meet(scope)) {
            let count = match spec.times {
                Times::Once => 1,
                Times::Optional => self.lot.below(2),
                Times::Repeated => self.lot.below(4),
                Times::OneOrMore => 1 + self.lot.below(3),
            };
            chosen.extend((0..count).map(|_| spec));
        }
        self.shuffle(&mut chosen);
        for spec in chosen {
            self.noise(depth);
            self.indent(depth);
            self.text.push_str(spec.key);
            for value_type in spec.values {
                self.text.push(' ');
                let value = match spec.key {
                    "scope" => name.to_owned(),
                    _ => self.value(*value_type),
                };
                self.text.push_str(&value);
            }
            self.text.push('\n');
        }
    }

    fn value(&mut self, value_type: Type) -> String {
        match value_type {
            Type::Atom([]) => self.word(),
            Type::Atom(words) => self
                .lot
                .pick(words)
                .map_or_else(String::new, |word| (*word).to_owned()),
            Type::Count => self.lot.below(100_000).to_string(),
            Type::Number => self.decimal(true),
            Type::Duration => self.unit(&["us", "ms", "s", "m", "h", "d"]),
            Type::Size => self.unit(&["B", "KiB", "MiB", "GiB", "TiB"]),
            Type::Ratio => self.unit(&["%", "ppm"]),
            Type::Rate => self.rate(),
            Type::Any => self.any(),
            Type::String => self.string(),
            Type::Spiffe => format!(
                "spiffe://td.example/zone/{}/workload/{}",
                self.word(),
                self.word()
            ),
            Type::Uri => format!("oncall://{}/{}?a=%20#x", self.word(), self.word()),
            Type::Port => self.port(),
            Type::Net => self.net(),
            Type::Hash => self.hash(),
            Type::Pubkey => self.pubkey(),
            Type::Time => self.time(),
            Type::Version => self.version(),
            Type::Pattern => self.pattern(),
            Type::Name | Type::Reference(_) => self.word(),
        }
    }

    fn any(&mut self) -> String {
        let types = [
            Type::Count,
            Type::Number,
            Type::Duration,
            Type::Size,
            Type::Ratio,
            Type::Rate,
            Type::String,
            Type::Spiffe,
            Type::Uri,
            Type::Port,
            Type::Net,
            Type::Hash,
            Type::Pubkey,
            Type::Time,
            Type::Version,
            Type::Pattern,
            Type::Name,
        ];
        let value_type = self.lot.pick(&types).copied().unwrap_or(Type::Name);
        self.value(value_type)
    }

    fn word(&mut self) -> String {
        let words = [
            "a",
            "Zone-1",
            "lake_writer",
            "x9",
            "edge",
            "fe80",
            "beef",
            "on",
            "tcp",
            "spiffe",
        ];
        let word = self.lot.pick(&words).copied().unwrap_or("a");
        match self.lot.one_in(2) {
            true => format!("{word}{}", self.lot.below(10_000)),
            false => word.to_owned(),
        }
    }

    fn name(&mut self) -> String {
        let word = self.word();
        match self.lot.below(4) {
            0 => format!("{word}.{}", self.lot.below(100)),
            1 => format!("{}-{word}", self.lot.below(100)),
            _ => format!("{word}_{}", self.lot.below(1 << 40)),
        }
    }

    fn decimal(&mut self, signed: bool) -> String {
        let mut text = self.lot.below(1 << 20).to_string();
        if self.lot.one_in(2) {
            let digits = usize::try_from(1 + self.lot.below(6)).unwrap_or(1);
            let _ = write!(text, ".{:0digits$}", self.lot.below(10));
        }
        let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
        match signed && !zero && self.lot.one_in(2) {
            true => format!("-{text}"),
            false => text,
        }
    }

    fn unit(&mut self, units: &[&str]) -> String {
        let unit = self.lot.pick(units).copied().unwrap_or_default();
        // Round numbers have larger units that hold them.
        let round = [1, 60, 90, 1000, 1024, 3600, 86_400, 1 << 20];
        let number = match self.lot.one_in(2) {
            true => self
                .lot
                .pick(&round)
                .map_or_else(String::new, u64::to_string),
            false => self.decimal(false),
        };
        format!("{number}{unit}")
    }

    fn rate(&mut self) -> String {
        let base = match self.lot.below(3) {
            0 => return self.unit(&["bps", "Kbps", "Mbps", "Gbps"]),
            1 => self.unit(&["B", "KiB", "MiB"]),
            _ => self.decimal(false),
        };
        let per = self.lot.pick(&["s", "m", "h", "d"]).copied().unwrap_or("s");
        format!("{base}/{per}")
    }

    fn string(&mut self) -> String {
        let parts = [
            "a",
            " ",
            "e\u{301}",
            "\u{e9}",
            "#",
            "{",
            "}",
            "\u{4e2d}",
            "'",
            "A\u{30a}",
            "1s",
            "\u{1f600}",
        ];
        let count = self.lot.below(6);
        let body: String = (0..count)
            .filter_map(|_| self.lot.pick(&parts).copied())
            .collect();
        format!("\"{body}\"")
    }

    fn v4(&mut self) -> String {
        let mut octet = || self.lot.below(256);
        format!("{}.{}.{}.{}", octet(), octet(), octet(), octet())
    }

    fn v6(&mut self) -> String {
        let forms = [
            "::",
            "::1",
            "2001:DB8::1",
            "2001:db8:0:0:0:0:0:1",
            "fe80::1:2",
            "::ffff:192.0.2.1",
            "1:2:3:4:5:6:7:8",
        ];
        self.lot.pick(&forms).copied().unwrap_or("::").to_owned()
    }

    fn net(&mut self) -> String {
        let (addr, width) = match self.lot.one_in(3) {
            true => (self.v6(), 129),
            false => (self.v4(), 33),
        };
        match self.lot.one_in(2) {
            true => format!("{addr}/{}", self.lot.below(width)),
            false => addr,
        }
    }

    fn port(&mut self) -> String {
        let protocol = self
            .lot
            .pick(&["tcp", "udp", "sctp", "tls", "dtls", "quic"])
            .copied()
            .unwrap_or("tls");
        let number = self.lot.below(65_536);
        match self.lot.below(3) {
            0 => format!("{protocol}/{number}"),
            1 => format!("{protocol}/{}:{number}", self.v4()),
            _ => format!("{protocol}/[{}]:{number}", self.v6()),
        }
    }

    fn drawn(&mut self, from: &[u8], count: usize) -> String {
        (0..count)
            .filter_map(|_| self.lot.pick(from).map(|b| char::from(*b)))
            .collect()
    }

    fn hash(&mut self) -> String {
        let digits: &[u8] = match self.lot.one_in(2) {
            true => b"0123456789abcdef",
            false => b"0123456789ABCDEF",
        };
        let algorithm = self.lot.pick(&["b3", "sha256"]).copied().unwrap_or("b3");
        format!("{algorithm}:{}", self.drawn(digits, 64))
    }

    fn pubkey(&mut self) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        format!("ed25519:{}=", self.drawn(digits, 43))
    }

    fn time(&mut self) -> String {
        let (year, month, day) = (
            1970 + self.lot.below(200),
            1 + self.lot.below(12),
            1 + self.lot.below(28),
        );
        let (hour, minute, second) = (self.lot.below(24), self.lot.below(60), self.lot.below(60));
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    fn version(&mut self) -> String {
        format!(
            "{}.{}.{}",
            self.lot.below(3),
            self.lot.below(20),
            self.lot.below(1 << 32)
        )
    }

    fn pattern(&mut self) -> String {
        let word = self.word();
        match self.lot.below(3) {
            0 => format!("{word}.*"),
            1 => format!("{word}.{}.*", self.word()),
            _ => format!("{word}.{}", self.lot.below(10)),
        }
    }
}
