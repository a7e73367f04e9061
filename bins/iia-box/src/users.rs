//! Users of a box's roles. Where the box was given some (`host/users`), each role that needs no right of the machine once it
//! serves runs as one of its own, so that the kernel keeps the secrets and the memory of one from every other. Where it was given none they
//! run as the supervisor does, and the record of each start says so.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use rustix::process::{Gid, Uid};
use rustix::thread;

use crate::boxdir::{BoxDir, write_durably};
use crate::chain::{LOG_KEY, WITNESS_KEY};
use crate::mirror::MIRROR_KEY;

/// Users that a box has at most, from its first one on.
pub(crate) const USERS_MAX: u32 = 64;

/// Roles with a user of their own; their places are never given to another, since files have them.
const OWN: [(&str, u32); 8] = [
    ("lake", 1),
    ("bus", 2),
    ("publish", 3),
    ("api", 4),
    ("intake", 5),
    ("collect", 6),
    ("audit", 7),
    ("witness", 8),
];
/// What the keeper of the chain signs with.
const KEYS: [&str; 3] = [LOG_KEY, WITNESS_KEY, MIRROR_KEY];
/// Rights over files, users and groups (linux/capability.h): what a supervisor needs who starts others as somebody else.
const RIGHTS: [(u32, &str); 4] = [
    (0, "CAP_CHOWN"),
    (1, "CAP_DAC_OVERRIDE"),
    (6, "CAP_SETGID"),
    (7, "CAP_SETUID"),
];
/// How a role is told as whom it is to run.
const RUNS_AS: &str = "IIA_ROLE_USER";
/// Others may pass.
const PASS: u32 = 0o001;

/// The users of one box.
#[derive(Clone, Debug)]
pub(crate) struct Users(Option<u32>);

/// As whom a role runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum As {
    /// A user of its own.
    Own(u32),
    /// The supervisor's, and why.
    Supervisors(&'static str),
}

impl Users {
    /// Gives a box its users, the first of which is `first`.
    pub(crate) fn give(dir: &BoxDir, first: u32) -> anyhow::Result<()> {
        fs::create_dir_all(dir.host())?;
        Ok(write_durably(&dir.users(), first.to_string().as_bytes())?)
    }

    /// The users of the box in `dir`, whose files become theirs. What the box was given and cannot have is an error: nobody
    /// is told that roles are apart who are not.
    pub(crate) fn of(dir: &BoxDir) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(dir.users()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self(None)),
            read => read?,
        };
        let first = text.trim().parse::<u32>().ok();
        let first = first.filter(|first| *first > 0 && first.checked_add(USERS_MAX).is_some());
        let first = first.context("host/users is the number of the first user of the box")?;
        check_rights(first)?;
        check_way(dir.path())?;
        let users = Self(Some(first));
        for (role, place) in users.files(dir) {
            fs::create_dir_all(&place)?;
            let owner = users.of_role(role).own().context("a role with files")?;
            let given = hand_over(&place, owner);
            // What one role has on the disk no other reads.
            let own = fs::Permissions::from_mode(0o700);
            given
                .and_then(|()| fs::set_permissions(&place, own))
                .with_context(|| place.display().to_string())?;
        }
        // Keys have the right mode from the start.
        let keeper = users.of_role("audit").own().context("a role with keys")?;
        for key in KEYS.map(|name| dir.keys().join(name)) {
            hand_over(&key, keeper).with_context(|| key.display().to_string())?;
        }
        Ok(users)
    }

    /// As whom a role runs.
    pub(crate) fn of_role(&self, role: &str) -> As {
        let place = OWN.iter().find(|(name, _)| *name == role);
        match (self.0, place) {
            (Some(first), Some((_, place))) => As::Own(first + place),
            (None, Some(_)) => As::Supervisors("the box was given no users"),
            (_, None) => As::Supervisors("the role needs rights of the machine"),
        }
    }

    /// What roles write on the disk.
    fn files(&self, dir: &BoxDir) -> [(&'static str, PathBuf); 10] {
        let state = dir.state();
        [
            ("lake", dir.lake()),
            ("lake", state.join("wal")),
            ("lake", state.join("lake")),
            ("publish", state.join("outbox")),
            ("collect", dir.captures()),
            ("audit", dir.audit()),
            ("audit", dir.quarantine()),
            ("audit", dir.ratchet()),
            ("audit", dir.witness()),
            ("audit", dir.mirrors()),
        ]
    }
}

impl As {
    /// The user's number, where it is the role's own.
    pub(crate) const fn own(self) -> Option<u32> {
        match self {
            Self::Own(user) => Some(user),
            Self::Supervisors(_) => None,
        }
    }

    /// For the record of a start.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Own(user) => format!("{user}, the role's own"),
            Self::Supervisors(why) => format!("NOT the role's own, but the supervisor's: {why}"),
        }
    }

    /// Tells a role as whom it is to run.
    pub(crate) fn tell(self, command: &mut Command) {
        match self {
            Self::Own(user) => command.env(RUNS_AS, user.to_string()),
            Self::Supervisors(_) => command.env_remove(RUNS_AS),
        };
    }
}

