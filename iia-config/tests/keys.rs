//! Keys of other tools: what they made we read, and what we sign with it they verify.
#![cfg(feature = "keys")]
#![allow(dead_code, unused_imports, reason = "each feature uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use iia_config::keys::{KeyError, create, load, parse, parse_public};
use iia_core::sign::Signer as _;
use zeroize::Zeroizing;

const MESSAGE: &[u8] = b"DSSEv1 29 application/vnd.iia.config.v1 4 text";

/// Runs a program with this standard input; `None`, said aloud, when it is missing.
fn run(test: &str, program: &str, arguments: &[&str], input: &[u8]) -> Option<Output> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        assert!(
            std::env::var_os("IIA_REQUIRE_ALL").is_none(),
            "{program} is missing"
        );
        eprintln!("SKIPPED: {test}: {program} is missing");
        return None;
    };
    let _closed_early = child.stdin.take().unwrap().write_all(input);
    Some(child.wait_with_output().unwrap())
}

#[track_caller]
fn good(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn nobody() -> Option<Zeroizing<String>> {
    None
}

fn owner_only(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_new_key_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ann");
    let made = create(&path).unwrap().public_key();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(load(&path, &mut nobody).unwrap().public_key(), made);
    assert!(create(&path).is_err(), "an existing key is not overwritten");
    for mode in [0o640, 0o604, 0o620, 0o660, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = load(&path, &mut nobody).map(drop);
        assert_eq!(refused, Err(KeyError::Open { mode }));
    }
}

#[test]
fn raw_and_hexadecimal_seeds_are_the_same_key() {
    // RFC 8032, section 7.1, test 1.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let mut raw = [0; 32];
    iia_core::digest::decode_hex(seed, &mut raw).unwrap();
    for bytes in [
        seed.as_bytes().to_vec(),
        format!("{seed}\n").into_bytes(),
        raw.to_vec(),
    ] {
        let key = parse(&bytes, &mut nobody).unwrap();
        assert_eq!(iia_core::digest::hex(key.public_key().as_bytes()), public);
    }
    for bytes in [
        &b""[..],
        b"x",
        &seed.as_bytes()[1..],
        seed.to_uppercase().as_bytes(),
    ] {
        assert_eq!(
            parse(bytes, &mut nobody).map(drop),
            Err(KeyError::UnknownForm)
        );
    }
}

#[cfg(feature = "openssh")]
mod openssh {
    use super::*;

    #[track_caller]
    fn check(test: &str, passphrase: &str) {
        let dir = tempfile::tempdir().unwrap();
        let (key, message) = (dir.path().join("id"), dir.path().join("message"));
        let (key_path, message_path) = (key.to_str().unwrap(), message.to_str().unwrap());
        let arguments = [
            "-q", "-t", "ed25519", "-N", passphrase, "-C", "ann", "-f", key_path,
        ];
        let Some(made) = run(test, "ssh-keygen", &arguments, b"") else {
            return;
        };
        good(&made);
        let mut ask = || Some(Zeroizing::new(passphrase.to_owned()));
        let ours = load(&key, &mut ask).unwrap();
        let public = fs::read_to_string(dir.path().join("id.pub")).unwrap();
        assert_eq!(parse_public(&public).unwrap(), ours.public_key());
        if !passphrase.is_empty() {
            assert_eq!(load(&key, &mut nobody).map(drop), Err(KeyError::Passphrase));
            let mut wrong = || Some(Zeroizing::new("wrong".to_owned()));
            assert_eq!(load(&key, &mut wrong).map(drop), Err(KeyError::Passphrase));
        }
        // The other side judges: an SSH signature (PROTOCOL.sshsig) made with the key as we read it.
        fs::write(&message, MESSAGE).unwrap();
        let signature = sshsig(&ours);
        fs::write(dir.path().join("sig"), signature).unwrap();
        fs::write(dir.path().join("allowed"), format!("ann {public}")).unwrap();
        let allowed = dir.path().join("allowed");
        let sig = dir.path().join("sig");
        let arguments = [
            "-Y",
            "verify",
            "-f",
            allowed.to_str().unwrap(),
            "-I",
            "ann",
            "-n",
            "iia",
            "-s",
            sig.to_str().unwrap(),
        ];
        good(
            &run(
                test,
                "ssh-keygen",
                &arguments,
                &fs::read(message_path).unwrap(),
            )
            .unwrap(),
        );
        let bent = run(test, "ssh-keygen", &arguments, b"another message").unwrap();
        assert!(!bent.status.success(), "the judge says no when it should");
    }

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
    }

    /// A signature in the form that `ssh-keygen -Y verify` reads.
    fn sshsig(key: &iia_core::sign::SoftwareKey) -> String {
        use base64::Engine as _;
        use sha2_of_openssl::sha512;
        let parts = [string(b"iia"), string(b""), string(b"sha512")].concat();
        let signed = [b"SSHSIG".as_slice(), &parts, &string(&sha512(MESSAGE))].concat();
        let signature = key.sign(&signed).unwrap();
        let public = [string(b"ssh-ed25519"), string(key.public_key().as_bytes())].concat();
        let signature = [string(b"ssh-ed25519"), string(signature.as_bytes())].concat();
        let version = 1u32.to_be_bytes();
        let blob = [
            b"SSHSIG".as_slice(),
            &version,
            &string(&public),
            &parts,
            &string(&signature),
        ]
        .concat();
        let text = base64::engine::general_purpose::STANDARD.encode(blob);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(70)
            .map(|c| std::str::from_utf8(c).unwrap())
            .collect();
        format!(
            "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
            lines.join("\n")
        )
    }

    mod sha2_of_openssl {
        /// SHA-512 by coreutils, so that no crate is needed for one test.
        pub(super) fn sha512(bytes: &[u8]) -> Vec<u8> {
            let output = super::run("sha512", "sha512sum", &[], bytes).unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            (0..64)
                .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
                .collect()
        }
    }

    #[test]
    fn keys_of_ssh_keygen_sign_here_and_ssh_keygen_agrees() {
        check("keys_of_ssh_keygen_sign_here_and_ssh_keygen_agrees", "");
    }

    #[test]
    fn keys_of_ssh_keygen_with_a_passphrase_as_well() {
        check(
            "keys_of_ssh_keygen_with_a_passphrase_as_well",
            "correct horse",
        );
    }

    #[test]
    fn an_ssh_key_of_another_algorithm_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("id");
        let arguments = ["-q", "-t", "ecdsa", "-N", "", "-f", key.to_str().unwrap()];
        let Some(made) = run(
            "an_ssh_key_of_another_algorithm_is_refused",
            "ssh-keygen",
            &arguments,
            b"",
        ) else {
            return;
        };
        good(&made);
        let refused = load(&key, &mut nobody).map(drop);
        assert!(
            matches!(
                refused,
                Err(KeyError::WrongAlgorithm | KeyError::UnknownForm)
            ),
            "{refused:?}"
        );
        let public = fs::read_to_string(dir.path().join("id.pub")).unwrap();
        assert!(parse_public(&public).is_err());
    }
}

