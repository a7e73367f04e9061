//! The power goes: the file system stops at once, and what was not synced is gone (`FS_IOC_SHUTDOWN` without a flush).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::Log;
use iia_audit::verify::{Elsewhere, verify_against};

use crate::disk::{Disk, moved};
use crate::writer::{Writer, holds};
use crate::{Random, common, cycles, strace};

/// Cuts the power of the file systems whose paths it reads. `_IOR('X', 125, __u32)`, flag 2: the journal is not flushed.
const SWITCH: &str = "
import fcntl, os, struct, sys
for path in sys.stdin:
    fd = os.open(path.strip(), os.O_RDONLY)
    fcntl.ioctl(fd, 0x8004587d, struct.pack('I', 2))
    os.close(fd)
    print('cut', flush=True)
";

struct Switch(Child);

impl Switch {
    fn new() -> Self {
        let python = std::env::var_os("IIA_PYTHON").unwrap_or("python3".into());
        let mut command = Command::new(python);
        command
            .args(["-c", SWITCH])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn cut(&mut self, path: &Path) {
        let stdin = self.0.stdin.as_mut().unwrap();
        writeln!(stdin, "{}", path.display()).unwrap();
        let mut answer = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap())
            .read_line(&mut answer)
            .unwrap();
        assert_eq!(answer, "cut\n");
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _gone = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn whatever_was_acknowledged_before_a_power_cut_is_there() {
    if moved("power::whatever_was_acknowledged_before_a_power_cut_is_there") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::new(dir.path(), 64);
    let (mut switch, mut random) = (Switch::new(), Random(0x2545_f491_4f6c_dd1d));
    let mut records = 0;
    for cycle in 0..cycles(12) {
        let log = disk.at().join(format!("log-{}", cycle / 40));
        if cycle % 40 == 0 {
            let _old = cycle
                .checked_sub(1)
                .map(|last| std::fs::remove_dir_all(disk.at().join(format!("log-{}", last / 40))));
            drop(common::create(&log));
        }
        let mut writer = Writer::start(&log);
        writer.let_run(1 + random.below(12));
        std::thread::sleep(std::time::Duration::from_micros(random.below(4_000)));
        switch.cut(disk.at());
        let durable = writer.kill();
        disk.unmount();
        disk.mount();
        records = holds(&log, durable);
    }
    disk.unmount();
    assert!(records > 0);
}

/// A disk that says that it has synced and has not: what it lost cannot be had again here. That it is lost is seen by
/// whoever has seen a later head; without one the log is a shorter one that holds.
#[test]
fn what_a_disk_lost_that_lied_about_its_syncs_is_missed_by_whoever_saw_a_head() {
    let test = "power::what_a_disk_lost_that_lied_about_its_syncs_is_missed_by_whoever_saw_a_head";
    if moved(test) || !strace::works(test) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::new(dir.path(), 64);
    let mut switch = Switch::new();
    let (mut lost, mut kept) = (0, 0);
    for cycle in 0..cycles(2).min(60) {
        let log = disk.at().join(format!("log-{cycle}"));
        drop(common::create(&log));
        std::fs::File::open(disk.at()).unwrap().sync_all().unwrap();
        let lies = "inject=fdatasync,fsync:retval=0";
        let mut writer = Writer::under(&log, strace::command(lies, 2_000));
        writer.let_run(3 + cycle as u64 % 5);
        switch.cut(disk.at());
        let claimed = writer.kill();
        disk.unmount();
        disk.mount();
        // It opens as a shorter log or refuses; either way nothing is made up.
        let have = Log::open(&log.join("audit")).map(|(log, _)| log.size());
        let head = Checkpoint {
            origin: common::policy().log.name,
            size: claimed,
            root: [0; 32],
        };
        let known = Elsewhere {
            heads: vec![head],
            ..Elsewhere::default()
        };
        let _untold = std::fs::remove_dir_all(log.join("quarantine"));
        match have {
            Ok(have) if have >= claimed => kept += 1,
            _ => {
                lost += 1;
                let bad = verify_against(&log, &known).bad.unwrap();
                let said = bad.why.contains("the end is missing") || have.is_err();
                assert!(said, "{have:?} of {claimed}: {bad:?}");
            }
        }
        let _done = std::fs::remove_dir_all(&log);
    }
    disk.unmount();
    assert!(lost > 0, "{kept} were kept: nothing was lied about");
}