/// Becomes the user that the supervisor told, for good: without groups, without rights, and without a way to more. To be
/// called before there are threads and before anybody but the supervisor is listened to. That the process does it itself, and not whoever starts
/// it, lets it be started by the open file whose digest was admitted, which no other user could reach.
pub(crate) fn become_own() -> anyhow::Result<()> {
    let Ok(user) = std::env::var(RUNS_AS) else {
        return Ok(());
    };
    let user: u32 = user.parse().context(RUNS_AS)?;
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    anyhow::ensure!(user != 0 && threads()? == 1, "the user is changed first");
    thread::set_thread_groups(&[])?;
    thread::set_thread_res_gid(gid, gid, gid)?;
    thread::set_thread_res_uid(uid, uid, uid)?;
    thread::set_no_new_privs(true)?;
    anyhow::ensure!(
        effective_rights()? == 0 && thread::set_thread_uid(Uid::ROOT).is_err(),
        "rights are left"
    );
    Ok(())
}

fn threads() -> anyhow::Result<u32> {
    Ok(status("Threads:")?.parse()?)
}

fn effective_rights() -> anyhow::Result<u64> {
    Ok(u64::from_str_radix(&status("CapEff:")?, 16)?)
}

/// What the kernel says of this process.
fn status(key: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/self/status")?;
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    Ok(value.unwrap_or_default().trim().to_owned())
}

/// Whether this process may start others as the box's users, and whether there are such users where it is.
fn check_rights(first: u32) -> anyhow::Result<()> {
    let rights = effective_rights()?;
    for (number, name) in RIGHTS {
        anyhow::ensure!(
            rights & (1 << number) != 0,
            "the box was given users, and its supervisor has not the right {name} to use them"
        );
    }
    let last = first.saturating_add(USERS_MAX - 1);
    for map in ["/proc/self/uid_map", "/proc/self/gid_map"] {
        let text = fs::read_to_string(map)?;
        let holds = text.lines().any(|line| {
            let numbers: Vec<u64> = line
                .split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect();
            matches!(numbers.as_slice(), [from, _, count]
                if *from <= first.into() && u64::from(last) < from + count)
        });
        anyhow::ensure!(
            holds,
            "the box was given users {first} to {last}, and its user namespace has them not"
        );
    }
    Ok(())
}

/// Whether another user comes as far as this path.
fn check_way(path: &Path) -> anyhow::Result<()> {
    for part in path.canonicalize()?.ancestors() {
        let mode = fs::metadata(part)?.permissions().mode();
        anyhow::ensure!(
            mode & PASS != 0,
            "the box was given users, who may not pass {}",
            part.display()
        );
    }
    Ok(())
}

/// Gives a directory and what the supervisor has there to a role. What somebody else has there, and what has a second name
/// elsewhere, stays as it is: the role may have put it there.
fn hand_over(place: &Path, owner: u32) -> io::Result<()> {
    let about = fs::symlink_metadata(place)?;
    let is_mine = about.uid() == rustix::process::geteuid().as_raw();
    if about.is_dir() {
        for entry in fs::read_dir(place)? {
            hand_over(&entry?.path(), owner)?;
        }
    }
    if is_mine && (about.is_dir() || about.is_file() && about.nlink() == 1) {
        lchown(place, Some(owner), Some(owner))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_roles_have_the_same_user_and_what_has_none_says_so() {
        let users = Users(Some(210_000));
        let mut all: Vec<u32> = OWN
            .iter()
            .map(|(role, _)| users.of_role(role).own().unwrap())
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), OWN.len());
        assert!(all.iter().all(|user| (210_001..210_064).contains(user)));
        assert!(users.of_role("attest").words().starts_with("NOT"));
        let none = Users(None).of_role("lake");
        assert_eq!(none.own(), None);
        assert!(none.words().ends_with("the box was given no users"));
    }

    #[test]
    fn what_the_box_cannot_have_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let dir = BoxDir::at(place.path());
        assert!(Users::of(&dir).unwrap().0.is_none());
        for text in ["", "0", "no", "4294967295", "-1"] {
            fs::create_dir_all(dir.host()).unwrap();
            fs::write(dir.users(), text).unwrap();
            assert!(Users::of(&dir).is_err(), "{text}");
        }
        // Nobody else comes into a directory of this mode.
        Users::give(&dir, 210_000).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let refused = Users::of(&dir).unwrap_err().to_string();
        assert!(refused.contains("the box was given users"), "{refused}");
    }

    #[test]
    fn what_a_role_put_into_its_place_is_not_handed_to_it() {
        let place = tempfile::tempdir().unwrap();
        let (own, else_where) = (place.path().join("own"), place.path().join("elsewhere"));
        fs::create_dir(&own).unwrap();
        fs::write(own.join("file"), "").unwrap();
        fs::write(&else_where, "").unwrap();
        std::os::unix::fs::symlink(&else_where, own.join("link")).unwrap();
        fs::hard_link(&else_where, own.join("name")).unwrap();
        if let Err(error) = hand_over(&own, 210_001) {
            // Only root gives files away.
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            return;
        }
        let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
        assert_eq!(owner(&own.join("file")), 210_001);
        assert_eq!(owner(&own), 210_001);
        for path in [&else_where, &own.join("link"), &own.join("name")] {
            assert_ne!(owner(path), 210_001, "{}", path.display());
        }
    }
}
