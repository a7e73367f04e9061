//! The text that `nft -f` loads in one transaction.

use core::fmt::{self, Display, Formatter};

use super::ruleset::{Chain, Element, Hook, Map, Rule, Ruleset, Table};
use super::{TABLE, TABLE_OBSERVE};

/// The tables that are the box's own, whether a ruleset fills them or not.
pub(super) const OWN: [(&str, &str); 2] = [("inet", TABLE), ("netdev", TABLE_OBSERVE)];

impl Display for Ruleset {
    /// Replaces the box's tables and touches no others; the kernel takes all of it or nothing.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (family, name) in OWN {
            writeln!(f, "table {family} {name}\ndelete table {family} {name}")?;
        }
        for (name, table) in &self.tables {
            writeln!(f, "\ntable {name} {{")?;
            write_table(f, table)?;
            f.write_str("}\n")?;
        }
        Ok(())
    }
}

/// What stands between the braces of a table.
pub(super) struct Part<'a>(pub(super) &'a Table);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_table(f, self.0)
    }
}

fn write_table(f: &mut Formatter<'_>, table: &Table) -> fmt::Result {
    for (name, names) in &table.sets {
        writeln!(f, "  set {name} {{\n    type ifname")?;
        for (index, member) in names.iter().enumerate() {
            f.write_str(if index == 0 {
                "    elements = {\n"
            } else {
                ",\n"
            })?;
            write!(f, "      \"{member}\"")?;
        }
        f.write_str(if names.is_empty() {
            "  }\n"
        } else {
            "\n    }\n  }\n"
        })?;
    }
    for (name, map) in &table.maps {
        write_map(f, name, map)?;
    }
    for (name, chain) in &table.chains {
        write_chain(f, name, chain)?;
    }
    Ok(())
}

fn write_map(f: &mut Formatter<'_>, name: &str, map: &Map) -> fmt::Result {
    let Map {
        key_type,
        interval,
        elements,
    } = map;
    writeln!(f, "  map {name} {{\n    type {key_type} : verdict")?;
    if *interval {
        writeln!(f, "    flags interval")?;
    }
    f.write_str("    counter\n")?;
    for (index, (key, element)) in elements.iter().enumerate() {
        f.write_str(if index == 0 {
            "    elements = {\n      "
        } else {
            ",\n      "
        })?;
        write_element(f, key, element)?;
    }
    f.write_str(if elements.is_empty() {
        "  }\n"
    } else {
        "\n    }\n  }\n"
    })
}

pub(super) fn write_element(f: &mut dyn fmt::Write, key: &str, element: &Element) -> fmt::Result {
    f.write_str(key)?;
    if !element.comment.is_empty() {
        write!(f, " comment \"{}\"", element.comment)?;
    }
    write!(f, " : {}", element.verdict)
}

fn write_chain(f: &mut Formatter<'_>, name: &str, chain: &Chain) -> fmt::Result {
    writeln!(f, "  chain {name} {{")?;
    if let Some(Hook {
        hook,
        device,
        priority,
        drops,
    }) = &chain.hook
    {
        write!(f, "    type filter hook {hook}")?;
        if let Some(device) = device {
            write!(f, " device \"{device}\"")?;
        }
        writeln!(
            f,
            " priority {priority}; policy {};",
            if *drops { "drop" } else { "accept" }
        )?;
    }
    for Rule { text, comment, .. } in &chain.rules {
        write!(f, "    {text}")?;
        if !comment.is_empty() {
            write!(f, " comment \"{comment}\"")?;
        }
        f.write_str("\n")?;
    }
    f.write_str("  }\n")
}
