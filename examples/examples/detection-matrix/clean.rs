//! A day without any fault, and the captures of the corpus: how much is told that should not be.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use iia_attest::correlator::Correlator as _;
use iia_attest::network::sessions::{How, Seen as Sight, Session};
use iia_attest::network::{Deed, Network, Seen, Sessions, Touched, Wire};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_contract::learn::Learner;
use iia_contract::scope::Run;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::observe::{Flow, Observation, Outcome, Protocol, Table, Transport};
use iia_core::time::SECOND_NS;

use super::{audit_chain, catalog, config, firewall, identity};

/// What was observed, how much of it, and how many findings there were.
pub(crate) struct Clean(pub(crate) Vec<Row>);

/// One of them.
pub(crate) type Row = (&'static str, u64, u64);

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
const CELL: &str = "
contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.1
  server tcp/10.0.0.2:502
  read holding_register 0 9
  cadence 1s
  silence 10s
  rate 5/s
}
";

pub(crate) fn run() -> Result<Clean, Box<dyn Error>> {
    let mut rows = vec![polls()?, deeds()?, radio()?, sessions()?];
    rows.extend([
        firewall::day()?,
        identity::day()?,
        audit_chain::day(),
        config::day(),
    ]);
    if let Some(corpus) = corpus() {
        rows.push(captures(&corpus)?);
    }
    Ok(Clean(rows))
}

/// Now and then something comes late, as on any network: up to a third of a second, from a fixed seed.
fn late(number: i64) -> i64 {
    let mixed = number.wrapping_mul(6_364_136_223_846_793_005) >> 33;
    mixed.rem_euclid(SECOND_NS / 3)
}

/// How many of these say that something is wrong.
pub(crate) fn wrong(found: Vec<Finding>) -> u64 {
    let wrong = found
        .iter()
        .filter(|one| one.conclusion != Conclusion::Converge);
    wrong.inspect(|one| println!("{}", one.reason)).count() as u64
}

fn polls() -> Result<Row, Box<dyn Error>> {
    let mut observer = Network::new(&catalog(CELL)?);
    let mut found = 0;
    for second in 0..DAY {
        let now = Timestamp::from_secs(second) + late(second);
        let seen = Seen {
            client: [10, 0, 0, 1].into(),
            server: [10, 0, 0, 2].into(),
            port: 502,
            count: 1,
            until: now,
        };
        observer.handle_observation(now, seen);
        observer.handle_timeout(now);
        found += std::iter::from_fn(|| observer.poll_finding()).count() as u64;
    }
    Ok((
        "a day of polls, who spoke to whom",
        DAY.unsigned_abs(),
        found,
    ))
}

