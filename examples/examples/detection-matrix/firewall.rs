//! `ot.attestation.policy_drift`: the kernel's firewall with what a box's contracts compile to, changed by nft, and the
//! observer told by the kernel's own word of each change.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::{PolicyDrift, Seen};
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::compile::nft;
use iia_contract::topology::Topology;
use iia_core::finding::{Conclusion, Finding};
use iia_core::time::SECOND_NS;

use super::{Outcome, clean, now};

/// How long the observer may take at most.
const WAIT: Duration = Duration::from_secs(5);
/// How long a change may be unseen when the kernel's word of it is lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

fn change(done: &str) -> Option<&'static str> {
    Some(match done {
        "the rules are flushed" => "flush ruleset",
        "a rule that accepts is added by hand" => {
            "insert rule inet iia forward tcp dport 22 accept"
        }
        "a rule for one pair is widened to everybody" => {
            "insert rule inet iia forward meta l4proto tcp th dport 7000-7999 accept"
        }
        "a rule before the others cuts a contract" => "insert rule inet iia forward drop",
        "the policy of a chain becomes accept" => {
            "flush chain inet iia forward\nadd chain inet iia forward { policy accept; }"
        }
        "the table sleeps" => "add table inet iia { flags dormant; }",
        "a way around: a jump to a chain of its own" => {
            "add chain inet iia door\nadd rule inet iia door udp dport 53 accept\n\
             insert rule inet iia forward jump door"
        }
        _ => return None,
    })
}

struct Monitor(Child, mpsc::Receiver<String>);

impl Monitor {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut nft = Command::new("nft")
            .arg("monitor")
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = nft.stdout.take().map(BufReader::new);
        let (told, hears) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = lines.into_iter().flat_map(BufReader::lines);
            for line in lines.map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self(nft, hears))
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Does it once.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let Some(change) = change(done) else {
        return Ok(None);
    };
    let text = include_bytes!("../../box-pi/box.icl");
    let document = parse(text, limits::DOCUMENT_LEN_MAX).map_err(|_| "the example is not sound")?;
    let contracts = validate::catalog(&document).map_err(|_| "the example is not sound")?;
    let topology = Topology::read(document.tree());
    load("flush ruleset")?;
    load(&nft::ruleset(&contracts, &topology).0.to_string())?;
    let mut observer = PolicyDrift::new(&contracts, &topology);
    if let Some(early) = look(&mut observer)?.first() {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let monitor = Monitor::start()?;
    // It says nothing when it begins to listen; a change that means nothing shows that it does.
    while monitor.1.try_recv().is_err() {
        load("add table inet listens\ndelete table inet listens")?;
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(50));
    while monitor.1.try_recv().is_ok() {}
    let acted = now();
    load(change)?;
    while now().since_ns(acted) < i64::try_from(WAIT.as_nanos())? {
        if let Ok(line) = monitor.1.recv_timeout(LOOK_EVERY)
            && let Some((_, by)) = line.split_once(" by ")
        {
            let by = by.to_owned();
            observer.handle_observation(now(), Seen::Changed { by });
        }
        let found = look(&mut observer)?;
        let told = found
            .into_iter()
            .find(|one| one.conclusion != Conclusion::Converge);
        if let Some(finding) = told {
            return Ok(Some(Outcome::told(acted, now(), finding)));
        }
    }
    Ok(Some(Outcome::silent()))
}

fn nft(arguments: &[&str]) -> Result<Vec<u8>, Box<dyn Error>> {
    let output = Command::new("nft").args(arguments).output()?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}

fn load(text: &str) -> Result<(), Box<dyn Error>> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    nft(&["-f", &file.path().to_string_lossy()])?;
    Ok(())
}

fn look(observer: &mut PolicyDrift) -> Result<Vec<Finding>, Box<dyn Error>> {
    observer.handle_observation(now(), listing()?);
    Ok(std::iter::from_fn(|| observer.poll_finding()).collect())
}

/// What the kernel has loaded.
fn listing() -> Result<Seen, Box<dyn Error>> {
    Ok(Seen::Listing {
        listing: nft(&["-j", "list", "ruleset"])?,
        outline: String::from_utf8(nft(&["-t", "list", "ruleset"])?)?,
        interfaces: vec!["lo".into()],
    })
}

/// A day of the kernel's firewall, loaded anew each hour as an applier does, listed by nft then, and told each twenty seconds.
pub(crate) fn day() -> Result<clean::Row, Box<dyn Error>> {
    const EVERY: i64 = 20;
    let text = include_bytes!("../../box-pi/box.icl");
    let document = parse(text, limits::DOCUMENT_LEN_MAX).map_err(|_| "the example is not sound")?;
    let contracts = validate::catalog(&document).map_err(|_| "the example is not sound")?;
    let topology = Topology::read(document.tree());
    let rules = nft::ruleset(&contracts, &topology).0.to_string();
    let mut observer = PolicyDrift::new(&contracts, &topology);
    let (begin, mut seen, mut found) = (now(), 0, 0);
    let mut listed = None;
    for turn in 0..clean::DAY / EVERY {
        if turn % (3600 / EVERY) == 0 {
            load(&format!("flush ruleset\n{rules}"))?;
            listed = Some(listing()?);
        }
        let at = begin + turn * EVERY * SECOND_NS;
        observer.handle_timeout(at);
        if let Some(listing) = listed.clone() {
            observer.handle_observation(at, listing);
        }
        found += clean::wrong(std::iter::from_fn(|| observer.poll_finding()).collect());
        seen += 1;
    }
    load("flush ruleset")?;
    let what = "a day of the kernel's firewall, loaded anew and listed each hour, told each twenty seconds";
    Ok((what, seen, found))
}
