//! The picture of ARCHITECTURE.md is what the manifests and sources say: arrows, confined crates, clock, sockets, lints.
#![expect(clippy::unwrap_used, reason = "tests")]

mod tree;

use std::collections::{BTreeMap, BTreeSet};

use tree::code::Words;
use tree::page::tables;
use tree::{Package, Source, cargo, files, none, packages, read};

/// Crates that only some of ours may name. Dependencies of tests are free: outside judges are wanted there.
const CONFINED: [(&str, &[&str]); 34] = [
    ("age", &["iia-identity"]),
    ("arrow-array", &["iia", "iia-box", "iia-lake"]),
    ("arrow-cast", &["iia", "iia-lake"]),
    ("arrow-ipc", &["iia-lake"]),
    ("aws-lc-rs", &["iia-identity"]),
    ("blake3", &["iia-core"]),
    ("boreal", &["iia-capture"]),
    ("ed25519-dalek", &["iia-core"]),
    ("hyper", &["iia-identity"]),
    ("minicbor", &["iia-core"]),
    ("nix", &["iia-capture", "iia-identity"]),
    ("nom", &["iia-attest", "iia-config"]),
    ("p256", &["iia-attest"]),
    ("p384", &["iia-attest"]),
    ("parquet", &["iia-lake"]),
    ("prost", &["iia-identity"]),
    ("quick-xml", &["iia-edge"]),
    ("rcgen", &["iia-identity"]),
    ("ring", &[]),
    ("rsa", &["iia-attest"]),
    ("rustls", &["iia-identity", "iia-vault"]),
    ("rustls-webpki", &["iia-identity"]),
    ("rusty-s3", &["iia-edge"]),
    ("ruzstd", &["iia-capture"]),
    ("seccompiler", &["iia-capture"]),
    ("sha1", &["iia-attest"]),
    (
        "sha2",
        &[
            "iia-attest",
            "iia-audit",
            "iia-config",
            "iia-edge",
            "iia-identity",
        ],
    ),
    (
        "tokio",
        &[
            "iia-agent",
            "iia-box",
            "iia-edge",
            "iia-identity",
            "iia-link",
        ],
    ),
    ("tokio-rustls", &[]),
    ("tonic", &["iia-identity"]),
    ("tss-esapi", &["iia-identity"]),
    ("ureq", &["iia-vault"]),
    ("vm-memory", &["iia-capture"]),
    ("x509-parser", &["iia-identity"]),
];
/// Names that occur in the code of some packages only, however they are reached.
const KEPT_IN: [(&str, &[&str]); 9] = [
    ("blake3", &["iia-core"]),
    ("ed25519_dalek", &["iia-core"]),
    // gRPC is HTTP/2: the Workload API behind its feature, and nobody else.
    ("hyper", &["iia-identity"]),
    // Certificates for a fuzz target are made by it.
    ("rcgen", &["iia-identity", "fuzz"]),
    // A public store has a certificate of the public web, which no SVID is.
    ("rustls", &["iia-identity", "bins/iia-vault"]),
    ("tonic", &["iia-identity"]),
    // The one client of HTTP, of broker scope.
    ("ureq", &["bins/iia-vault"]),
    ("webpki", &["iia-identity"]),
    ("x509_parser", &["iia-identity"]),
];

fn rust() -> Vec<Source> {
    files(&[".rs"])
}

/// The table of arrows: who may depend on whom, by the names of the page.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let page = read("ARCHITECTURE.md");
    let mut tables = tables(&page).into_iter();
    let table = tables
        .find(|table| {
            table
                .head
                .first()
                .is_some_and(|head| head.starts_with("depends on"))
        })
        .unwrap();
    let row = |row: &Vec<String>| {
        let cells = row.iter().zip(&table.head).skip(1);
        let marked = cells
            .filter(|(cell, _)| *cell == "x")
            .map(|(_, head)| head.clone());
        (row.first().unwrap().clone(), marked.collect())
    };
    table.rows.iter().map(row).collect()
}

