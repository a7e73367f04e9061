//! Readers of what runs: bytes that whoever drives the observer has read, and nothing more.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};

use super::reference::{IN_FORCE, joined};
use crate::config::element::{Aspect, Element, Kind, Running, State};

/// Lines of one state that are looked at, at most.
pub const LINES_MAX: usize = 262_144;

/// A rendered file: what it says of itself, and what it starts.
pub fn file(path: &str, bytes: &[u8], mode: u32, owner: u32) -> Running {
    let mut state = State::default()
        .with(
            Aspect::Content,
            Digest::of(Context::File, bytes).to_string(),
        )
        .with(Aspect::Mode, format!("{:04o}", mode & 0o7777))
        .with(Aspect::Owner, owner.to_string());
    let text = core::str::from_utf8(bytes).unwrap_or_default();
    let rendered = text.strip_prefix("# Rendered from ");
    if let Some((revision, _)) = rendered.and_then(|rest| rest.split_once(". ")) {
        // A version has dots, and none of them is before a space.
        state = state.with(Aspect::Revision, revision);
    }
    for line in text.lines().take(LINES_MAX) {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        state = match key {
            "ExecStart" => started(state, value),
            "User" => state.with(Aspect::User, value),
            "Image" => state.with(Aspect::Image, value),
            _ => state,
        };
    }
    Running::new(Element::new(Kind::File, path), state)
}

/// What a unit of systemd starts: the program, and arguments that it quotes.
fn started(state: State, command: &str) -> State {
    let (program, rest) = command.split_once(' ').unwrap_or((command, ""));
    let state = state.with(Aspect::Program, program);
    let arguments = match quoted(rest) {
        Some(arguments) => joined(arguments.iter().map(String::as_str)),
        // Not quoted: as it stands.
        None => rest.into(),
    };
    state.with(Aspect::Arguments, arguments)
}

/// Arguments between quotation marks, as systemd reads them (systemd.service, "Command lines").
fn quoted(text: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let mut chars = text.trim().chars().peekable();
    while let Some(first) = chars.next() {
        (first == '"').then_some(())?;
        let mut argument = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => argument.push(chars.next()?),
                // A sign doubled is the sign.
                sign @ ('%' | '$') => {
                    (chars.next()? == sign).then_some(())?;
                    argument.push(sign);
                }
                other => argument.push(other),
            }
        }
        arguments.push(argument);
        match chars.next() {
            None => break,
            Some(' ') => {}
            Some(_) => return None,
        }
    }
    Some(arguments)
}

/// A process of a unit: its `/proc/PID/cmdline` and the user it runs as.
pub fn process(unit: &str, command_line: &[u8], user: u32) -> Running {
    let text = String::from_utf8_lossy(command_line);
    let mut words = text.strip_suffix('\0').unwrap_or(&text).split('\0');
    let program = words.next().unwrap_or_default();
    let state = State::default()
        .with(Aspect::Program, program)
        .with(Aspect::Arguments, joined(words))
        .with(Aspect::User, user.to_string());
    Running::new(Element::new(Kind::Process, unit), state)
}

/// A setting of the kernel.
pub fn kernel(name: &str, value: &str) -> Running {
    let state = State::default().with(Aspect::Value, value.trim());
    Running::new(Element::new(Kind::Kernel, name), state)
}

/// A gated call, by its record in the audit chain, and the digest (`Context::State`) of the state that it governs as it is now,
/// where that can be had; `None` for another event. The newest record of a call counts.
pub fn call(event: &Event, now: Option<Digest>) -> Option<Running> {
    if event.kind != EventKind::GatedCall {
        return None;
    }
    let state = State::default().with(Aspect::Revision, event.field("artifact")?);
    let state = match now.map(|now| now.to_string()) {
        Some(now) if event.field("after") == Some(&now) => state.with(Aspect::Value, IN_FORCE),
        Some(_) => state.with(Aspect::Value, "changed since it was made"),
        None => state,
    };
    Some(Running::new(
        Element::new(Kind::Call, event.field("call")?),
        state,
    ))
}

/// The digest of rendered files as the call that renders them states it: each as a line with length and path, and its bytes.
pub fn tree<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Digest {
    let mut bytes = Vec::new();
    let sorted: BTreeMap<&str, &[u8]> = files.collect();
    for (path, content) in sorted {
        bytes.extend_from_slice(format!("file {} {path}\n", content.len()).as_bytes());
        bytes.extend_from_slice(content);
    }
    Digest::of(Context::State, &bytes)
}

/// The lines of a state that the applier keeps in a file, by the name of its call; nothing for a call that keeps none.
pub fn lines(call: &str, text: &str) -> Vec<Running> {
    let lines = text.lines().take(LINES_MAX);
    let of = |line: &str| one(call, line);
    lines.filter_map(of).collect()
}

