//! Who proves what in the reference environment: SVIDs of the box's issuer, which asks the catalog, and certificates of
//! the cell's own authority for sensors; as files that OpenSSL's programs read.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::IdentityError;
use iia_identity::device::{DEVICE_LIFE_SECS, Device, DevicePki, Used};
use iia_identity::issue::{Issuer, KeyKind, PrivateKey, Subject, request_for};

/// Two authorities, and a directory for each identity.
pub(crate) struct Keys {
    pub(crate) dir: tempfile::TempDir,
    issuer: Issuer,
    cell: DevicePki,
}

fn clock() -> SystemClock {
    SystemClock::new(Floor::new(Timestamp::default()), 0)
}

impl Keys {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let now = clock().read();
        let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now).unwrap();
        let mut cell = DevicePki::create("cell", KeyKind::P256, now).unwrap();
        // Nobody is revoked; a broker that is given a list wants one of each authority.
        let lists = [
            cell.crl(now).unwrap(),
            cell.root_crl(now).unwrap(),
            issuer.crl(&[], now).unwrap(),
        ];
        fs::write(
            dir.path().join("crl.pem"),
            lists.map(|der| pem("crl", &der)).concat(),
        )
        .unwrap();
        let keys = Self { dir, issuer, cell };
        let roots = [keys.issuer.root(), keys.cell.root()].map(|der| pem("x509", der));
        fs::write(keys.path("roots.pem"), roots.concat()).unwrap();
        keys
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The path of a file as an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// An SVID for a workload of the catalog, readable by its user alone.
    pub(crate) fn workload(
        &self,
        (name, id): (&str, &str),
        catalog: &Catalog,
        user: u32,
    ) -> Result<(), IdentityError> {
        let subject = Subject::with_alias(id.parse().unwrap(), id)?;
        let now = clock().read();
        let (issued, key) = (self.issuer).issue_with_key(KeyKind::P256, &subject, catalog, now)?;
        self.put(name, &issued.chain, &key);
        for path in [
            self.path(name),
            self.path(name).join("key.pem"),
            self.path(name).join("cert.pem"),
        ] {
            chown(path, Some(user), Some(user)).unwrap();
        }
        Ok(())
    }

    /// A certificate for a device of the cell.
    pub(crate) fn device(&self, name: &str) {
        let (csr, key) = request_for(KeyKind::P256, &"spiffe://a/b".parse().unwrap()).unwrap();
        let device = Device {
            common_name: name.into(),
            serial_number: String::new(),
            hosts: Vec::new(),
            used: Used::Client,
        };
        let now = clock().read();
        let one = self
            .cell
            .issue(&csr, &device, DEVICE_LIFE_SECS, now)
            .unwrap();
        self.put(name, &one.chain, &key);
    }

    fn put(&self, name: &str, chain: &[Vec<u8>], key: &PrivateKey) {
        let dir = self.path(name);
        fs::create_dir(&dir).unwrap();
        let chain: String = chain.iter().map(|der| pem("x509", der)).collect();
        let write = |file: &str, text: String, mode| {
            fs::write(dir.join(file), text).unwrap();
            fs::set_permissions(dir.join(file), fs::Permissions::from_mode(mode)).unwrap();
        };
        write("cert.pem", chain, 0o644);
        write("key.pem", pem("pkey", key.as_pkcs8()), 0o600);
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// What OpenSSL makes of DER.
fn pem(kind: &str, der: &[u8]) -> String {
    openssl(&[kind, "-inform", "der"], der)
}

/// What `openssl` answers.
pub(crate) fn openssl(arguments: &[&str], input: &[u8]) -> String {
    use std::io::Write as _;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The public key of a certificate and that of a key, as OpenSSL tells them.
pub(crate) fn public(dir: &Path) -> [String; 2] {
    let of = |file: &str| dir.join(file).to_str().unwrap().to_owned();
    let (cert, key) = (of("cert.pem"), of("key.pem"));
    [
        openssl(&["x509", "-in", &cert, "-noout", "-pubkey"], b""),
        openssl(&["pkey", "-in", &key, "-pubout"], b""),
    ]
}
