//! Rendered services, started for real on the services interface, behind the firewall of the same artifact, and asked
//! by a real client of the cell.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail")]

#[path = "cell/authority.rs"]
mod authority;
mod cell;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cell::net::{Lab, exec, has, skip};
use cell::{Rendered, arg, checked};
use iia_contract::compile::mqtt::Right;
use iia_contract::compile::{Policy, Target as _, nft};

/// The box on the services interface, and a host of the cell.
struct Cell {
    lab: Lab,
    rendered: Rendered,
    running: Vec<Child>,
}

impl Cell {
    fn open(test: &str, programs: &[&str]) -> Option<Self> {
        if let Some(missing) = programs.iter().find(|program| !has(program)) {
            skip(test, missing);
            return None;
        }
        let mut lab = Lab::open(test)?;
        lab.add_zone(
            "svc0",
            "10.20.0.1".parse().unwrap(),
            24,
            &["10.20.0.9".parse().unwrap()],
        );
        lab.add_zone(
            "acs0",
            "192.0.2.1".parse().unwrap(),
            24,
            &["192.0.2.9".parse().unwrap()],
        );
        let checked = checked();
        let (ruleset, _) = nft::ruleset(&checked.catalog, &checked.deploy.topology);
        lab.load(&ruleset.to_string());
        let rendered = Rendered::new(&checked);
        fs::set_permissions(rendered.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Some(Self {
            lab,
            rendered,
            running: Vec::new(),
        })
    }

    fn etc(&self, path: &str) -> String {
        arg(&self.rendered.path("etc").join(path)).to_owned()
    }

    fn lib(&self, path: &str) -> String {
        arg(&self.rendered.path("lib").join(path)).to_owned()
    }

    fn start(&mut self, namespace: &str, command: &[&str]) {
        let log =
            fs::File::create(self.rendered.path(&format!("log-{}", self.running.len()))).unwrap();
        let child = Command::new("ip")
            .args(["netns", "exec", namespace])
            .args(command)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn();
        self.running.push(child.unwrap());
    }

    fn start_box(&mut self, command: &[&str]) {
        let router = self.lab.router().to_owned();
        self.start(&router, command);
    }

    fn log(&self, number: usize) -> String {
        fs::read_to_string(self.rendered.path(&format!("log-{number}"))).unwrap_or_default()
    }

    fn ask(&self, command: &[&str]) -> Output {
        exec(&self.lab.zone("svc0"), command, b"")
    }

    /// Asks until the answer is good: programs take a moment to start.
    #[track_caller]
    fn until(&self, command: &[&str], good: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let said = text(&self.ask(command));
            if good(&said) {
                return said;
            }
            assert!(
                Instant::now() < deadline,
                "{command:?}: {said}\n{}",
                self.log(0)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        for child in &mut self.running {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
            std::thread::sleep(Duration::from_millis(50));
            let _ = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
            let _ = child.wait();
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn dnsmasq_answers_for_the_cell_and_refuses_the_world() {
    let test = "dnsmasq_answers_for_the_cell_and_refuses_the_world";
    let Some(mut cell) = Cell::open(test, &["dnsmasq", "dig"]) else {
        return;
    };
    let conf = format!("--conf-file={}", cell.etc("dnsmasq/cell-dns.conf"));
    let checked = Command::new("dnsmasq")
        .args(["--test", &conf])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", text(&checked));
    cell.start_box(&[
        "dnsmasq",
        "--keep-in-foreground",
        "--user=root",
        "--pid-file=",
        &conf,
    ]);
    let dig = |name| ["dig", "+tries=1", "+time=1", "@10.20.0.1", name];
    cell.until(&dig("plc1.cell.iia"), |said| said.contains("10.20.0.21"));
    cell.until(&dig("plc2.cell.iia"), |said| said.contains("NXDOMAIN"));
    cell.until(&dig("example.org"), |said| said.contains("REFUSED"));
}

#[test]
fn dnsmasq_lends_an_address_of_the_range() {
    let test = "dnsmasq_lends_an_address_of_the_range";
    let Some(mut cell) = Cell::open(test, &["dnsmasq", "dhclient"]) else {
        return;
    };
    let conf = format!("--conf-file={}", cell.etc("dnsmasq/cell-dhcp.conf"));
    cell.start_box(&[
        "dnsmasq",
        "--keep-in-foreground",
        "--user=root",
        "--pid-file=",
        &conf,
    ]);
    cell.lab
        .run_in("svc0", &["ip", "addr", "flush", "dev", "eth0"], b"");
    let (leases, pid) = (cell.lib("client.leases"), cell.lib("client.pid"));
    let ask = [
        "timeout",
        "20",
        "dhclient",
        "-1",
        "-d",
        "-sf",
        "/bin/true",
        "-lf",
        &leases,
        "-pf",
        &pid,
        "eth0",
    ];
    let child = Command::new("ip")
        .args(["netns", "exec", &cell.lab.zone("svc0")])
        .args(ask)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn();
    cell.running.push(child.unwrap());
    let deadline = Instant::now() + Duration::from_secs(20);
    let lent = loop {
        let lease = fs::read_to_string(cell.lib("cell-dhcp/leases")).unwrap_or_default();
        if !lease.trim().is_empty() {
            break lease;
        }
        assert!(Instant::now() < deadline, "no lease: {}", cell.log(0));
        std::thread::sleep(Duration::from_millis(100));
    };
    let addr: std::net::Ipv4Addr = lent.split(' ').nth(2).unwrap().parse().unwrap();
    let [.., last] = addr.octets();
    assert!(
        addr.octets().starts_with(&[10, 20, 0]) && (100..200).contains(&last),
        "{lent}"
    );
    let got = loop {
        let got = fs::read_to_string(&leases).unwrap_or_default();
        if got.contains(&format!("fixed-address {addr}")) {
            break got;
        }
        assert!(
            Instant::now() < deadline,
            "the client took no address: {got}"
        );
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(
        !got.contains("option routers"),
        "the box is nobody's router: {got}"
    );
    assert!(
        cell.log(0).contains("DHCPACK(svc0)"),
        "a lease is an event: {}",
        cell.log(0)
    );
}

#[test]
fn chrony_gives_authenticated_time() {
    let test = "chrony_gives_authenticated_time";
    let Some(mut cell) = Cell::open(test, &["chronyd", "chronyc", "openssl"]) else {
        return;
    };
    let dir = cell.rendered.path("lib").join("cell-time");
    authority::certify(&dir, &[("", "time.cell.iia")]);
    let conf = cell.etc("chrony/cell-time.conf");
    let printed = Command::new("chronyd")
        .args(["-p", "-f", &conf])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{}", text(&printed));
    fs::set_permissions(
        cell.rendered.path("run/cell-time"),
        fs::Permissions::from_mode(0o750),
    )
    .unwrap();
    cell.start_box(&["chronyd", "-d", "-x", "-u", "root", "-F", "0", "-f", &conf]);
    let client = cell.rendered.path("client");
    fs::create_dir(&client).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o750)).unwrap();
    let (socket, ca) = (client.join("sock"), cell.lib("cell-time/ca.pem"));
    let asks = format!(
        "server 10.20.0.1 iburst minpoll 0 maxpoll 0 nts\nauthselectmode require\nntstrustedcerts {ca}\nnosystemcert\n\
         cmdport 0\nbindcmdaddress {0}\npidfile {1}/pid\n",
        arg(&socket),
        arg(&client)
    );
    fs::write(client.join("conf"), asks).unwrap();
    let zone = cell.lab.zone("svc0");
    cell.start(
        &zone,
        &[
            "chronyd",
            "-d",
            "-x",
            "-u",
            "root",
            "-F",
            "0",
            "-f",
            arg(&client.join("conf")),
        ],
    );
    let ask = |what| ["chronyc", "-h", arg(&socket), "-n", "-c", what];
    cell.until(&ask("authdata"), |said| said.starts_with("10.20.0.1,NTS,"));
    cell.until(&ask("tracking"), |said| {
        said.contains("10.20.0.1") && said.trim_end().ends_with(",Normal")
    });
    let own = cell.rendered.path("run/cell-time/chronyd.sock");
    let stats = cell
        .lab
        .run(&["chronyc", "-h", arg(&own), "-n", "serverstats"], b"");
    let stats = String::from_utf8(stats).unwrap();
    let authenticated = stats
        .lines()
        .find(|line| line.starts_with("Authenticated NTP packets"))
        .unwrap();
    assert!(!authenticated.trim_end().ends_with(" 0"), "{stats}");
}

/// Who collects from the devices of the cell.
const COLLECTOR: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";

#[test]
fn mosquitto_takes_what_is_contracted_from_who_proves_itself() {
    let test = "mosquitto_takes_what_is_contracted_from_who_proves_itself";
    let Some(mut cell) = Cell::open(test, &["mosquitto", "mosquitto_pub", "openssl"]) else {
        return;
    };
    let dir = cell.rendered.path("lib").join("cell-mqtt");
    let names = [
        ("", "broker"),
        ("sensor1-", "sensor1"),
        ("collector-", COLLECTOR),
    ];
    authority::certify(&dir, &names);
    // It gives up root, and writes down its process there.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
    let acl = fs::read(cell.etc("mosquitto/cell-mqtt.acl")).unwrap();
    let rights: Vec<String> = Policy::<Right>::read(&acl)
        .unwrap()
        .allowed
        .iter()
        .map(|(right, contracts)| format!("{right} {contracts:?}"))
        .collect();
    let contract = "{\"iia.contract.device.cell.press\"}";
    assert_eq!(
        rights,
        [
            format!("sensor1 may publish cell/press/# {contract}"),
            format!("{COLLECTOR} may subscribe to cell/press/# {contract}"),
        ]
    );
    let conf = cell.etc("mosquitto/cell-mqtt.conf");
    cell.start_box(&["mosquitto", "-c", &conf]);
    let publish = |who: &str, topic: &str| {
        let file = |name: &str| cell.lib(&format!("cell-mqtt/{name}.pem"));
        let line = format!(
            "mosquitto_pub -d -V 5 -q 1 -h 10.20.0.1 -p 8883 -m 1 -t {topic} --cafile {}",
            file("ca")
        );
        let proof = match who {
            "" => String::new(),
            who => format!(
                " --cert {} --key {}",
                file(&format!("{who}-cert")),
                file(&format!("{who}-key"))
            ),
        };
        line + &proof
    };
    let ask = |line: String, good: &dyn Fn(&str) -> bool| {
        cell.until(&line.split(' ').collect::<Vec<_>>(), good)
    };
    ask(publish("sensor1", "cell/press/1"), &|said| {
        said.contains("received PUBACK (Mid: 1, RC:0)") || said.contains("RC:16")
    });
    // Reason 0x87, not authorised: another topic, or somebody who may only read.
    for (who, topic) in [("sensor1", "cell/oven/1"), ("collector", "cell/press/1")] {
        ask(publish(who, topic), &|said| {
            said.contains("RC:135") || said.contains("Not authorized")
        });
    }
    let stranger = ask(publish("", "cell/press/1"), &|said| said.contains("Error"));
    assert!(
        !stranger.contains("CONNACK (0)") && !stranger.contains("refused"),
        "{stranger}"
    );
    // A device that is lost: the rendered file names the list, and the process that reads it again.
    authority::revoke(&dir, "sensor1-cert.pem");
    // A later list has a later time, which is in seconds.
    std::thread::sleep(Duration::from_millis(1100));
    authority::list(&dir);
    let pid = fs::read_to_string(dir.join("mosquitto.pid")).unwrap();
    let told = Command::new("kill")
        .args(["-HUP", pid.trim()])
        .status()
        .unwrap();
    assert!(told.success());
    ask(publish("sensor1", "cell/press/1"), &|said| {
        said.contains("Error") && !said.contains("CONNACK (0)")
    });
}

#[test]
fn samba_serves_encrypted_shares_to_named_accounts() {
    let test = "samba_serves_encrypted_shares_to_named_accounts";
    let Some(mut cell) = Cell::open(test, &["smbd", "smbclient", "testparm", "smbpasswd"]) else {
        return;
    };
    let conf = cell.etc("samba/cell-files.conf");
    for share in ["recipes", "reports"] {
        let path = cell.rendered.path("lib/cell-files").join(share);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::write(cell.lib("cell-files/recipes/press.txt"), "42").unwrap();
    let judged = Command::new("testparm")
        .args(["-s", &conf])
        .output()
        .unwrap();
    assert!(
        judged.status.success() && !text(&judged).contains("Unknown parameter"),
        "{}",
        text(&judged)
    );
    let added = cell.lab.run(
        &["smbpasswd", "-c", &conf, "-s", "-a", "daemon"],
        b"geheim-42\ngeheim-42\n",
    );
    assert!(
        String::from_utf8_lossy(&added).contains("Added user"),
        "{added:?}"
    );
    cell.start_box(&[
        "smbd",
        "--foreground",
        "--no-process-group",
        &format!("--configfile={conf}"),
    ]);
    let word = |password: &str| format!("daemon%{password}");
    let client = |who: &str, share: &str, command: &str| {
        [
            "smbclient",
            "-U",
            who,
            share,
            "-m",
            "SMB3_11",
            "-c",
            command,
        ]
        .map(String::from)
    };
    let ask = |who: &str, share: &str, command: &str, good: &dyn Fn(&str) -> bool| {
        let line = client(who, share, command);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        cell.until(&line, good)
    };
    let (recipes, reports) = ("//10.20.0.1/recipes", "//10.20.0.1/reports");
    ask(&word("geheim-42"), recipes, "ls", &|said| {
        said.contains("press.txt")
    });
    ask(&word("wrong"), recipes, "ls", &|said| {
        said.contains("NT_STATUS_LOGON_FAILURE")
    });
    let put = "put /etc/hostname h";
    ask(&word("geheim-42"), recipes, put, &|said| {
        said.contains("NT_STATUS_ACCESS_DENIED")
    });
    ask(&word("geheim-42"), reports, put, &|said| {
        said.contains("putting file")
    });
    let mut old = client(&word("geheim-42"), recipes, "ls").to_vec();
    if let Some(version) = old.get_mut(5) {
        *version = "SMB2_10".into();
    }
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    cell.until(&old, |said| said.contains("protocol negotiation failed"));
}
