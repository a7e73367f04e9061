//! The system image: what the machine's TPM says that it has started, against the image that a signed artifact names.
//!
//! The artifact (class `image`) names the values of the machine's registers by the digest of the text that came with the image,
//! and the configuration the key by which the TPM attests. The TPM is asked again and again, each time with a nonce that begins
//! with the hash of the newest record of the chain: whoever has the records knows that the quote is not of before. Where no
//! image is named nothing is asked, and nothing is said to be observed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::image::{Appraised, Image, Published, REGISTERS_LEN_MAX};
use iia_attest::tpm::log::LOG_LEN_MAX;
use iia_attest::tpm::{AttestationResult, Clock, PureRust};
use iia_config::applied;
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::event::Event;
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;
use tokio::sync::mpsc;

use super::senses::{Heard, Sense, Source};
use super::{QUOTE_EVERY, QUOTES};
use crate::boxdir::BoxDir;
use crate::workload::Workload;

/// The part of an image that names the values of registers.
const REGISTERS: &str = "registers";
/// How long it may take to answer, in nanoseconds; whoever speaks to it gives up before.
const ANSWER_MAX_NS: i64 = 15 * SECOND_NS;
/// How often the evidence is published where nothing changes, in nanoseconds.
const PUBLISH_EVERY_NS: i64 = 3600 * SECOND_NS;
/// Random bytes of a nonce, behind the hash.
const RANDOM_LEN: usize = 16;

/// What becomes of a question.
pub(super) enum Quoted {
    /// It is asked.
    Asked,
    /// What the machine brought.
    Brought(Box<Published>),
    /// Nothing came, and why.
    Silent(String),
}

/// The newest record of the chain, as the observer has read it.
type Newest = Arc<Mutex<Option<(u64, Digest)>>>;

/// The observer, and whoever asks for it.
pub(super) fn of(workload: &Workload) -> (Box<dyn Sense>, Source) {
    let newest = Newest::default();
    let (dir, machine) = workload.place();
    let asker = Asker {
        dir: dir.clone(),
        machine: machine.into(),
        named_key: workload.attestation_key().unwrap_or_default().into(),
        newest: Arc::clone(&newest),
    };
    let mut args = workload.args().iter();
    let every = args.find_map(|arg| arg.strip_prefix(QUOTES)?.parse().ok());
    let every = Duration::from_secs(every.unwrap_or(QUOTE_EVERY));
    let sense = Images {
        machine: machine.into(),
        observer: Image::default(),
        newest,
        is_fed: false,
        last: None,
        log: None,
        published: None,
        events: VecDeque::new(),
    };
    let source = move |heard| asker.follow(every, heard);
    (Box::new(sense), Box::new(source))
}

/// Whoever asks the TPM.
struct Asker {
    dir: BoxDir,
    machine: String,
    named_key: String,
    newest: Newest,
}

impl Asker {
    /// Asks again and again, until nobody listens.
    fn follow(self, every: Duration, heard: mpsc::Sender<Heard>) {
        thread::spawn(move || {
            while !heard.is_closed() {
                if self.ask(&heard).is_err() {
                    return;
                }
                thread::sleep(every);
            }
        });
    }

    /// Asks once, where an image is named.
    fn ask(&self, heard: &mpsc::Sender<Heard>) -> anyhow::Result<()> {
        let tell = |seen| heard.blocking_send(Heard::Image(Box::new(seen)));
        let named = applied::image(self.dir.path(), &self.machine);
        let (artifact, registers) = match &named {
            Ok(Some(image)) => match image.part(REGISTERS) {
                Some(registers) => (image.artifact, registers),
                None => return Ok(()),
            },
            Ok(None) => return Ok(()),
            Err(error) => {
                return Ok(tell(Quoted::Silent(format!(
                    "the image's artifact: {error}"
                )))?);
            }
        };
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(after) = newest else {
            return Ok(());
        };
        tell(Quoted::Asked)?;
        let published = Published {
            artifact: artifact.to_string(),
            named: registers.into(),
            ..Published::default()
        };
        Ok(tell(match self.quote(published, after) {
            Ok(brought) => Quoted::Brought(Box::new(brought)),
            Err(error) => Quoted::Silent(format!("{error:#}")),
        })?)
    }

