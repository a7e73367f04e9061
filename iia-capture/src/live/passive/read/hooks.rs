//! What the kernel's firewall does with the frames of an interface, as its rules are listed in text (`nft list ruleset`). The text
//! is read and not the JSON, which leaves the interface of a chain on the way out away in nft 1.0.6.

/// Bytes of a listing at most.
pub const LISTING_LEN_MAX: usize = 16 * 1024 * 1024;

/// What becomes of frames at one hook of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hook {
    /// Nobody looked.
    Unknown,
    /// Some may pass.
    Open,
    /// All are dropped.
    Shut,
}

/// What becomes of frames that leave through an interface, and of those that come in behind whoever observes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hooks {
    /// On the way out.
    pub egress: Hook,
    /// On the way to the host's own protocols.
    pub ingress: Hook,
}

/// A chain that is being read: what it is for, and whether anything in it is more than dropping.
#[derive(Clone, Copy, Default)]
struct Chain {
    egress: bool,
    ingress: bool,
    other: bool,
}

impl Hooks {
    /// Nobody looked.
    pub const UNKNOWN: Self = Self {
        egress: Hook::Unknown,
        ingress: Hook::Unknown,
    };

    /// Reads a listing. What it does not say for sure is open; what is too long says nothing.
    pub fn read(listing: &str, interface: &str) -> Self {
        if listing.len() > LISTING_LEN_MAX {
            return Self::UNKNOWN;
        }
        let mut hooks = Self {
            egress: Hook::Open,
            ingress: Hook::Open,
        };
        let (mut netdev, mut chain) = (false, None::<Chain>);
        for line in listing.lines().filter(|line| !line.is_empty()) {
            let depth = line.len() - line.trim_start_matches('\t').len();
            let line = line.trim();
            match (depth, &mut chain) {
                (0, _) => netdev = line.starts_with("table netdev ") && line.ends_with('{'),
                (1, _) if line == "}" => hooks.shut(chain.take()),
                (1, _) if netdev && line.starts_with("chain ") => chain = Some(Chain::default()),
                (2.., Some(chain)) => chain.line(line, interface),
                _ => {}
            }
        }
        hooks
    }

    fn shut(&mut self, chain: Option<Chain>) {
        let Some(chain) = chain.filter(|chain| !chain.other) else {
            return;
        };
        if chain.egress {
            self.egress = Hook::Shut;
        }
        if chain.ingress {
            self.ingress = Hook::Shut;
        }
    }
}

impl Chain {
    fn line(&mut self, line: &str, interface: &str) {
        let head = |hook: &str| {
            let rest = line.strip_prefix("type filter hook ")?;
            let rest = rest.strip_prefix(hook)?.strip_suffix(" policy drop;")?;
            let (devices, _) = rest.split_once(" priority ")?;
            covers(devices.trim(), interface).then_some(())
        };
        match (head("egress "), head("ingress ")) {
            (Some(()), _) => self.egress = true,
            (_, Some(())) => self.ingress = true,
            _ => self.other |= !only_drops(line),
        }
    }
}

/// A chain names one interface, or several.
fn covers(devices: &str, interface: &str) -> bool {
    let named = |text: &str| {
        text.trim()
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            == Some(interface)
    };
    if let Some(one) = devices.strip_prefix("device ") {
        return named(one);
    }
    let several = devices
        .strip_prefix("devices = {")
        .and_then(|several| several.strip_suffix('}'));
    several.is_some_and(|several| several.split(',').any(named))
}

/// Whether a rule is to drop, and perhaps to count, and nothing else.
fn only_drops(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["drop"] => true,
        ["counter", "packets", packets, "bytes", bytes, "drop"] => {
            packets.parse::<u64>().is_ok() && bytes.parse::<u64>().is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(head: &str, rules: &[&str]) -> String {
        let rules: String = rules.iter().map(|rule| format!("\t\t{rule}\n")).collect();
        format!(
            "table inet filter {{\n\tchain input {{\n\t\taccept\n\t}}\n}}\ntable netdev t {{\n\tchain out {{\n\t\t{head}\n{rules}\t}}\n}}\n"
        )
    }

    const HEAD: &str = r#"type filter hook egress device "eth1" priority -500; policy drop;"#;
    const MANY: &str =
        r#"type filter hook egress devices = { "eth0", "eth1" } priority filter; policy drop;"#;

    #[test]
    fn a_chain_that_drops_everything_shuts_its_hook() {
        let counted = "counter packets 12 bytes 840 drop";
        for (head, rules) in [
            (HEAD, &[][..]),
            (HEAD, &["drop"]),
            (HEAD, &[counted, "drop"]),
            (MANY, &[counted]),
        ] {
            let hooks = Hooks::read(&listing(head, rules), "eth1");
            assert_eq!(
                (hooks.egress, hooks.ingress),
                (Hook::Shut, Hook::Open),
                "{head}"
            );
        }
        let ingress = format!(
            "\n\tchain in {{\n\t\t{}\n\t}}\n}}\n",
            HEAD.replace("egress", "ingress")
        );
        let both = listing(HEAD, &["drop"]);
        let both = both.strip_suffix("}\n").unwrap().to_owned() + &ingress;
        let hooks = Hooks::read(&both, "eth1");
        assert_eq!((hooks.egress, hooks.ingress), (Hook::Shut, Hook::Shut));
    }

    #[test]
    fn anything_that_could_pass_leaves_it_open() {
        let heads = [
            HEAD.replace("policy drop", "policy accept"),
            HEAD.replace(" policy drop;", ""),
            HEAD.replace("eth1", "eth2"),
            HEAD.replace("eth1", "eth11"),
            HEAD.replace("egress", "ingress"),
            MANY.replace("eth1", "eth2"),
            String::new(),
        ];
        for head in heads {
            let text = listing(&head, &["drop"]);
            assert_eq!(Hooks::read(&text, "eth1").egress, Hook::Open, "{head}");
        }
        for rule in [
            "accept",
            "fwd to \"eth1\"",
            "dup to \"eth2\"",
            "jump other",
            "ether type arp accept",
            "counter packets 1 bytes 2 accept",
            "counter packets x bytes 2 drop",
            "limit rate 1/second accept",
        ] {
            let text = listing(HEAD, &["drop", rule]);
            assert_eq!(Hooks::read(&text, "eth1").egress, Hook::Open, "{rule}");
        }
        let elsewhere = listing(HEAD, &["drop"]).replace("netdev", "inet");
        assert_eq!(Hooks::read(&elsewhere, "eth1").egress, Hook::Open);
        // A chain that never ends says nothing for sure.
        let (cut, _) = listing(HEAD, &["drop"])
            .rsplit_once("\t}")
            .map(|(cut, end)| (cut.to_owned(), end.to_owned()))
            .unwrap();
        assert_eq!(Hooks::read(&cut, "eth1").egress, Hook::Open);
    }

    #[test]
    fn what_is_too_long_says_nothing() {
        let long = " ".repeat(LISTING_LEN_MAX + 1);
        assert_eq!(Hooks::read(&long, "eth1"), Hooks::UNKNOWN);
        assert_eq!(Hooks::read("", "eth1").egress, Hook::Open);
    }
}