#[test]
fn arrows_are_those_of_the_architecture() {
    let allowed = arrows();
    let mut wrong = Vec::new();
    for package in packages() {
        if package.dir == "examples" {
            continue;
        }
        let short = |name: &str| name.strip_prefix("iia-").unwrap_or(name).to_owned();
        let row = if package.is_library() {
            short(&package.name)
        } else {
            package.name.clone()
        };
        let Some(allowed) = allowed.get(&row) else {
            wrong.push(format!("{row} has no row"));
            continue;
        };
        for dependency in package
            .ships
            .iter()
            .filter(|one| one.name.starts_with("iia"))
        {
            let report = (package.name.as_str(), dependency.name.as_str()) == ("iia-box", "iia");
            if !report && !allowed.contains(&short(&dependency.name)) {
                wrong.push(format!("{} depends on {}", package.name, dependency.name));
            }
        }
    }
    none(
        &wrong,
        "arrows that ARCHITECTURE.md section 2 does not have",
    );
}

#[test]
fn confined_crates_stay_confined() {
    let mut wrong = Vec::new();
    for package in packages() {
        for (name, owners) in CONFINED {
            let named = package.ships.iter().any(|one| one.name == name);
            if named && !owners.contains(&package.name.as_str()) {
                wrong.push(format!("{} depends on {name}", package.name));
            }
        }
    }
    // A crate can also be reached through another: `tokio_rustls::rustls`.
    for source in rust().iter().filter(|source| source.ships()) {
        let words = Words::of(&source.path, &source.text);
        for (name, owners) in KEPT_IN {
            if words.has(name) && !owners.contains(&source.package()) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    none(&wrong, "crates named outside the ones that own them");
}

/// Modules that move bytes, and programs.
fn moves_bytes(path: &str) -> bool {
    path.starts_with("bins/") || path.contains("/src/rt/") || path.contains("/src/live")
}

/// What checks the collector takes frames as it does, and reads them otherwise.
#[test]
fn the_io_master_names_no_decoder_of_the_capture() {
    let (mut wrong, mut named) = (Vec::new(), 0);
    let sources = rust();
    let own = sources
        .iter()
        .filter(|source| source.path.starts_with("bins/iia-io/src/"));
    for source in own {
        for after in source.text.split("iia_capture").skip(1) {
            named += 1;
            if !after.starts_with("::live::") {
                wrong.push(format!("{} names more than `live`", source.path));
            }
        }
    }
    assert!(named > 1, "the IO master takes frames from nobody");
    none(&wrong, "decoders of the collector in the IO master");
}

#[test]
fn the_clock_is_read_in_one_place() {
    const WALL: [&str; 8] = [
        "SystemTime",
        "UNIX_EPOCH",
        "now_utc",
        "now_local",
        "clock_gettime",
        "gettimeofday",
        "DefaultTimeProvider",
        "Utc",
    ];
    let (mut wrong, mut seen) = (Vec::new(), false);
    for source in rust().iter().filter(|source| source.ships()) {
        let words = Words::of(&source.path, &source.text);
        let home = source.path == "iia-core/src/time.rs";
        seen |= home && words.has("SystemTime");
        let wall = WALL.into_iter().find(|name| words.has(name));
        if let Some(name) = wall.filter(|_| !home) {
            wrong.push(format!("{} names {name}", source.path));
        }
        if words.has("Instant") && !home && !moves_bytes(&source.path) {
            wrong.push(format!("{} names Instant", source.path));
        }
    }
    assert!(
        seen,
        "iia-core/src/time.rs reads no clock: this test looks in the wrong place"
    );
    none(
        &wrong,
        "clocks read outside iia_core::time; rt modules and programs may measure waits",
    );
}

#[test]
fn sockets_are_opened_in_rt_and_programs_only() {
    const NET: [&str; 4] = ["TcpListener", "TcpStream", "UdpSocket", "TcpSocket"];
    const LISTENERS: [&str; 2] = ["TcpListener", "TcpSocket"];
    let mut wrong = Vec::new();
    for source in rust().iter().filter(|source| source.ships()) {
        let words = Words::of(&source.path, &source.text);
        let has = |names: &[&str]| names.iter().any(|name| words.has(name));
        if has(&NET) && !moves_bytes(&source.path) {
            wrong.push(format!("{} opens sockets", source.path));
        }
        // IIA 2: one constructor for listeners.
        if has(&LISTENERS) && !source.path.starts_with("iia-link/src/rt/") {
            wrong.push(format!("{} listens", source.path));
        }
    }
    none(&wrong, "sockets outside the modules that move bytes");
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let roots = ["src/lib.rs", "src/main.rs"];
    let sources = rust();
    let mut wrong = Vec::new();
    for package in packages() {
        for root in roots.map(|root| format!("{}/{root}", package.dir)) {
            let found = sources.iter().find(|source| source.path == root);
            if found.is_some_and(|source| !source.text.contains("#![forbid(unsafe_code)]")) {
                wrong.push(root);
            }
        }
    }
    let named = sources
        .iter()
        .filter(|source| Words::of(&source.path, &source.text).has("unsafe"));
    wrong.extend(named.map(|source| format!("{} has the keyword", source.path)));
    none(&wrong, "crates without `#![forbid(unsafe_code)]`");
}

#[test]
fn every_crate_inherits_the_lints() {
    let mut wrong = Vec::new();
    for package in packages() {
        let manifest: toml::Table = read(&format!("{}/Cargo.toml", package.dir))
            .parse()
            .unwrap();
        let lints = manifest.get("lints").and_then(toml::Value::as_table);
        let inherits = |lints: &toml::Table| {
            lints.len() == 1 && lints.get("workspace").and_then(toml::Value::as_bool) == Some(true)
        };
        if !lints.is_some_and(inherits) {
            wrong.push(package.dir);
        }
    }
    none(
        &wrong,
        "manifests whose [lints] is not exactly `workspace = true`",
    );
}

#[test]
fn every_exception_has_a_reason() {
    let mut wrong = Vec::new();
    for source in rust() {
        let lines = source
            .text
            .split("#[")
            .chain(source.text.split("#!["))
            .skip(1);
        for attribute in lines {
            let is_exception = attribute.starts_with("allow(") || attribute.starts_with("expect(");
            let inside = attribute.split(']').next().unwrap();
            if is_exception && !inside.contains("reason = \"") {
                wrong.push(format!("{}: #[{inside}]", source.path));
            }
        }
    }
    none(&wrong, "exceptions from a lint without a reason");
}

#[test]
fn tokio_is_behind_its_feature() {
    let libraries: Vec<Package> = packages().into_iter().filter(Package::is_library).collect();
    let mut wrong = Vec::new();
    for package in &libraries {
        let bare = |name: &str| name == "tokio" || name == "tokio-rustls";
        for one in package
            .ships
            .iter()
            .filter(|one| bare(&one.name) && !one.optional)
        {
            wrong.push(format!("{} always needs {}", package.name, one.name));
        }
        let needs = tree_of(&package.name);
        assert!(
            needs.contains("iia-core"),
            "{} without iia-core",
            package.name
        );
        for name in ["tokio", "mio", "async-std", "smol", "socket2"] {
            if needs.contains(name) {
                wrong.push(format!("{} brings {name} by default", package.name));
            }
        }
    }
    assert_eq!(libraries.len(), 10);
    none(&wrong, "libraries that bring an async runtime");
}

#[test]
fn what_changes_a_box_links_no_network() {
    let mut wrong = Vec::new();
    for name in ["iia-apply", "iia-config", "iia-verify", "iia-attest"] {
        for network in [
            "tokio",
            "mio",
            "socket2",
            "rustls",
            "iia-link",
            "iia-identity",
        ] {
            if tree_of(name).contains(network) {
                wrong.push(format!("{name} brings {network}"));
            }
        }
    }
    none(&wrong, "programs that must be small enough to read");
}

/// Names of everything that ships with `package` in its default build.
fn tree_of(package: &str) -> BTreeSet<String> {
    let text = cargo(&[
        "tree",
        "-p",
        package,
        "-e",
        "normal",
        "--prefix=none",
        "--locked",
        "--offline",
    ]);
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}
