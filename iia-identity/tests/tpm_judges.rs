//! OpenSSL at the other end of a handshake whose key is in a TPM; quotes of every kind that the TPM tools make.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod common;
mod machine;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use iia_attest::tpm::{Evidence, PublicArea, PureRust, Reference, Tier, appraise};
use iia_core::SpiffeId;
use iia_core::outside::Check;
use iia_core::sign::KeyOrigin;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::check::ProviderCheck;
use iia_identity::issue::{Issuer, request, request_by};
use iia_identity::svid::{Store, Svid};
use iia_identity::tls::{client_config, server_config};
use iia_identity::tpm::Tpm;
use iia_identity::verify::verify_chain;
use machine::Machine;
use rustls::pki_types::ServerName;
use rustls::sign::SigningKey;
use rustls::{ClientConnection, ServerConnection, Stream};

const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
const BUS: &str = "spiffe://iia.local/zone/bus/workload/relay";
const PATIENCE: Duration = Duration::from_secs(60);

/// A workload whose key is in the TPM, and one of OpenSSL's with files.
struct Ends {
    store: Arc<Store>,
    bundles: Arc<BundleSet>,
}

/// The TPM is held by the key, or spoken to only while it signs.
fn ends(machine: &Machine, held: bool) -> Ends {
    let now = SystemClock::new(Floor::default(), 0).read();
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, now).unwrap();
    let mut bundles = BundleSet::default();
    bundles
        .add_root("iia.local".parse().unwrap(), issuer.root().to_vec())
        .unwrap();
    let (lake, bus): (SpiffeId, SpiffeId) = (LAKE.parse().unwrap(), BUS.parse().unwrap());
    let tpm = Tpm::open(&machine.address()).unwrap();
    let key = tpm.key(&tpm.create_key().unwrap()).unwrap();
    assert_eq!(key.origin(), KeyOrigin::Hardware);
    let csr = request_by(&lake, &key).unwrap();
    let issued = issuer.issue(&csr, &lake, &common::Everybody, now).unwrap();
    let seldom = key.seldom(&machine.address(), PATIENCE).unwrap();
    let key: Arc<dyn SigningKey> = match held {
        true => Arc::new(key),
        false => Arc::new(seldom),
    };
    let svid = Svid::with_signing_key(issued.chain.clone(), key).unwrap();
    // Another key does not go with it.
    let other = tpm.key(&tpm.create_key().unwrap()).unwrap();
    assert!(Svid::with_signing_key(issued.chain, Arc::new(other)).is_err());
    let (csr, key) = request(&bus).unwrap();
    let issued = issuer.issue(&csr, &bus, &common::Everybody, now).unwrap();
    machine.write("root.der", issuer.root());
    machine.write("leaf.der", &issued.chain[0]);
    machine.write("key.der", key.as_pkcs8());
    machine.does("openssl x509 -inform DER -in root.der -out root.pem");
    machine.does("openssl x509 -inform DER -in leaf.der -out leaf.pem");
    machine.does("openssl pkey -inform DER -in key.der -out key.pem");
    Ends {
        store: Arc::new(Store::new(svid)),
        bundles: Arc::new(bundles),
    }
}

/// A program at the other end; it ends with the test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn openssl(machine: &Machine, line: &str) -> Peer {
    let child = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(machine.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    Peer(child.unwrap())
}

#[test]
fn openssl_as_client_meets_a_key_in_a_tpm() {
    let Some(machine) = Machine::start("openssl_as_client_meets_a_key_in_a_tpm") else {
        return;
    };
    let ends = ends(&machine, true);
    let config = Arc::new(server_config(&ends.store, &ends.bundles).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut peer = openssl(
        &machine,
        &format!(
            "s_client -connect 127.0.0.1:{port} -tls1_3 -alpn iia/1 -cert leaf.pem -key key.pem -CAfile root.pem -verify_return_error -quiet"
        ),
    );
    peer.0
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"from openssl\n")
        .unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut session = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut session, &mut socket);
    let mut said = [0; 13];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"from openssl\n");
    stream.write_all(b"from the TPM\n").unwrap();
    let mut heard = String::new();
    BufReader::new(peer.0.stdout.as_mut().unwrap())
        .read_line(&mut heard)
        .unwrap();
    assert_eq!(heard, "from the TPM\n");
    let now = SystemClock::new(Floor::default(), 0).read();
    let peer = verify_chain(
        session.peer_certificates().unwrap_or_default(),
        &ends.bundles,
        now.wall,
    );
    assert_eq!(peer.unwrap(), BUS.parse().unwrap());
}