    /// Everything that the machine brings.
    fn quote(
        &self,
        published: Published,
        (after, hash): (u64, Digest),
    ) -> anyhow::Result<Published> {
        anyhow::ensure!(
            self.dir.tpm().exists(),
            "the box was given no TPM, and what software says of its own image is no evidence"
        );
        let mut nonce = [0; RANDOM_LEN];
        getrandom::fill(&mut nonce).map_err(|error| anyhow::anyhow!("random source: {error}"))?;
        let nonce = [hash.as_bytes(), &nonce[..]].concat();
        let registers = bytes(&self.dir.pcr_policy(), REGISTERS_LEN_MAX)?;
        let log = self.dir.event_log();
        let log = log.exists().then(|| bytes(&log, LOG_LEN_MAX)).transpose()?;
        let published = Published {
            machine: self.machine.clone(),
            registers,
            named_key: self.named_key.clone(),
            after,
            nonce,
            log,
            ..published
        };
        quoted(&self.dir, published)
    }
}

/// A file of at most `max` bytes.
fn bytes(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let told = |error: std::io::Error| anyhow::anyhow!("{}: {error}", path.display());
    let mut bytes = Vec::new();
    let limit = u64::try_from(max)?.saturating_add(1);
    let file = File::open(path).map_err(told)?;
    file.take(limit).read_to_end(&mut bytes).map_err(told)?;
    anyhow::ensure!(bytes.len() <= max, "{}: too long", path.display());
    Ok(bytes)
}

/// The quote itself.
#[cfg(feature = "tpm")]
fn quoted(dir: &BoxDir, published: Published) -> anyhow::Result<Published> {
    use iia_attest::image::Registers;

    let pcrs: Vec<u8> = Registers::parse(&published.registers)?.pcrs().collect();
    let (key, quoted) = crate::keeper::tpm::quote(dir, &published.nonce, &pcrs)?;
    Ok(Published {
        key: key.public().to_vec(),
        attest: quoted.attest,
        signature: quoted.signature,
        values: quoted.pcrs,
        ..published
    })
}

/// This program speaks to no TPM.
#[cfg(not(feature = "tpm"))]
fn quoted(_: &BoxDir, _: Published) -> anyhow::Result<Published> {
    anyhow::bail!("this program was built without TPMs")
}

/// The observer.
struct Images {
    machine: String,
    observer: Image,
    newest: Newest,
    is_fed: bool,
    /// The clock of the last quote.
    last: Option<Clock>,
    /// The log of the boot that was published.
    log: Option<Vec<u8>>,
    /// What was published last, and when.
    published: Option<(String, Timestamp)>,
    events: VecDeque<Event>,
}

impl Images {
    fn judge(&mut self, now: Timestamp, brought: &Published) {
        let result = brought.judge(self.last, &PureRust);
        if let Some(quote) = &result.quote {
            self.last = Some(quote.clock);
        }
        self.publish(now, brought, &result);
        let machine = self.machine.clone();
        let seen = Appraised { machine, result };
        self.observer.handle_observation(now, seen);
    }

    /// What says something else than what was published last, or nothing was for long.
    fn publish(&mut self, now: Timestamp, brought: &Published, result: &AttestationResult) {
        let says = format!(
            "{} {} {:?}",
            brought.artifact, brought.named_key, result.reasons
        );
        let is_old = |(said, at): &(String, Timestamp)| {
            *said != says || now.since_ns(*at) >= PUBLISH_EVERY_NS
        };
        if !self.published.as_ref().is_none_or(is_old) {
            return;
        }
        if brought.log.is_some() && self.log != brought.log {
            self.log.clone_from(&brought.log);
            self.events.extend(brought.log_events(now));
        }
        self.events.push_back(brought.event(now, result));
        self.published = Some((says, now));
    }
}

impl Sense for Images {
    fn stream(&self) -> Stream {
        Stream::ATTEST_IMAGE
    }

    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let seen = match heard {
            Heard::Recorded(record) => {
                let newest = Some((record.seq, record.hash));
                *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = newest;
                return Ok(false);
            }
            Heard::Image(seen) => seen.as_ref(),
            _ => return Ok(false),
        };
        self.is_fed = true;
        match seen {
            Quoted::Asked => {
                let due = Timestamp::from_ns(now.as_ns().saturating_add(ANSWER_MAX_NS));
                let _one_machine_has_room = self.observer.asked(&self.machine, due);
                return Ok(false);
            }
            Quoted::Brought(brought) => self.judge(now, brought),
            Quoted::Silent(why) => self.observer.silent(now, &self.machine, why),
        }
        Ok(true)
    }

    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn observes(&self) -> bool {
        self.is_fed
    }

    fn unseen(&self) -> u64 {
        self.observer.lost()
    }
}
