//! `deny.toml` holds also where cargo-deny is not installed: licences, bans and sources, from what cargo itself says.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod tree;

use std::collections::{BTreeMap, BTreeSet};

use tree::{cargo, none, read};

/// The programs that run on a box or open its evidence.
const BOX: [&str; 8] = [
    "-p",
    "iia-box",
    "-p",
    "iia-io",
    "-p",
    "iia-apply",
    "-p",
    "iia-verify",
];
/// Programs and crates that nothing here could do without: if they are not seen, the tree was not read.
const SEEN: [&str; 4] = ["rustls", "parquet", "tokio", "blake3"];

fn policy() -> toml::Table {
    read("deny.toml").parse().unwrap()
}

fn list(section: &str, key: &str) -> Vec<String> {
    let policy = policy();
    let values = policy[section][key].as_array().unwrap();
    values
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

/// Every banned crate, and the packages that may depend on it all the same.
fn bans() -> BTreeMap<String, Vec<String>> {
    let policy = policy();
    let values = policy["bans"]["deny"].as_array().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let ban = |value: &toml::Value| match value.as_str() {
        Some(name) => (name.to_owned(), Vec::new()),
        None => {
            let wrappers = value["wrappers"].as_array().unwrap();
            (text(&value["crate"]), wrappers.iter().map(text).collect())
        }
    };
    values.iter().map(ban).collect()
}

/// Name and licence of every package that `selection` needs; `edges` as in `cargo tree`.
fn packages(selection: &[&str], edges: &str) -> BTreeSet<(String, String)> {
    let fixed = [
        "tree",
        "--all-features",
        "--locked",
        "--offline",
        "--prefix=none",
        "--format={p}\t{l}",
        "-e",
        edges,
    ];
    let text = cargo(&[&fixed[..], selection].concat());
    let lines = text.lines().filter(|line| !line.is_empty());
    let package = |line: &str| {
        let (package, licence) = line.split_once('\t').unwrap();
        let name = package.split(' ').next().unwrap();
        (
            name.to_owned(),
            licence.trim_end_matches(" (*)").trim().to_owned(),
        )
    };
    lines.map(package).collect()
}

#[test]
fn no_banned_crate_is_in_the_box() {
    let banned = bans();
    let found = packages(&BOX, "normal,build");
    for name in SEEN {
        assert!(
            found.iter().any(|(package, _)| package == name),
            "{name} is not seen"
        );
    }
    let wrong: Vec<_> = found
        .iter()
        .filter(|(name, _)| banned.contains_key(name))
        .map(|(name, _)| format!("{name}: see it with `cargo tree -i {name}`"))
        .collect();
    none(&wrong, "banned by deny.toml and in the tree of the box");
}

#[test]
fn no_banned_crate_is_anywhere_but_below_its_wrappers() {
    let mut wrong = Vec::new();
    let (found, dependents) = (packages(&["--workspace"], "normal,build,dev"), dependents());
    for (name, wrappers) in bans() {
        if !found.iter().any(|(package, _)| *package == name) {
            continue;
        }
        let above = dependents.get(&name).cloned().unwrap_or_default();
        let others = above.iter().filter(|above| !wrappers.contains(above));
        wrong.extend(others.map(|above| format!("{above} depends on {name}")));
        if above.is_empty() {
            wrong.push(name);
        }
    }
    none(&wrong, "banned by deny.toml");
}

/// A package alone, with every feature of its own: `--workspace` would join the features of all.
#[test]
fn what_speaks_http_is_below_the_vault_and_the_agent_alone() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let names = lock["package"].as_array().unwrap().iter();
    let names = names.filter_map(|package| package["name"].as_str());
    let speaks = |name: &&str| {
        let found = packages(&["-p", name], "normal,build");
        found.iter().any(|(package, _)| package == "http")
    };
    let own: Vec<_> = names.filter(|name| name.starts_with("iia")).collect();
    assert!(own.contains(&"iia-box") && own.contains(&"iia-link"));
    let own = own.into_iter().filter(|name| *name != "iia-fuzz-bodies");
    let above: Vec<_> = own.filter(speaks).collect();
    assert_eq!(above, ["iia-agent", "iia-identity", "iia-vault"]);
    // The library does so behind its feature alone.
    let plain = [
        "tree",
        "-p",
        "iia-identity",
        "-e",
        "normal,build",
        "--prefix=none",
    ];
    let plain = cargo(&[&plain[..], &["--locked", "--offline"]].concat());
    assert!(plain.lines().any(|line| line.starts_with("rcgen ")));
    assert!(!plain.lines().any(|line| line.starts_with("http ")));
}

/// Who depends on each package, by the lock file.
fn dependents() -> BTreeMap<String, BTreeSet<String>> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let mut above: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let needs = package.get("dependencies").and_then(toml::Value::as_array);
        for need in needs.into_iter().flatten() {
            let need = need.as_str().unwrap().split(' ').next().unwrap();
            let name = package["name"].as_str().unwrap();
            above.entry(need.into()).or_default().insert(name.into());
        }
    }
    above
}

#[test]
fn every_licence_is_allowed() {
    let allowed = list("licenses", "allow");
    let found = packages(&["--workspace"], "normal,build,dev");
    let wrong: Vec<_> = found
        .iter()
        .filter(|(_, licence)| !satisfied(licence, &allowed))
        .map(|(name, licence)| format!("{name}: {licence:?}"))
        .collect();
    none(&wrong, "licences outside the list of deny.toml");
}

#[test]
fn every_package_comes_from_the_public_registry() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let allowed = list("sources", "allow-registry");
    let packages = lock["package"].as_array().unwrap();
    let wrong: Vec<_> = packages
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str()?;
            let source = package.get("source").and_then(toml::Value::as_str);
            let good = match source.map(|source| source.strip_prefix("registry+")) {
                None => name.starts_with("iia"),
                Some(registry) => {
                    registry.is_some_and(|registry| allowed.iter().any(|one| one == registry))
                }
            };
            (!good).then(|| format!("{name} from {source:?}"))
        })
        .collect();
    none(&wrong, "packages from elsewhere");
}

/// Whether a licence expression can be met with `allowed` licences: AND needs both, OR needs one, `/` is an old OR.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&words, &mut at, allowed);
    met && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at, allowed);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if *word == "(" {
        let met = any_of(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    let mut licence = (*word).to_owned();
    if let [Some(&"WITH"), Some(exception)] = [words.get(*at), words.get(*at + 1)] {
        licence = format!("{licence} WITH {exception}");
        *at += 2;
    }
    allowed.contains(&licence)
}

#[test]
fn licence_expressions_are_read_as_their_standard_says() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for (expression, want) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(ISC AND GPL-3.0) OR (MIT AND GPL-3.0)", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT)", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), want, "{expression:?}");
    }
}
