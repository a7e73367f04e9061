//! What the kernel says of its firewall: each change as it is told, and the whole of it at least once a second.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc as threads;
use std::thread;
use std::time::Duration;

use iia_attest::policy_drift::Seen;
use tokio::sync::mpsc;

use crate::host;

/// How long a change may be unseen when the kernel's word of it is lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait before the kernel is listened to again.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// Looks that wait for the observer at most; nothing is lost, because the next one tells the same.
const WAITING_MAX: usize = 8;
/// What nft writes before the number of a change and the process that made it.
const CHANGE: &str = "# new generation ";

/// Watches the firewall of this network namespace until the receiver goes.
pub(crate) fn watch() -> mpsc::Receiver<Seen> {
    let (seen, observer) = mpsc::channel(WAITING_MAX);
    let (woken, wakes) = threads::channel();
    let changes = seen.clone();
    thread::spawn(move || {
        while !changes.is_closed() {
            listen(&changes, &woken);
            thread::sleep(LISTEN_AGAIN);
        }
    });
    thread::spawn(move || {
        while seen.blocking_send(look()).is_ok() {
            // Many changes at once are one look.
            let _in_time = wakes.recv_timeout(LOOK_EVERY);
            while wakes.try_recv().is_ok() {}
        }
    });
    observer
}

/// Tells of each change and who made it, as long as nft does.
fn listen(changes: &mpsc::Sender<Seen>, woken: &threads::Sender<()>) {
    // It ends with this process, however that ends.
    let mut monitor = Command::new("setpriv");
    monitor
        .args(["--pdeathsig", "KILL", "nft", "monitor"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let Ok(mut nft) = host::apart(|| monitor.spawn()) else {
        return;
    };
    let lines = nft.stdout.take().map(BufReader::new);
    for line in lines.into_iter().flat_map(BufReader::lines) {
        let Ok(line) = line else {
            break;
        };
        if let Some(by) = maker(&line) {
            let told = changes.blocking_send(Seen::Changed { by });
            if told.is_err() || woken.send(()).is_err() {
                break;
            }
        }
    }
    let _gone = nft.kill();
    let _reaped = nft.wait();
}

/// Who made a change, of `# new generation 2 by process 18113 (nft)`.
fn maker(line: &str) -> Option<String> {
    let (_, by) = line.strip_prefix(CHANGE)?.split_once(" by ")?;
    Some(by.trim().to_owned())
}

/// The firewall as it is now.
fn look() -> Seen {
    let listed = || -> Result<Seen, String> {
        let listing = nft(&["-j", "list", "ruleset"])?;
        let outline = nft(&["-t", "list", "ruleset"])?;
        Ok(Seen::Listing {
            listing,
            outline: String::from_utf8_lossy(&outline).into_owned(),
            interfaces: interfaces(),
        })
    };
    listed().unwrap_or_else(|why| Seen::Unreadable { why })
}

fn nft(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = host::output(Command::new("nft").args(arguments));
    let output = output.map_err(|error| format!("nft: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// The interfaces of this network namespace.
pub(crate) fn interfaces() -> Vec<String> {
    let table = fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let names = table.lines().filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_made_a_change_is_named() {
        let line = "# new generation 2 by process 18113 (nft)";
        assert_eq!(maker(line), Some("process 18113 (nft)".into()));
        assert_eq!(maker("add table inet x"), None);
    }
}
