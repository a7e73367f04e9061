//! What makes an interface passive, as text: whoever has the right applies it.

use std::fmt;
use std::str::FromStr;

/// A name that an interface can have and that means the same to every program it is given to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface(String);

/// Bytes of an interface's name at most (IFNAMSIZ, less the end).
pub const NAME_LEN_MAX: usize = 15;

/// Why a text is no name of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an interface's name has 1 to 15 letters, digits, `-`, `_` or `.`, and begins with a letter or digit")
    }
}

impl std::error::Error for NotAName {}

impl FromStr for Interface {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let first = text.bytes().next().ok_or(NotAName)?;
        let sound = first.is_ascii_alphanumeric() && text.bytes().all(sound);
        (sound && text.len() <= NAME_LEN_MAX)
            .then(|| Self(text.to_owned()))
            .ok_or(NotAName)
    }
}

impl Interface {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The firewall's rules: nothing leaves, and the host's own protocols hear nothing of what comes in. Whoever observes
    /// through a packet socket hears it before. To load as one: `nft -f -`; loading it again changes nothing.
    pub fn rules(&self) -> String {
        let (name, table) = (&self.0, self.table());
        let chain = |chain: &str, hook: &str| {
            format!(
                "\tchain {chain} {{\n\t\ttype filter hook {hook} device \"{name}\" priority -500; policy drop;\n\
                 \t\tcounter drop\n\t}}\n"
            )
        };
        format!(
            "table netdev {table}\ndelete table netdev {table}\ntable netdev {table} {{\n{}{}}}\n",
            chain("out", "egress"),
            chain("in", "ingress"),
        )
    }

    /// Settings of the kernel, one a line, as `sysctl -p` reads them.
    pub fn settings(&self) -> String {
        // WHY: a dot in a name would be taken for the next part of the key.
        let name = self.0.replace('.', "/");
        let v6 = format!("net.ipv6.conf.{name}");
        let v4 = format!("net.ipv4.conf.{name}");
        format!(
            "{v6}.disable_ipv6 = 1\n{v6}.accept_ra = 0\n{v4}.arp_ignore = 8\n{v4}.arp_announce = 2\n{v4}.forwarding = 0\n"
        )
    }

    /// Commands, each as its words: the interface takes everything, has no address and asks for none. The rules and settings
    /// come before; the last command takes it up.
    pub fn commands(&self) -> Vec<Vec<String>> {
        let name = self.0.as_str();
        let commands: [&[&str]; 5] = [
            &["ip", "link", "set", "dev", name, "down"],
            &["ip", "address", "flush", "dev", name],
            &["ip", "link", "set", "dev", name, "addrgenmode", "none"],
            &[
                "ip",
                "link",
                "set",
                "dev",
                name,
                "arp",
                "off",
                "multicast",
                "off",
            ],
            &["ip", "link", "set", "dev", name, "promisc", "on", "up"],
        ];
        commands
            .iter()
            .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
            .collect()
    }

    /// A command that leaves frames as they were on the cable: the hardware puts none together and takes no tags out. Not every
    /// interface knows each of these; what is not known is refused and changes nothing.
    pub fn fidelity(&self) -> Vec<Vec<String>> {
        ["gro", "lro", "rxvlan"]
            .map(|what| {
                ["ethtool", "-K", &self.0, what, "off"]
                    .map(str::to_owned)
                    .to_vec()
            })
            .to_vec()
    }

    fn table(&self) -> String {
        let word: String = self
            .0
            .chars()
            .map(|one| {
                if one.is_ascii_alphanumeric() {
                    one
                } else {
                    '_'
                }
            })
            .collect();
        format!("observe_{word}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_is_one() {
        for good in ["eth1", "enp0s31f6", "br-ot.100", "fifteen-letters"] {
            assert_eq!(good.parse::<Interface>().unwrap().name(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            "-a",
            "_a",
            "a b",
            "a/b",
            "a\"b",
            "a\nb",
            "a;b",
            "a:b",
            "sixteen--letters",
            "ä",
        ] {
            assert_eq!(bad.parse::<Interface>(), Err(NotAName), "{bad}");
        }
    }

    #[test]
    fn the_text_is_as_it_reads() {
        let interface: Interface = "ot-1.5".parse().unwrap();
        let rules = interface.rules();
        assert!(
            rules.starts_with("table netdev observe_ot_1_5\ndelete table netdev observe_ot_1_5\n")
        );
        assert!(
            rules.contains("type filter hook egress device \"ot-1.5\" priority -500; policy drop;")
        );
        assert!(
            rules
                .contains("type filter hook ingress device \"ot-1.5\" priority -500; policy drop;")
        );
        assert!(
            interface
                .settings()
                .starts_with("net.ipv6.conf.ot-1/5.disable_ipv6 = 1\n")
        );
        let last = interface.commands().pop().unwrap();
        assert_eq!(last.join(" "), "ip link set dev ot-1.5 promisc on up");
    }
}
