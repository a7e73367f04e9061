//! Rendered units, containers and manifest: judged by systemd's own tools where it is there, and by what they must say.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail")]

mod cell;

use std::fs;
use std::process::Command;

use cell::{MORE, Rendered, arg, check, checked, net};

/// Exposure that `systemd-analyze security` may find at most, in tenths: 0 is nothing, 100 everything.
const WORKLOAD_MAX: u32 = 20;
/// Services of the cell need privileged ports, and DHCP raw sockets.
const SERVICE_MAX: u32 = 25;

fn analyze(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn systemd_takes_every_unit_and_finds_little_exposed() {
    let test = "systemd_takes_every_unit_and_finds_little_exposed";
    for program in ["systemd-analyze", "dnsmasq", "chronyd", "mosquitto", "smbd"] {
        if !net::has(program) {
            return net::skip(test, program);
        }
    }
    let rendered = Rendered::new(&checked());
    let units: Vec<&String> = rendered
        .files
        .keys()
        .filter(|path| path.starts_with("systemd/"))
        .collect();
    assert_eq!(units.len(), 8);
    for unit in units {
        let path = rendered.path("etc").join(unit);
        let (good, said) = analyze(&["verify", "--man=no", arg(&path)]);
        assert!(good && said.trim().is_empty(), "{unit}: {said}");
        let most = if unit.contains("iia-cell-") {
            SERVICE_MAX
        } else {
            WORKLOAD_MAX
        };
        let (good, said) = analyze(&[
            "security",
            "--offline=true",
            &format!("--threshold={most}"),
            arg(&path),
        ]);
        let verdict = said.lines().last().unwrap_or_default();
        eprintln!("{unit}: {verdict}");
        assert!(good, "{unit}: {said}");
    }
    let bare = rendered.path("bare.service");
    fs::write(&bare, "[Service]\nExecStart=/bin/true\n").unwrap();
    let (good, _) = analyze(&["security", "--offline=true", "--threshold=35", arg(&bare)]);
    assert!(!good, "the judge judges");
}

#[test]
fn a_workload_is_fenced_to_its_contracts() {
    let rendered = Rendered::new(&checked());
    let lake = rendered.text("systemd/iia-lake.service");
    let allowed: Vec<&str> = lake
        .lines()
        .filter_map(|line| line.strip_prefix("IPAddressAllow="))
        .collect();
    // Who writes to the lake or asks it, and where the lake tells its events.
    assert_eq!(
        allowed,
        ["127.90.11.2", "127.90.21.2", "127.90.22.2", "127.90.23.2"]
    );
    assert!(lake.contains("IPAddressDeny=any\n") && lake.contains("User=2001\n"));
    assert!(
        lake.contains("NetworkNamespacePath=/run/netns/iz-lake\n")
            && lake.contains("MemoryMax=134217728\n")
    );
    let collector = rendered.text("systemd/iia-collector.service");
    assert!(collector.contains("CapabilityBoundingSet=CAP_NET_RAW\n"));
    assert!(
        collector.contains("ExecStart=/bin/true \"role\" \"collect 100%% of $$x\"\n"),
        "{collector}"
    );
}

#[test]
fn quadlets_pin_by_digest_and_are_units() {
    let rendered = Rendered::new(&checked());
    for name in ["api", "collector", "lake"] {
        let text = rendered.text(&format!("quadlet/iia-{name}.container"));
        assert!(
            text.contains("Image=localhost/iia-box@sha256:aaaa") && text.contains("Pull=never\n"),
            "{text}"
        );
        for line in [
            "ReadOnly=true",
            "NoNewPrivileges=true",
            "DropCapability=all",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{name}: {line}");
        }
        assert!(!text.contains("PublishPort"), "{text}");
        if !net::has("systemd-analyze") {
            return net::skip("quadlets_pin_by_digest_and_are_units", "systemd-analyze");
        }
        // Debian 12 has no generator: the sections that systemd knows are judged, the container's is set aside.
        let path = rendered.path(&format!("iia-q-{name}.service"));
        let unit = text.replace("[Container]", "[X-Container]");
        fs::write(
            &path,
            unit.replace("[Service]\n", "[Service]\nExecStart=/bin/true\n"),
        )
        .unwrap();
        let (good, said) = analyze(&["verify", "--man=no", arg(&path)]);
        assert!(good && said.trim().is_empty(), "{name}: {said}");
    }
}

#[test]
fn the_manifest_publishes_contracted_ports_only() {
    let rendered = Rendered::new(&checked());
    let text = rendered.text("compose/compose.yaml");
    assert_eq!(text.matches("ports:").count(), 1, "{text}");
    let api = text
        .split("  api:\n")
        .nth(1)
        .unwrap()
        .split("  collector:\n")
        .next()
        .unwrap();
    assert!(
        api.contains("- \"7443:7443/tcp\"")
            && api.contains("iia.contract: \"iia.contract.boundary.engineering.query\""),
        "{api}"
    );
    assert_eq!(
        text.matches("image: \"localhost/iia-box@sha256:").count(),
        3
    );
    assert_eq!(text.matches("no-new-privileges:true").count(), 3);
}

#[test]
fn the_same_artifact_renders_the_same_bytes() {
    let places = iia_config::render::Places::default();
    let one = iia_config::render::files_at(&checked(), &places);
    assert_eq!(one, iia_config::render::files_at(&checked(), &places));
    // JSON has no comments.
    for (path, text) in one.iter().filter(|(path, _)| !path.ends_with(".json")) {
        assert!(
            text.starts_with("# Rendered from seg01.packout.milwaukee 1.0.0, revision 1."),
            "{path}"
        );
    }
}

#[test]
fn what_is_not_pinned_scoped_or_somebodys_own_is_refused() {
    let rows = [
        ("user 2001", "user 1000", "C038"),
        ("user 2001", "user 0", "C038"),
        ("user 2001", "user 2002", "C038"),
        (
            "repository \"localhost/iia-box\"",
            "repository \"localhost/iia-box:latest\"",
            "C037",
        ),
        ("image sha256:", "image b3:", "C037"),
        ("  repository \"localhost/iia-box\"\n", "", "C037"),
        (
            "zone/lake/workload/lake_writer",
            "zone/lake/workload/nobody",
            "C032",
        ),
        ("program \"/bin/true\"", "program \"bin/true\"", "C031"),
        (
            "interface svc0\n  network",
            "interface it0\n  network",
            "C007",
        ),
        ("listen udp/10.20.0.1:53", "listen udp/10.99.0.1:53", "C007"),
        ("listen udp/10.20.0.1:53", "listen udp/53", "C007"),
        ("listen tcp/10.20.0.1:53", "listen tcp/10.20.0.1:22", "C010"),
        (
            "range 10.20.0.100 10.20.0.199",
            "range 10.20.0.100 10.21.0.199",
            "C007",
        ),
        ("  domain cell.iia\n", "", "C031"),
        (
            "server tls/10.20.0.1:8883",
            "server tls/10.20.0.1:8884",
            "C025",
        ),
        ("unit lake {", "unit cell-dns {", "C030"),
    ];
    for (from, to, code) in rows {
        assert!(MORE.contains(from), "{from}");
        let found = check(&MORE.replacen(from, to, 1)).map(|_| ()).unwrap_err();
        assert!(
            found.iter().any(|diagnostic| diagnostic.code == code),
            "{to}: {found:?}"
        );
    }
    assert!(check(MORE).is_ok());
}
