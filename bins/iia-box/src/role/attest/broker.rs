//! The brokers of the cell: what the files from which each serves let be said and heard, as they lie on this box, and since
//! when it runs with them.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{BrokerDrift, Bus, Seen};
use iia_config::render::Places;
use iia_core::Timestamp;
use iia_core::stream::Stream;

use super::listens::{Listens, each_second};
use super::senses::{Heard, Sense, Source};
use crate::workload::Workload;

/// Bytes of one file at most.
const FILE_LEN_MAX: u64 = 4 * 1024 * 1024;
/// Where the applier puts rendered files, below the box's directory.
pub(super) const SERVICES: &str = "services";

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
    let source = each_second(move || Heard::Broker(files.name.clone(), Box::new(files.look())));
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
        let etc = Places::default().etc;
        let files =
            [main, rights].map(|path| file(&self.root.join(&path), format!("{etc}/{path}")));
        match files.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(files) => Seen::Files(files),
            Err(why) => Seen::Unreadable { why },
        }
    }
}

/// A file under the name by which whoever reads it knows it.
pub(super) fn file(place: &Path, path: String) -> Result<File, String> {
    let told = |error: std::io::Error| format!("{}: {error}", place.display());
    let about = fs::metadata(place).map_err(told)?;
    if about.len() > FILE_LEN_MAX {
        return Err(format!(
            "{}: more than {FILE_LEN_MAX} bytes",
            place.display()
        ));
    }
    let written_ns = about.mtime() * iia_core::time::SECOND_NS + about.mtime_nsec();
    Ok(File {
        path,
        bytes: fs::read(place).map_err(told)?,
        owner: Some(format!("user {}", about.uid())),
        written: Some(Timestamp::from_ns(written_ns)),
    })
}
