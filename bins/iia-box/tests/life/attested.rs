//! A box whose machine attests the image that it has started: to its own observer, and to whoever has its records.

use std::fs;
use std::path::Path;
use std::process::Child;

use iia_audit::verify::records;
use iia_core::digest::{Context, Digest, hex};
use iia_core::event::EventKind;
use iia_identity::admission::Sha256;

use super::one::capture;
use super::operators::Operators;
use super::place::Place;
use super::running::Running;

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const ADDRESS: &str = "swtpm:host=127.0.0.1,port=2321";
const INTENDED: &str = "the attested image is the intended one";
/// Registers into which a machine measures what it starts: the loader, and the image.
const PCRS: [u32; 2] = [4, 11];

/// A machine with a software TPM, in the network of the place.
struct Machine<'a> {
    place: &'a Place,
    tpm: Option<Child>,
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        self.power_off();
    }
}

impl<'a> Machine<'a> {
    fn new(place: &'a Place) -> Self {
        fs::create_dir(place.path("tpm")).unwrap();
        Self { place, tpm: None }
    }

    fn power_off(&mut self) {
        if let Some(mut tpm) = self.tpm.take() {
            let _over = tpm.kill();
            let _over = tpm.wait();
        }
    }

    fn tool(&self, words: &str) -> (bool, String) {
        let (program, rest) = words.split_once(' ').unwrap();
        let done = self
            .place
            .inside(program)
            .args(rest.split(' '))
            .env("TPM2TOOLS_TCTI", ADDRESS)
            .env("TSS2_LOG", "all+NONE")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        (done.status.success(), said)
    }

    #[track_caller]
    fn does(&self, words: &str) -> String {
        let (is_done, said) = self.tool(words);
        assert!(is_done, "{words}: {said}");
        said
    }

    /// Starts an image: what it is goes into registers, and into the log of the boot.
    fn boot(&mut self, image: &str) {
        if self.tpm.is_some() {
            // Orderly, so that its clock is to be believed afterwards.
            self.does("tpm2_shutdown -c");
            self.power_off();
        }
        let words = "socket --tpm2 --tpmstate dir=tpm --server type=tcp,port=2321 --ctrl type=tcp,port=2322 \
                     --flags not-need-init,startup-clear";
        let tpm = self.place.inside("swtpm").args(words.split(' ')).spawn();
        self.tpm = Some(tpm.unwrap());
        // It serves once it answers.
        while !self.tool("tpm2_pcrread sha256:4").0 {
            std::thread::yield_now();
        }
        let mut log = specification();
        for pcr in PCRS {
            let digest = measured(image);
            self.does(&format!("tpm2_pcrextend {pcr}:sha256={}", hex(&digest)));
            log.extend(event(pcr, &digest, image.as_bytes()));
        }
        fs::write(self.place.path("boot.log"), log).unwrap();
    }
}

fn measured(image: &str) -> [u8; 32] {
    *Sha256::of(image.as_bytes()).as_bytes()
}

/// The value of a register that was extended once.
fn extended(image: &str) -> String {
    hex(Sha256::of(&[[0; 32], measured(image)].concat()).as_bytes())
}

/// TCG_EfiSpecIdEvent: a log with one bank, of SHA-256.
fn specification() -> Vec<u8> {
    let data = b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02\x01\0\0\0\x0b\0\x20\0\0";
    let mut bytes = [0_u32.to_le_bytes(), 3_u32.to_le_bytes()].concat();
    bytes.extend([0; 20]);
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    [&bytes[..], data].concat()
}