#[cfg(feature = "minisign")]
mod minisign {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[track_caller]
    fn check(test: &str, password: Option<&str>) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let (secret, public, message) = (path("key"), path("pub"), path("message"));
        let mut arguments = vec!["-G", "-f", "-s", &secret, "-p", &public];
        if password.is_none() {
            arguments.push("-W");
        }
        let typed = password
            .map(|word| format!("{word}\n{word}\n"))
            .unwrap_or_default();
        let Some(made) = run(test, "minisign", &arguments, typed.as_bytes()) else {
            return;
        };
        good(&made);
        owner_only(Path::new(&secret));
        let mut ask = || password.map(|word| Zeroizing::new(word.to_owned()));
        let ours = load(Path::new(&secret), &mut ask).unwrap();
        let public_text = fs::read_to_string(&public).unwrap();
        assert_eq!(parse_public(&public_text).unwrap(), ours.public_key());
        if password.is_some() {
            assert_eq!(
                load(Path::new(&secret), &mut nobody).map(drop),
                Err(KeyError::Passphrase)
            );
            let mut wrong = || Some(Zeroizing::new("wrong".to_owned()));
            assert_eq!(
                load(Path::new(&secret), &mut wrong).map(drop),
                Err(KeyError::Passphrase)
            );
        }
        // The other side judges: a minisign signature made with the key as we read it.
        fs::write(&message, MESSAGE).unwrap();
        let number = STANDARD
            .decode(public_text.lines().nth(1).unwrap())
            .unwrap()[2..10]
            .to_vec();
        let signature = ours.sign(MESSAGE).unwrap();
        let global = ours
            .sign(&[signature.as_bytes().as_slice(), b"here"].concat())
            .unwrap();
        let text = format!(
            "untrusted comment: test\n{}\ntrusted comment: here\n{}\n",
            STANDARD.encode([b"Ed".as_slice(), &number, signature.as_bytes()].concat()),
            STANDARD.encode(global.as_bytes())
        );
        fs::write(format!("{message}.minisig"), text).unwrap();
        let arguments = ["-V", "-p", &public, "-m", &message];
        good(&run(test, "minisign", &arguments, b"").unwrap());
        fs::write(&message, b"another message").unwrap();
        let bent = run(test, "minisign", &arguments, b"").unwrap();
        assert!(!bent.status.success(), "the judge says no when it should");
    }

    #[test]
    fn keys_of_minisign_sign_here_and_minisign_agrees() {
        check("keys_of_minisign_sign_here_and_minisign_agrees", None);
    }

    #[test]
    fn keys_of_minisign_with_a_password_as_well() {
        check(
            "keys_of_minisign_with_a_password_as_well",
            Some("correct horse"),
        );
    }
}