#[test]
fn openssl_as_server_meets_a_key_in_a_tpm() {
    let Some(machine) = Machine::start("openssl_as_server_meets_a_key_in_a_tpm") else {
        return;
    };
    let ends = ends(&machine, false);
    // Nobody holds the TPM, which has room for one.
    machine.does("tpm2_pcrread sha256:4");
    let config = client_config(&ends.store, &ends.bundles, &BUS.parse().unwrap()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut peer = openssl(
        &machine,
        &format!(
            "s_server -accept 127.0.0.1:{port} -tls1_3 -alpn iia/1 -cert leaf.pem -key key.pem -CAfile root.pem -Verify 2 -verify_return_error -naccept 1"
        ),
    );
    let mut told = BufReader::new(peer.0.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("ACCEPT") {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "the server ended");
    }
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = Stream::new(&mut session, &mut socket);
    stream.write_all(b"from the TPM\n").unwrap();
    while line != "from the TPM\n" {
        line.clear();
        assert_ne!(
            told.read_line(&mut line).unwrap(),
            0,
            "the message did not come"
        );
    }
    peer.0
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"from openssl\n")
        .unwrap();
    let mut said = [0; 13];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"from openssl\n");
}

#[test]
fn quotes_of_every_kind_that_the_tools_make_are_verified() {
    let Some(machine) = Machine::start("quotes_of_every_kind_that_the_tools_make_are_verified")
    else {
        return;
    };
    machine.does("tpm2_createprimary -C e -g sha256 -G ecc -c parent");
    machine.does("tpm2_flushcontext -t");
    let kinds = [
        ("ecc256:ecdsa-sha256", "sha256"),
        ("ecc384:ecdsa-sha384", "sha384"),
        ("ecc384:ecdsa-sha256", "sha256"),
        ("rsa2048:rsassa-sha256", "sha256"),
        ("rsa2048:rsapss-sha256", "sha256"),
        ("rsa3072:rsassa-sha384", "sha384"),
        ("rsa3072:rsapss-sha384", "sha384"),
        ("rsa2048:rsassa-sha512", "sha512"),
    ];
    for (kind, hash) in kinds {
        let scheme = kind.split([':', '-']).nth(1).unwrap();
        machine.does(&format!(
            "tpm2_create -C parent -G {kind}:null -u ak.pub -r ak.priv -c ak -a restricted|sign|fixedtpm|fixedparent|sensitivedataorigin|userwithauth"
        ));
        machine.does("tpm2_flushcontext -t");
        machine.does(&format!(
            "tpm2_quote -c ak -g {hash} --scheme {scheme} -l sha1:0,3+sha256:0,1,23+sha384:7 -q 00ff -m attest -s signature -o pcrs -F values"
        ));
        machine.does("tpm2_flushcontext -t");
        let (attest, signature) = (machine.read("attest"), machine.read("signature"));
        let pcrs = machine.read("pcrs");
        let key = PublicArea::parse(&machine.read("ak.pub")).unwrap();
        let evidence = Evidence {
            attest: &attest,
            signature: &signature,
            log: None,
            pcrs: Some(&pcrs),
        };
        let checks: [&dyn Check; 2] = [&PureRust, &ProviderCheck];
        for check in checks {
            let good = appraise(&evidence, &Reference::new(&key, &[0, 0xff]), check);
            assert_eq!(good.reasons, vec![], "{kind}");
            assert_eq!(good.pcrs.unwrap().iter().count(), 6, "{kind}");
            for at in [0, 10, 60, attest.len() - 1] {
                let mut bent = attest.clone();
                bent[at] ^= 1;
                let evidence = Evidence {
                    attest: &bent,
                    ..evidence
                };
                let bad = appraise(&evidence, &Reference::new(&key, &[0, 0xff]), check);
                assert_eq!(bad.tier(), Tier::Contraindicated, "{kind} {at}");
            }
            for at in 4..signature.len() {
                let mut bent = signature.clone();
                bent[at] ^= 1;
                let evidence = Evidence {
                    signature: &bent,
                    ..evidence
                };
                let bad = appraise(&evidence, &Reference::new(&key, &[0, 0xff]), check);
                assert_eq!(bad.tier(), Tier::Contraindicated, "{kind} {at}");
            }
        }
    }
}