fn one(call: &str, line: &str) -> Option<Running> {
    let words: Vec<&str> = line.split(' ').collect();
    let said = State::default();
    let (kind, name, state) = match (call, words.as_slice()) {
        ("trust_roots", [name, domain]) => (Kind::Root, *name, said.with(Aspect::Value, *domain)),
        ("trust_roots", [name, domain, digest]) => {
            let state = said.with(Aspect::Value, *domain);
            (Kind::Root, *name, state.with(Aspect::Content, *digest))
        }
        ("idps", _) => (Kind::Reference, line, said),
        ("bindings", [id, role, addr]) => {
            let state = said.with(Aspect::Role, *role).with(Aspect::Address, *addr);
            (Kind::Identity, *id, state)
        }
        ("catalog", [id, version]) => (Kind::Contract, *id, said.with(Aspect::Version, *version)),
        ("endpoints", [name, workload, verb, addr]) => {
            let state = said.with(Aspect::Value, format!("{workload} {verb}"));
            (Kind::Endpoint, *name, state.with(Aspect::Address, *addr))
        }
        // A line that no applier writes stands there all the same.
        ("trust_roots", _) => (Kind::Root, line, said),
        ("bindings", _) => (Kind::Identity, line, said),
        ("catalog", _) => (Kind::Contract, line, said),
        ("endpoints", _) => (Kind::Endpoint, line, said),
        _ => return None,
    };
    Some(Running::new(Element::new(kind, name), state))
}

/// The firewall, from `nft -s list ruleset`: each rule and element of a set by its place and its own words, how often it is
/// there, and for each chain in which order.
pub fn firewall(listing: &str) -> Vec<Running> {
    let mut reader = Reader::default();
    for line in listing.lines().take(LINES_MAX) {
        reader.line(line.trim());
    }
    let counted = reader.found.into_iter().map(|(name, count)| {
        let state = State::default().with(Aspect::Count, count.to_string());
        Running::new(Element::new(Kind::Rule, name), state)
    });
    let ordered = reader.chains.into_iter().map(|(name, rules)| {
        let order = Digest::of(Context::State, rules.as_bytes()).to_string();
        let state = State::default().with(Aspect::Order, order);
        Running::new(Element::new(Kind::Rule, name), state)
    });
    counted.chain(ordered).collect()
}

/// Reads a listing line by line.
#[derive(Default)]
struct Reader {
    /// Table, and chain or set, that the line stands in.
    within: Vec<String>,
    /// Whether the elements of a set go on.
    elements: bool,
    found: BTreeMap<String, u64>,
    /// The rules of each chain, in order.
    chains: BTreeMap<String, String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let line = uncounted(line);
        if self.elements {
            return self.listed(&line);
        }
        if let Some(head) = line.strip_suffix('{').map(str::trim) {
            // A set's own braces stand on one line, or open a list of elements.
            match head.strip_suffix('=').map(str::trim) {
                Some(_) => self.elements = true,
                None => self.opened(head),
            }
            return;
        }
        if let Some(list) = line.strip_prefix("elements = {") {
            self.elements = true;
            return self.listed(list);
        }
        match line.as_str() {
            "" => {}
            "}" => drop(self.within.pop()),
            rule => self.rule(rule),
        }
    }

    fn opened(&mut self, head: &str) {
        let name = match head.strip_prefix("table ") {
            Some(table) => table.into(),
            None => head.into(),
        };
        self.within.push(name);
        let place = self.within.join(" ");
        self.count(place.clone());
        if head.starts_with("chain ") {
            self.chains.insert(format!("{place}: rules"), String::new());
        }
    }

    fn rule(&mut self, rule: &str) {
        let place = self.within.join(" ");
        if let Some(rules) = self.chains.get_mut(&format!("{place}: rules")) {
            rules.push_str(rule);
            rules.push('\n');
        }
        self.count(format!("{place}: {rule}"));
    }

    /// Elements of a set, up to the brace that ends them; a comma between quotation marks separates none.
    fn listed(&mut self, line: &str) {
        let place = self.within.join(" ");
        let (mut element, mut is_quoted) = (String::new(), false);
        for c in line.chars() {
            match c {
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => {
                    self.element(&place, &element);
                    element.clear();
                    continue;
                }
                '}' if !is_quoted => {
                    self.elements = false;
                    break;
                }
                _ => {}
            }
            element.push(c);
        }
        self.element(&place, &element);
    }

    fn element(&mut self, place: &str, element: &str) {
        if !element.trim().is_empty() {
            self.count(format!("{place}: element {}", element.trim()));
        }
    }

    fn count(&mut self, name: String) {
        *self.found.entry(name).or_default() += 1;
    }
}

/// A line without what the kernel counts in it.
fn uncounted(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut rest = line.split(' ').peekable();
    while let Some(word) = rest.next() {
        let counts = word == "counter" && rest.peek() == Some(&"packets");
        words.push(word);
        if counts {
            // packets N bytes N
            let _counts = rest.nth(3);
        }
    }
    words.join(" ")
}