#[cfg(feature = "pkcs11")]
mod pkcs11 {
    use iia_config::keys::pkcs11::TokenKey;
    use iia_config::trust::key_text;
    use iia_core::sign::KeyOrigin;

    use super::*;

    const MODULES: [&str; 3] = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    ];

    /// Runs in a process of its own: SoftHSM reads where its tokens are from the environment, once.
    #[test]
    fn child() {
        let Some(module) = std::env::var_os("IIA_PKCS11_CHILD") else {
            return;
        };
        let dir = std::path::PathBuf::from(std::env::var_os("IIA_PKCS11_DIR").unwrap());
        let module = Path::new(&module);
        let pin = |text: &str| Zeroizing::new(text.to_owned());
        assert!(TokenKey::open(module, "site", "ann", &pin("9999")).is_err());
        assert!(TokenKey::open(module, "site", "bob", &pin("1234")).is_err());
        assert!(TokenKey::open(module, "elsewhere", "ann", &pin("1234")).is_err());
        let key = TokenKey::open(module, "site", "ann", &pin("1234")).unwrap();
        assert_eq!(
            key.origin(),
            KeyOrigin::Software,
            "SoftHSM is no hardware and does not say so"
        );
        let signed =
            iia_config::envelope::seal(iia_config::trust::Class::Config, b"text", &[&key]).unwrap();
        let armour = iia_config::envelope::Armour::parse(&signed).unwrap();
        fs::write(dir.join("signature"), armour.signatures[0].1.as_bytes()).unwrap();
        fs::write(dir.join("public"), key_text(&key.public_key())).unwrap();
    }

    #[test]
    fn a_key_in_a_token_signs_and_openssl_agrees() {
        const TEST: &str = "a_key_in_a_token_signs_and_openssl_agrees";
        let Some(module) = MODULES
            .into_iter()
            .find(|module| Path::new(module).exists())
        else {
            assert!(
                std::env::var_os("IIA_REQUIRE_ALL").is_none(),
                "SoftHSM is missing"
            );
            eprintln!("SKIPPED: {TEST}: SoftHSM (softhsm2) is missing");
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(path("tokens")).unwrap();
        fs::write(
            path("conf"),
            format!("directories.tokendir = {}\n", path("tokens")),
        )
        .unwrap();
        let softhsm = |arguments: &[&str]| {
            let output = Command::new("softhsm2-util")
                .args(arguments)
                .env("SOFTHSM2_CONF", path("conf"))
                .output();
            good(&output.unwrap());
        };
        let pem = path("key.pem");
        let made = ["genpkey", "-algorithm", "ed25519", "-out", &pem];
        let Some(made) = run(TEST, "openssl", &made, b"") else {
            return;
        };
        good(&made);
        softhsm(&[
            "--init-token",
            "--free",
            "--label",
            "site",
            "--pin",
            "1234",
            "--so-pin",
            "5678",
        ]);
        softhsm(&[
            "--import", &pem, "--token", "site", "--label", "ann", "--id", "01", "--pin", "1234",
        ]);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pkcs11::child"])
            .env("SOFTHSM2_CONF", path("conf"))
            .env("IIA_PKCS11_CHILD", module)
            .env("IIA_PKCS11_DIR", dir.path())
            .output();
        let child = child.unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stdout)
        );
        fs::write(
            path("message"),
            iia_config::envelope::pae("application/vnd.iia.config.v1", b"text"),
        )
        .unwrap();
        let verify = |message: &str| {
            let arguments = [
                "pkeyutl",
                "-verify",
                "-rawin",
                "-inkey",
                &pem,
                "-in",
                message,
                "-sigfile",
                &path("signature"),
            ];
            run(TEST, "openssl", &arguments, b"")
                .unwrap()
                .status
                .success()
        };
        assert!(verify(&path("message")));
        assert!(!verify(&path("public")), "the judge says no when it should");
    }
}
