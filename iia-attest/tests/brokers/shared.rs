//! What the benches of both kinds of bus have in common: files, clients, and what an observer makes of a change.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use iia_attest::correlator::Correlator as _;
use iia_attest::policy_drift::File;
use iia_attest::policy_drift::broker::{BrokerDrift, Bus, Client, Seen};
use iia_core::Timestamp;
use iia_core::finding::Finding;
use serde_json::Value;

use crate::bus::Plant;
use crate::change::Change;

/// A file as the observer is shown it.
pub(crate) fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
        owner: Some("root".into()),
        written: Some(Timestamp::from_secs(1_800_000_000)),
    }
}

/// Everybody with a certificate, one who claims to be another, and two without.
pub(crate) fn clients(users: Vec<String>, stranger: String) -> Vec<Client> {
    let claims = Client {
        user: users.first().cloned(),
        ..Client::default()
    };
    let certified = |user: String| Client {
        certificate: Some(user.clone()),
        user: Some(user),
        has_password: false,
    };
    let lies = Client {
        certificate: Some(stranger),
        ..claims.clone()
    };
    let others = [lies, claims, Client::default()];
    users.into_iter().map(certified).chain(others).collect()
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> BTreeSet<&str> {
    let items = value.as_array().unwrap();
    items.iter().map(|one| one.as_str().unwrap()).collect()
}

/// What an observer finds in files, but for the user of the bench itself.
pub(crate) fn look(observer: &mut BrokerDrift, judge: &str, files: Vec<File>) -> Vec<Finding> {
    observer.handle_observation(Timestamp::from_secs(1), Seen::Files(files));
    let all: Vec<Finding> = core::iter::from_fn(|| observer.poll_finding()).collect();
    all.into_iter().filter(|one| one.source != judge).collect()
}

/// The changes at which something fails, each tried.
pub(crate) fn failing<'c>(
    changes: impl Iterator<Item = &'c Change>,
    one: impl Fn(&Change),
) -> Vec<&'c str> {
    let fails = |change: &&Change| catch_unwind(AssertUnwindSafe(|| one(change))).is_err();
    changes.filter(fails).map(|change| change.what).collect()
}

/// Files after a change, and what the real server did with them.
pub(crate) struct Tried<'a> {
    pub(crate) change: &'a Change,
    pub(crate) files: Vec<File>,
    pub(crate) dir: &'a Path,
    pub(crate) is_as_agreed: bool,
    /// Whether the change leaves everything as agreed.
    pub(crate) is_same: bool,
}

impl Tried<'_> {
    /// The observer finds something exactly where the server does what is not agreed, and says what.
    pub(crate) fn held_against(self, plant: &Plant, bus: Bus, judge: &str) {
        let what = self.change.what;
        let mut observer = BrokerDrift::new(bus, &plant.catalog, &plant.topology);
        let found = look(&mut observer, judge, self.files);
        let reason = found
            .first()
            .map_or("no finding", |one| one.reason.as_str());
        eprintln!("{what}: {reason}");
        assert_eq!(found.is_empty(), self.is_as_agreed, "{what}: {found:#?}");
        assert_eq!(self.is_as_agreed, self.is_same, "{what}");
        let dir = self.dir.display().to_string();
        let words = self.change.words.replace("DIR", &dir);
        let told = found.iter().any(|one| one.reason.contains(&words));
        assert!(told || words.is_empty(), "{what}: {found:#?}");
    }
}