/// TCG_PCR_EVENT2 of kind EV_IPL.
fn event(pcr: u32, digest: &[u8; 32], data: &[u8]) -> Vec<u8> {
    let mut bytes = [pcr.to_le_bytes(), 13_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    bytes.extend(0x000b_u16.to_le_bytes());
    bytes.extend(digest);
    bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    [&bytes[..], data].concat()
}

/// The artifact that names an image by the values of registers.
fn named(revision: u64, previous: Option<&str>, registers: &str) -> String {
    let digest = Sha256::of(registers.as_bytes());
    let previous = previous.map_or_else(String::new, |before| {
        let before = Digest::of(Context::Artifact, before.as_bytes());
        format!("  previous {before}\n")
    });
    format!(
        "iia-config 1\n\nartifact seg01.image 1.{revision}.0 {{\n  revision {revision}\n{previous}  \
         issued 2026-11-24T06:00:00Z\n  target seg01\n}}\n\nimage registers {{\n  digest {digest}\n}}\n"
    )
}

/// Whoever is given the published parts believes them by the tools of TPMs alone.
#[track_caller]
fn outside(machine: &Machine<'_>, dir: &str) -> bool {
    let nonce = machine.place.text(&format!("{dir}/nonce"));
    let words = format!(
        "tpm2_checkquote -u {dir}/key -m {dir}/attest -s {dir}/signature -g sha256 -q {nonce}"
    );
    machine.tool(&words).0
}

/// The same, and that every bit of the signature counts, by both.
#[track_caller]
fn forged(machine: &Machine<'_>, dir: &str) {
    let (place, path) = (machine.place, format!("{dir}/signature"));
    let good = fs::read(place.path(&path)).unwrap();
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    fs::write(place.path(&path), bent).unwrap();
    let nonce = place.text(&format!("{dir}/nonce"));
    place.bad(
        &format!(
            "iia attest quote --attest {dir}/attest --signature {dir}/signature --key {dir}/key --nonce {nonce}"
        ),
        "IIA-ATT-0101",
    );
    assert!(!outside(machine, dir));
    fs::write(place.path(&path), good).unwrap();
}

/// What attested the machine, by the record of each SVID.
fn nodes(audit: &Path) -> Vec<String> {
    let mut nodes = Vec::new();
    records(audit, |record| {
        let event = &record.body.event;
        if event.kind == EventKind::SvidIssued {
            nodes.push(event.field("node").unwrap().to_owned());
        }
    })
    .unwrap();
    nodes
}

fn programs() -> bool {
    let there = |program: &&str| {
        let mut dirs = ["/usr/bin", "/usr/sbin", "/bin"].iter();
        dirs.any(|dir| Path::new(dir).join(program).exists())
    };
    let all = ["swtpm", "tpm2_checkquote", "tpm2_eventlog"];
    let is_there = all.iter().all(there);
    let words = "skipped: no swtpm, or no tpm2-tools";
    if !is_there {
        eprintln!("{words}");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{words}");
    }
    is_there
}

/// Has the state of an image signed by whoever builds images, into a file.
fn signed(machine: &Machine<'_>, file: &str, draft: &str) -> String {
    let place = machine.place;
    place.write("draft", draft);
    let mut program = place.inside("iia-box");
    let message = program
        .args(["policy", "message", "draft"])
        .output()
        .unwrap();
    assert!(message.status.success(), "{message:?}");
    fs::write(place.path("message"), message.stdout).unwrap();
    machine.does("openssl dgst -sha256 -sign signer.pem -out signature message");
    let signed = place.good("iia-box policy signed draft --signature signature");
    place.write(file, &signed);
    signed
}

#[test]
fn r_flt_29_what_the_machine_attests_is_published_and_believed_without_a_tpm() {
    let Some(place) = Place::new() else { return };
    if !programs() {
        return;
    }
    let mut machine = Machine::new(&place);
    machine.boot("one");
    let mut operators = Operators::make(&place, ("seg01", "iia.local"));
    let said = place.good(&format!(
        "iia-box attester seg01 --tpm {ADDRESS} --event-log boot.log"
    ));
    let key = said.split("attestation_key ").nth(1).unwrap();
    let key = key.lines().next().unwrap();
    // The digest is the name of the key, as the tools of TPMs have it.
    let loaded =
        machine.does("tpm2_loadexternal -C n -u seg01/public/attestation-key -c loaded.ctx");
    let name = key.replace("sha256:", "000b");
    assert!(loaded.contains(&name), "{loaded} {name}");
    machine.does("openssl ecparam -name prime256v1 -genkey -noout -out signer.pem");
    machine.does("openssl ec -in signer.pem -pubout -outform DER -out signer.der");
    let one = place.good(&format!(
        "iia-box policy draft --tpm {ADDRESS} --signer signer.der --pcr 4 --pcr 11"
    ));
    assert!(
        one.contains(&format!("pcr 11 {}", extended("one"))),
        "{one}"
    );
    let two = one.replace(&extended("one"), &extended("two"));
    let one = signed(&machine, "registers-1", &one);
    let two = signed(&machine, "registers-2", &two);

    // Once an image is named, and only then, the machine is asked.
    operators.begin("");
    let run = |registers: &str| {
        let words = format!(
            "run seg01 --replay {} --speed 0 --tpm {ADDRESS} --policy {registers} --quote-every 1",
            capture()
        );
        Running::start(&place, &words)
    };
    let mut running = run("registers-1");
    let policy = format!("policy machine {{\n  attestation_key {key}\n}}\n\n");
    let text = BOX.replacen("interface acs0 {", &format!("{policy}interface acs0 {{"), 1);
    let (code, said) = operators.apply(&text, 60);
    assert_eq!(code, 0, "{said}");
    running.until("is in force");
    let said = place.run("iia attest report seg01").1;
    assert!(said.contains("none: no TPM attests the image"), "{said}");
    let first = named(1, None, &one);
    let (code, said) = operators.apply(&first, 60);
    assert_eq!(code, 0, "{said}");
    let told = running.until(INTENDED);
    assert!(told.contains("ot.attestation.image"), "{told}");

    // Whoever has the records believes it without a TPM, by this verifier and by the tools; what is forged nobody does.
    let said = place.good("iia attest image seg01 --out out-1");
    assert!(said.contains("affirming") && said.contains(&name), "{said}");
    assert!(
        said.contains(&format!("sha256 11 {}", extended("one"))),
        "{said}"
    );
    assert!(outside(&machine, "out-1"));
    let log = machine.does("tpm2_eventlog out-1/log");
    assert!(
        log.contains(&format!("11 : 0x{}", extended("one"))),
        "{log}"
    );
    forged(&machine, "out-1");
    let report = place.run("iia attest report seg01").1;
    assert!(report.contains("\"result\":\"affirming\""), "{report}");
    let other = format!("--attestation-key sha256:{}", "0".repeat(64));
    place.bad(&format!("iia attest image seg01 {other}"), "IIA-ATT-0106");
    place.bad(
        "iia attest image seg01 --registers registers-2",
        "IIA-ATT-0207",
    );

    // The issuer has asked under the same key: a machine has one.
    let attested = format!("attested by its TPM, key {}:", &name[..20]);
    let nodes = nodes(&place.path("seg01/evidence/audit"));
    assert!(!nodes.is_empty());
    assert!(
        nodes.iter().all(|node| node.starts_with(&attested)),
        "{attested} {nodes:?}"
    );

    // Another key in its place.
    for dir in ["other", "other/keys", "other/public"] {
        fs::create_dir(place.path(dir)).unwrap();
    }
    place.good(&format!("iia-box attester other --tpm {ADDRESS}"));
    let kept = place.path("seg01/keys/attestation-key");
    let own = fs::read(&kept).unwrap();
    fs::copy(place.path("other/keys/attestation-key"), &kept).unwrap();
    running.until("IIA-ATT-0106");
    fs::write(&kept, own).unwrap();
    running.until(INTENDED);

    // Something else is started on the machine: its registers say so, and its log does not.
    machine.does(&format!("tpm2_pcrextend 11:sha256={}", hex(&[9; 32])));
    let told = running.until("IIA-ATT-0203");
    assert!(told.contains("IIA-ATT-0202"), "{told}");
    place.bad("iia attest report seg01", "image, judged again: replaying");
    place.bad("iia attest image seg01", "IIA-ATT-0203");

    // The next image is named while the old one runs, and attested once it has been started.
    let (code, said) = operators.apply(&named(2, Some(&first), &two), 60);
    assert_eq!(code, 0, "{said}");
    running.until("IIA-ATT-0207");
    assert_eq!(running.end("TERM"), Some(0));
    machine.boot("two");
    let mut running = run("registers-2");
    running.until(INTENDED);
    let said = place.good("iia attest image seg01 --registers registers-2 --out out-2");
    assert!(
        said.contains(&format!("sha256 11 {}", extended("two"))),
        "{said}"
    );
    assert!(outside(&machine, "out-2"));
    place.bad(
        "iia attest image seg01 --registers registers-1",
        "IIA-ATT-0207",
    );

    machine.power_off();
    running.until("nothing attests which image runs");
}
