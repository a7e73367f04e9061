//! What the sources may say: roles and not products, nothing unfinished, files of a readable size, front pages that run.

mod tree;

use tree::code::Words;
use tree::page::{Tests, quoted, tables};
use tree::{files, none, packages, root};

/// Products that this architecture leaves to whoever builds a box.
const PRODUCTS: [&str; 47] = [
    "antrea",
    "arkime",
    "calico",
    "chirpstack",
    "chrony",
    "cilium",
    "cloudflare",
    "dnsmasq",
    "docker",
    "ducklake",
    "emqx",
    "grafana",
    "guacamole",
    "hivemq",
    "ignition",
    "influx",
    "kafka",
    "kepware",
    "keycloak",
    "kubernetes",
    "mosquitto",
    "nats",
    "nebula",
    "nftables",
    "open62541",
    "openssl",
    "podman",
    "prometheus",
    "pulsar",
    "pymodbus",
    "quadlet",
    "rabbitmq",
    "redis",
    "rockwell",
    "samba",
    "siemens",
    "snort",
    "spire",
    "splunk",
    "streampipes",
    "superset",
    "suricata",
    "systemd",
    "tailscale",
    "teleport",
    "timescale",
    "wireguard",
];

/// Fields that a format of others has under these names, whoever writes it.
const FIELDS: [&str; 2] = ["docker-manifest-digest", "docker-reference"];

/// Folders of code whose work is to write for one product, or to read what it says, and which name it; decoders know the
/// makers to whom a protocol gave numbers.
const ADAPTERS: [&str; 5] = ["/compile/", "/render/", "/export/", "/read/", "/decode/"];

#[test]
fn i5_roles_and_not_products() {
    let mut wrong = Vec::new();
    let mut name = |path: &str, word: &str| {
        let lower = FIELDS
            .iter()
            .fold(word.to_lowercase(), |word, field| word.replace(field, ""));
        let found = PRODUCTS.iter().find(|product| is_word(&lower, product));
        wrong.extend(found.map(|product| format!("{path}: {product} in {word:?}")));
    };
    for source in files(&[".rs"]).iter().filter(|source| source.ships()) {
        if source.path.starts_with("iia-")
            && !ADAPTERS.iter().any(|part| source.path.contains(part))
        {
            let words = Words::of(&source.path, &source.text);
            words
                .idents
                .iter()
                .chain(&words.texts)
                .for_each(|word| name(&source.path, word));
        }
    }
    // Artifacts of tests may name what they like; those that ship may not.
    for source in files(&[".icl"])
        .iter()
        .filter(|one| one.path.starts_with("examples/"))
    {
        let said = source
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("adapter"));
        said.for_each(|line| name(&source.path, line));
    }
    none(&wrong, "products in normative sources; name the role");
}

/// Whether `word` occurs in `text` between other characters than letters.
fn is_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let letter = |one: Option<char>| one.is_some_and(char::is_alphabetic);
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(word).unwrap_or_default();
        !letter(before.chars().next_back()) && !letter(after.chars().next())
    })
}

#[test]
fn products_are_found_as_words() {
    for (text, want) in [
        ("run_suricata", true),
        ("nats://x", true),
        ("signatures", false),
        ("inspire", false),
    ] {
        let found = PRODUCTS.iter().any(|product| is_word(text, product));
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn nothing_is_unfinished() {
    // Spelled in parts, so that this file does not find itself.
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["HA", "CK"],
        ["unimple", "mented!"],
        ["to", "do!("],
    ];
    let marks = marks.map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for source in files(&[
        ".rs", ".md", ".icl", ".toml", ".py", ".yml", "/test", ".ci/run",
    ]) {
        for (number, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    none(&wrong, "unfinished corners");
}

/// Lines of a source file at most.
const LINES_MAX: usize = 500;
#[test]
fn files_can_be_read_in_one_sitting() {
    let wrong: Vec<_> = files(&[".rs", ".py"])
        .iter()
        .map(|source| (&source.path, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{path} has {lines}"))
        .collect();
    none(&wrong, "files over 500 lines");
}

#[test]
fn every_crate_has_a_front_page_that_runs() {
    let mut wrong = Vec::new();
    for package in packages()
        .iter()
        .filter(|package| package.dir != "examples")
    {
        let page = root().join(&package.dir).join("README.md");
        let Ok(page) = std::fs::read_to_string(page) else {
            wrong.push(format!("{} has no README.md", package.dir));
            continue;
        };
        if package.is_library() {
            let root = tree::read(&format!("{}/src/lib.rs", package.dir));
            if !root.starts_with("#![doc = include_str!(\"../README.md\")]") {
                wrong.push(format!(
                    "{}/src/lib.rs does not include its README.md",
                    package.dir
                ));
            }
            if !examples(&page).any(|kind| kind.is_empty() || kind == "rust") {
                wrong.push(format!(
                    "{}/README.md has no example that runs",
                    package.dir
                ));
            }
        }
    }
    none(&wrong, "crates without a front page that runs");
}

/// What follows the opening fence of each example of a page.
fn examples(page: &str) -> impl Iterator<Item = &str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("```"))
        .step_by(2)
}

#[test]
fn every_test_that_a_threat_model_names_exists() {
    let sources = files(&[".rs"]);
    let tests = Tests::of(&sources);
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for page in files(&["README.md", "SECURITY.md"]) {
        let package = page.package().to_owned();
        for table in tables(&page.text) {
            let Some(column) = table.column("test") else {
                continue;
            };
            for row in &table.rows {
                rows += 1;
                let cell = row.get(column).map_or("", String::as_str);
                let at = format!("{}: {}", page.path, row.join(" | "));
                let found = quoted(cell);
                // The page's own example runs as a test.
                if found.is_empty() && cell != "this page" {
                    wrong.push(format!("{at}: names no test"));
                }
                let missing = found.iter().filter_map(|one| tests.missing(one, &package));
                wrong.extend(missing.map(|why| format!("{at}: {why}")));
            }
        }
    }
    assert!(rows > 20, "only {rows} rows of threat models were read");
    none(&wrong, "promises without a test");
}

#[test]
fn every_library_has_a_threat_model() {
    let pages = files(&["README.md"]);
    let wrong: Vec<_> = packages()
        .iter()
        .filter(|package| package.is_library())
        .filter(|package| {
            let page = pages
                .iter()
                .find(|page| page.path == format!("{}/README.md", package.dir));
            !page.is_some_and(|page| {
                tables(&page.text).iter().any(|table| {
                    let head = ["boundary", "attacker", "promise", "test"];
                    table.head == head && !table.rows.is_empty()
                })
            })
        })
        .map(|package| package.dir.clone())
        .collect();
    none(
        &wrong,
        "libraries whose README has no table boundary, attacker, promise, test",
    );
}