fn deeds() -> Result<Row, Box<dyn Error>> {
    let mut observer = Wire::new(&catalog(CELL)?);
    let mut found = 0;
    for second in 0..DAY {
        let now = Timestamp::from_secs(second) + late(second);
        let deed = Deed::Exchange {
            flow: Flow {
                orig_h: [10, 0, 0, 1].into(),
                orig_p: 40_000,
                resp_h: [10, 0, 0, 2].into(),
                resp_p: 502,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::ModbusTcp,
            unit: 1,
            func: 3,
            // A poll of a hundred is not answered, as on any network.
            outcome: match second % 100 {
                7 => Outcome::Unanswered,
                _ => Outcome::Answered,
            },
            read: Some(Touched {
                run: Run {
                    table: Table::HoldingRegister,
                    first: 0,
                    last: 9,
                },
                values: Vec::new(),
            }),
            write: None,
        };
        observer.handle_observation(now, deed);
        observer.handle_timeout(now);
        found += std::iter::from_fn(|| observer.poll_finding()).count() as u64;
    }
    Ok(("a day of polls, each exchange", DAY.unsigned_abs(), found))
}

fn radio() -> Result<Row, Box<dyn Error>> {
    let text = include_str!("../../contracts/device_lorawan_field_env_sensors_zone_a.icl");
    let mut observer = Wire::new(&catalog(text.trim_start_matches("iia-config 1"))?);
    let (mut seen, mut found) = (0, 0);
    for round in 0..DAY / 300 {
        for sensor in 0..24 {
            let now = Timestamp::from_secs(round * 300 + sensor * 12) + late(round * 24 + sensor);
            // One message of fifty is lost on the air.
            if late(round * 31 + sensor) % 50 != 0 {
                let topic = format!("application/field-env-zone-a/sensor-{sensor}/up").into();
                observer.handle_observation(now, Deed::Published { topic });
                seen += 1;
            }
            observer.handle_timeout(now);
            found += std::iter::from_fn(|| observer.poll_finding()).count() as u64;
        }
    }
    Ok(("a day of 24 radio sensors, some messages lost", seen, found))
}

fn sessions() -> Result<Row, Box<dyn Error>> {
    let mut observer = Sessions::new(&catalog(CELL)?);
    let (mut seen, mut found) = (0, 0);
    for half_hour in 0..48 {
        let from = Timestamp::from_secs(half_hour * 1800) + late(half_hour);
        for number in 0..40u64 {
            let session = Session {
                source: format!("spiffe://iia.local/zone/a/workload/w{number}").into(),
                destination: "spiffe://iia.local/zone/lake/workload/l".into(),
                number,
            };
            let how = How::Closed;
            let ended = Sight::Ended {
                session: session.clone(),
                how,
            };
            observer.handle_observation(from, ended);
            observer.handle_observation(from, Sight::Begun(session.clone()));
            let not_after = from + 3600 * SECOND_NS;
            observer.handle_observation(from, Sight::Opened { session, not_after });
            seen += 1;
        }
        found += std::iter::from_fn(|| observer.poll_finding()).count() as u64;
    }
    Ok(("a day of 40 sessions that are renewed", seen, found))
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let dir = std::env::var_os("IIA_CORPUS").map_or(beside, PathBuf::from);
    dir.join("MANIFEST.tsv").is_file().then_some(dir)
}

fn captures(corpus: &Path) -> Result<Row, Box<dyn Error>> {
    let (mut seen, mut found) = (0, 0);
    let manifest = fs::read_to_string(corpus.join("MANIFEST.tsv"))?;
    for path in manifest
        .lines()
        .skip(1)
        .filter_map(|row| row.split('\t').next())
    {
        let path = corpus.join(path);
        let mut learner = Learner::default();
        if read(&path, &mut |_, one| learner.observe(one)).is_err() {
            continue;
        }
        let text = learner.to_icl("observed");
        let mut observer = Wire::new(&catalog(text.trim_start_matches("iia-config 1"))?);
        read(&path, &mut |now, one| {
            if is_learnt(one)
                && let Some(deed) = Deed::of(one)
            {
                seen += 1;
                observer.handle_observation(now, deed);
                for finding in std::iter::from_fn(|| observer.poll_finding()) {
                    println!("{}: {}", path.display(), finding.reason);
                    found += 1;
                }
            }
        })?;
    }
    Ok((
        "captures of the corpus, each with what was learnt of it",
        seen,
        found,
    ))
}

/// Gives each observation with the time at which it was complete: a flow is, when it ends.
fn read(
    path: &Path,
    sink: &mut impl FnMut(Timestamp, &Observation<'_>),
) -> Result<(), Box<dyn Error>> {
    let mut source = PcapSource::unpack(File::open(path)?)?;
    let mut pipeline = Pipeline::new(Options::default());
    let mut now = Timestamp::default();
    // A damaged capture is read as far as it is good.
    while let Ok(Some(packet)) = source.next_packet() {
        now = packet.ts;
        pipeline.handle_packet(&packet, &mut |one: &Observation<'_>| sink(now, one));
    }
    pipeline.finish(&mut |one: &Observation<'_>| sink(now, one));
    Ok(())
}

fn is_learnt(observation: &Observation<'_>) -> bool {
    match observation {
        Observation::Exchange(exchange) => {
            exchange.protocol == Protocol::ModbusTcp && exchange.outcome == Outcome::Answered
        }
        Observation::Conn(conn) => {
            let flow = &conn.flow;
            let known = matches!(flow.transport, Transport::Tcp | Transport::Udp)
                && flow.resp_p > 0
                && !flow.resp_h.is_unspecified();
            let carried = conn.orig_bytes > 0 || conn.resp_bytes > 0;
            conn.protocol != Protocol::ModbusTcp && known && carried && conn.resp_pkts > 0
        }
        Observation::Access(_) => true,
        // Of a frame whose type is a length no contract can speak.
        Observation::Frame(frame) => frame.ethertype >= 0x600,
        _ => false,
    }
}
