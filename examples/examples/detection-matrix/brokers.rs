//! `ot.attestation.policy_drift` of brokers: files on disk with what contracts compile to, changed by hand, looked at once.
//!
//! The real mosquitto and the real nats-server load the files before the change and after it, so that no row is of a change
//! that no broker would take.

use std::error::Error;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{BrokerDrift, Bus, Seen};
use iia_contract::compile::{Permit as _, mqtt::Right, nats::Permission};
use iia_contract::topology::Topology;
use iia_core::finding::{Conclusion, Finding};
use serde_json::json;

use super::{Outcome, catalog, now};

const CONTRACTS: &str = r#"
contract iia.contract.device.sensor 1.0.0 {
  scope device
  protocol mqtt
  client 10.20.0.10
  server tcp/10.20.0.20:8883
  identity sensor-1
  observation {
    mode mqtt_subscription
    topic "cell/a"
  }
}
"#;

/// Makes the certificate of the server and its authority.
const CERTIFICATES: &str = concat!(
    include_str!("../../../iia-contract/tests/bus/certificates.py"),
    "\ncertificates(lambda user: (name(user), None))\n"
);

/// A change: the broker, the file, what stands there (nothing: its end), and what then does.
type Change = (Bus, &'static str, &'static str, &'static str);

fn change(done: &str) -> Option<Change> {
    Some(match done {
        "mosquitto: a line is added to the ACL" => (
            Bus::Topics,
            "rules",
            "",
            "user stranger\ntopic write cell/a\n",
        ),
        "mosquitto: whoever comes is whom he says" => (
            Bus::Topics,
            "conf",
            "require_certificate true\nuse_identity_as_username true\n",
            "allow_anonymous true\n",
        ),
        "mosquitto: a topic is widened to #" => {
            (Bus::Topics, "rules", "topic write cell/a", "topic write #")
        }
        "nats-server: a permission is widened to >" => {
            (Bus::Subjects, "rules", "allow = [\n", "allow = [\n\">\"\n")
        }
        "nats-server: no_auth_user" => (
            Bus::Subjects,
            "rules",
            "",
            "no_auth_user: \"CN=sensor-1\"\n",
        ),
        _ => return None,
    })
}

/// Does it once; nothing where this is no fault of a broker.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let Some((bus, name, old, new)) = change(done) else {
        return Ok(None);
    };
    let contracts = catalog(CONTRACTS)?;
    let topology = Topology::default();
    let dir = tempfile::tempdir()?;
    certify(dir.path())?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let rules = match bus {
        Bus::Topics => Right::write(&Right::compile(&contracts, &topology).0),
        Bus::Subjects => Permission::write(&Permission::compile(&contracts, &topology).0),
    };
    fs::write(dir.path().join("rules"), rules)?;
    fs::write(dir.path().join("conf"), conf(bus, dir.path(), port))?;
    loads(bus, dir.path(), port)?;
    let mut observer = BrokerDrift::new(bus, &contracts, &topology);
    if let Some(early) = look(&mut observer, dir.path())? {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let path = dir.path().join(name);
    let text = fs::read_to_string(&path)?;
    if !text.contains(old) {
        return Err(format!("{old} is not in {text}").into());
    }
    let text = match old {
        "" => text + new,
        old => text.replace(old, new),
    };
    let acted = now();
    fs::write(&path, text)?;
    let told = look(&mut observer, dir.path())?;
    let told_at = now();
    // The page has no random names of directories.
    let place = format!("{}/", dir.path().display());
    let told = told.map(|one| Finding {
        reason: one.reason.replace(&place, ""),
        ..one
    });
    loads(bus, dir.path(), port)?;
    Ok(Some(told.map_or_else(Outcome::silent, |one| {
        Outcome::told(acted, told_at, one)
    })))
}

fn conf(bus: Bus, dir: &Path, port: u16) -> String {
    let dir = dir.display();
    match bus {
        Bus::Topics => format!(
            "per_listener_settings false\nallow_anonymous false\npersistence false\nuser root\nacl_file {dir}/rules\n\n\
             listener {port} 127.0.0.1\nprotocol mqtt\ncafile {dir}/ca.pem\ncertfile {dir}/server.pem\n\
             keyfile {dir}/key.pem\nrequire_certificate true\nuse_identity_as_username true\n"
        ),
        Bus::Subjects => format!(
            "listen: 127.0.0.1:{port}\ntls {{\n cert_file: \"{dir}/server.pem\"\n key_file: \"{dir}/key.pem\"\n \
             ca_file: \"{dir}/ca.pem\"\n verify_and_map: true\n}}\ninclude rules\n"
        ),
    }
}

fn certify(dir: &Path) -> Result<(), Box<dyn Error>> {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let task = tempfile::NamedTempFile::new()?;
    fs::write(task.path(), json!({"dir": dir, "users": []}).to_string())?;
    let done = Command::new(python)
        .args(["-c", CERTIFICATES])
        .stdin(fs::File::open(task.path())?)
        .status()?;
    match done.success() {
        true => Ok(()),
        false => Err("no certificates".into()),
    }
}

/// A broker that ends with this.
struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The real broker starts with the files and listens.
fn loads(bus: Bus, dir: &Path, port: u16) -> Result<(), Box<dyn Error>> {
    let program = match bus {
        Bus::Topics => "mosquitto",
        Bus::Subjects => "nats-server",
    };
    let broker = Command::new(program)
        .arg("-c")
        .arg(dir.join("conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut broker = Broker(broker);
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if broker.0.try_wait()?.is_some() || Instant::now() > until {
            return Err(format!("{program} does not take its files").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The first finding that is none of peace.
fn look(observer: &mut BrokerDrift, dir: &Path) -> Result<Option<Finding>, Box<dyn Error>> {
    let mut files = Vec::new();
    for name in ["conf", "rules"] {
        let path = dir.join(name);
        files.push(File {
            bytes: fs::read(&path)?,
            path: path.display().to_string(),
            owner: None,
            written: None,
        });
    }
    observer.handle_observation(now(), Seen::Files(files));
    let mut found = std::iter::from_fn(|| observer.poll_finding());
    Ok(found.find(|one| one.conclusion != Conclusion::Converge))
}
