//! Whom a box believes: its own root, and foreign ones whose certificates its applied configuration pins.

use std::collections::BTreeMap;
use std::fs;

use iia_config::trust_root::TrustRoot;
use iia_identity::admission::Sha256;
use iia_identity::issue::Issuer;
use iia_identity::pipe::Root;

use super::found::read;
use crate::boxdir::BoxDir;
use crate::machine::root;

/// Where certificates of foreign roots lie, whoever put them there: only their digests count.
const ROOTS: &str = "roots";
/// Certificates that are looked at, and the bytes of one, at most.
const FILES_MAX: usize = 256;
const FILE_LEN_MAX: usize = 16 * 1024;

/// The roots of a box, and in words whom it would believe if it could.
pub(super) fn of(
    (dir, issuer): (&BoxDir, &Issuer),
    trusted: &[TrustRoot],
) -> (Vec<Root>, Vec<String>) {
    let there = certificates(dir);
    let (mut roots, mut doubts) = (vec![root(issuer)], Vec::new());
    for TrustRoot {
        name,
        domain,
        certificate,
    } in trusted
    {
        let found = certificate.as_ref().and_then(|digest| there.get(digest));
        match (certificate, found) {
            (_, Some(der)) => roots.push(Root {
                domain: domain.to_string(),
                der: der.clone().into(),
            }),
            (Some(digest), None) => doubts.push(format!(
                "trust root {name}: no file of {}/{ROOTS} is {digest}, so that nobody of {domain} is believed",
                dir.path().display()
            )),
            (None, _) => doubts.push(format!(
                "trust root {name} pins no certificate, so that nobody of {domain} is believed"
            )),
        }
    }
    (roots, doubts)
}

/// What lies there, by digest.
fn certificates(dir: &BoxDir) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir.path().join(ROOTS))
        .into_iter()
        .flatten()
        .flatten();
    let read = |file: fs::DirEntry| {
        let der = read(&file.path(), FILE_LEN_MAX).ok()?;
        Some((Sha256::of(&der).to_string(), der.to_vec()))
    };
    files.take(FILES_MAX).filter_map(read).collect()
}
