//! The brokers of the cell: what the files from which each serves let be said and heard, as they lie on this box, and since
//! when it runs with them.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{BrokerDrift, Bus, Seen};
use iia_config::render::Places;
use iia_core::Timestamp;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use super::listens::Listens;
use super::senses::{Heard, Sense, Source};
use crate::workload::Workload;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Bytes of one file at most.
const FILE_LEN_MAX: u64 = 4 * 1024 * 1024;
/// Where the applier puts rendered files, below the box's directory.
const SERVICES: &str = "services";

/// Those of the brokers that the configuration has the box serve, each with whoever looks for it.
pub(super) fn all(workload: &Workload) -> Vec<(Box<dyn Sense>, Source)> {
    let each = workload.brokers().into_iter();
    each.map(|(name, places)| one(workload, name, &places))
        .collect()
}

fn one(workload: &Workload, name: String, places: &[SocketAddr]) -> (Box<dyn Sense>, Source) {
    let (catalog, topology) = (workload.catalog(), workload.topology());
    let drift = BrokerDrift::at(Bus::Topics, catalog, topology, places);
    let files = Files {
        root: workload.dir().path().join(SERVICES),
        name: name.clone(),
    };
    let source: Source = Box::new(move |heard| follow(files, heard));
    let takes = move |heard: &Heard| match heard {
        Heard::Broker(of, seen) if *of == name => Some(vec![Seen::clone(seen)]),
        _ => None,
    };
    (
        Listens::on(Stream::ATTEST_POLICY_DRIFT, drift, takes),
        source,
    )
}

/// The files of one broker.
struct Files {
    root: PathBuf,
    name: String,
}

impl Files {
    fn look(&self) -> Seen {
        let main = format!("mosquitto/{}.conf", self.name);
        let rights = format!("mosquitto/{}.acl", self.name);
        let files = [main, rights].map(|path| file(&self.root, &path));
        match files.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(files) => Seen::Files(files),
            Err(why) => Seen::Unreadable { why },
        }
    }
}

/// A file under the name by which the broker knows it.
fn file(root: &Path, path: &str) -> Result<File, String> {
    let place = root.join(path);
    let told = |error: std::io::Error| format!("{}: {error}", place.display());
    let about = fs::metadata(&place).map_err(told)?;
    if about.len() > FILE_LEN_MAX {
        return Err(format!(
            "{}: more than {FILE_LEN_MAX} bytes",
            place.display()
        ));
    }
    let written_ns = about.mtime() * iia_core::time::SECOND_NS + about.mtime_nsec();
    Ok(File {
        path: format!("{}/{path}", Places::default().etc),
        bytes: fs::read(&place).map_err(told)?,
        owner: Some(format!("user {}", about.uid())),
        written: Some(Timestamp::from_ns(written_ns)),
    })
}

/// Looks again and again, until nobody listens.
fn follow(files: Files, heard: mpsc::Sender<Heard>) {
    thread::spawn(move || {
        while !heard.is_closed() {
            let seen = Heard::Broker(files.name.clone(), Box::new(files.look()));
            if heard.blocking_send(seen).is_err() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
    });
}
