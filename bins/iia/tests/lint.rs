//! `iia lint compose`: the paper's own example is the first that is refused, what we render is not.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use iia_config::limits::DOCUMENT_LEN_DEFAULT;
use iia_config::parse::parse;
use iia_config::render::files;
use iia_config::validate::{Facts, validate};

/// Built like the example of the paper's C.3, with its two mistakes: `volumes` beside the services, and an environment
/// that is neither list nor mapping.
const LIKE_THE_PAPER: &str = "\
services:
  broker:
    image: example/broker:2.0.18 # pinned
    container_name: cell_broker
    restart: always
  volumes:
    - ./broker.conf:/broker/broker.conf:ro
  scada:
    image: example/scada:8.1.35
    environment:
      ADMIN_PASSWORD_FILE=/run/secrets/admin_password
";

/// Exit code and codes by line, such as `6 L003`.
fn lint(text: &str, more: &[&str]) -> (Option<i32>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("compose.yaml");
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["lint", "compose"])
        .args(more)
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let place = |line: &str| {
        let rest = line.strip_prefix(file.to_str()?)?.strip_prefix(':')?;
        let (number, rest) = rest.split_once(": ")?;
        number.parse::<usize>().ok()?;
        Some(format!("{number} {}", rest.split(' ').next()?))
    };
    (
        output.status.code(),
        said.lines().filter_map(place).collect(),
    )
}

#[test]
fn the_papers_own_example_is_refused_for_what_is_wrong_with_it() {
    let (code, found) = lint(LIKE_THE_PAPER, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        found,
        ["3 L008", "3 L014", "7 L003", "9 L008", "9 L014", "11 L010"]
    );
    let seed = std::env::var_os("IIA_SHARED")
        .map_or_else(|| PathBuf::from("../../../shared"), PathBuf::from);
    let Ok(paper) = fs::read_to_string(seed.join("seeds/000_d165a5c54b983e74.txt")) else {
        eprintln!(
            "SKIPPED: the_papers_own_example_is_refused_for_what_is_wrong_with_it: the paper itself"
        );
        return assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none());
    };
    let example = paper
        .split("\nservices:\n")
        .nth(1)
        .unwrap()
        .split("\n```")
        .next()
        .unwrap();
    let (code, found) = lint(&format!("services:\n{example}\n"), &[]);
    assert_eq!(code, Some(1));
    let codes: Vec<&str> = found
        .iter()
        .filter_map(|place| place.split(' ').nth(1))
        .collect();
    assert_eq!(
        codes,
        ["L008", "L014", "L003", "L008", "L014", "L010"],
        "{found:?}"
    );
}

#[test]
fn what_a_box_renders_passes_the_strictest_judgement() {
    let text = format!(
        "{}{}",
        include_str!("../../../examples/box-pi/box.icl"),
        include_str!("../../../iia-config/tests/data/cell.icl")
    );
    let document = parse(text.as_bytes(), DOCUMENT_LEN_DEFAULT).unwrap();
    let checked = validate(&document, &Facts::of_box("seg01")).unwrap();
    let files = files(&checked);
    let manifest = files.get("compose/compose.yaml").unwrap();
    assert_eq!(
        lint(manifest, &["--digests-only"]),
        (Some(0), Vec::new()),
        "{manifest}"
    );
    let Ok(output) = Command::new("docker-compose").arg("--version").output() else {
        eprintln!("SKIPPED: what_a_box_renders_passes_the_strictest_judgement: docker-compose");
        return assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none());
    };
    assert!(output.status.success());
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("compose.yaml"),
        format!("version: \"2.4\"\n{manifest}"),
    )
    .unwrap();
    let judged = Command::new("docker-compose")
        .args(["-f", "compose.yaml", "config", "-q"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(
        judged.status.success(),
        "{}",
        String::from_utf8_lossy(&judged.stderr)
    );
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    const GOOD: &str = "\
services:
  a:
    image: x/a:1.2.3
    user: \"2001\"
    read_only: true
    cap_drop: [ALL]
    security_opt: [\"no-new-privileges:true\"]
";
    assert_eq!(lint(GOOD, &[]), (Some(0), Vec::new()));
    assert_eq!(lint(GOOD, &["--digests-only"]).1, ["3 L006"]);
    let changed = [
        ("x/a:1.2.3", "x/a:latest", "3 L005"),
        ("x/a:1.2.3", "x/a", "3 L005"),
        ("x/a:1.2.3", "x/a:1.2", "3 L005"),
        ("x/a:1.2.3", "x/a@sha256:aa", "3 L007"),
        ("image: x/a:1.2.3", "labels: {}", "3 L004"),
        ("\"2001\"", "\"1000\"", "4 L008"),
        ("\"2001\"", "root", "4 L008"),
        ("\"2001\"", "\"0:2001\"", "4 L008"),
        ("read_only: true", "read_only: false", "3 L014"),
        ("[ALL]", "[CHOWN]", "3 L014"),
        ("services:", "servcies:", "1 L002"),
        ("services:", "services: &a", "1 L001"),
    ];
    for (from, to, want) in changed {
        let found = lint(&GOOD.replacen(from, to, 1), &[]).1;
        assert!(found.iter().any(|place| place == want), "{to}: {found:?}");
    }
    let added = [
        ("    ports: [\"7443:7443\"]\n", "8 L009"),
        ("    privileged: true\n", "8 L012"),
        ("    network_mode: host\n", "8 L012"),
        ("    cap_add: [SYS_ADMIN]\n", "8 L012"),
        ("    environment: {DB_PASSWORD: geheim}\n", "8 L011"),
        ("    environment: [\"API_TOKEN=geheim\"]\n", "8 L011"),
        ("    environment: A=1\n", "8 L010"),
        ("    volumes: [\"/var/run/docker.sock:/s\"]\n", "8 L013"),
        ("    build: .\n", "8 L004"),
        (
            "    ports: [\"7443:7443\"]\n    labels: [\"iia.contract=any\"]\n",
            "8 L009",
        ),
    ];
    for (line, want) in added {
        assert_eq!(lint(&format!("{GOOD}{line}"), &[]).1, [want], "{line}");
    }
    let kept = [
        "    ports: [\"7443:7443\"]\n    labels: [\"iia.contract=iia.contract.boundary.x\"]\n",
        "    ports: []\n",
        "    environment: {DB_PASSWORD_FILE: /run/secrets/x}\n",
        "    cap_add: [NET_RAW]\n",
        "    volumes: [\"/var/lib/iia/a:/a:ro\"]\n",
    ];
    for line in kept {
        assert_eq!(
            lint(&format!("{GOOD}{line}"), &[]),
            (Some(0), Vec::new()),
            "{line}"
        );
    }
}
