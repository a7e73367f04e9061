//! A private authority made by OpenSSL, for services that ask for certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// An authority that lists what it has revoked.
const CONFIGURATION: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n\
                             default_crl_days=2\nprivate_key=ca.key\ncertificate=ca.pem\n";
/// A new key.
const NEW: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];

fn openssl(dir: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// The authority, a certificate for each name, and a list that names nobody, where a service looks for them.
pub(crate) fn certify(dir: &Path, names: &[(&str, &str)]) {
    let ca = [
        "req", "-x509", "-days", "2", "-subj", "/CN=cell", "-keyout", "ca.key", "-out", "ca.pem",
    ];
    openssl(dir, &[&ca[..], &NEW].concat());
    for (file, name) in names {
        let (key, request, cert) = (
            format!("{file}key.pem"),
            format!("{file}req"),
            format!("{file}cert.pem"),
        );
        let subject = format!("/CN={}", name.replace('/', "\\/"));
        let san = "subjectAltName=IP:10.20.0.1";
        let ask = [
            "req", "-subj", &subject, "-addext", san, "-keyout", &key, "-out", &request,
        ];
        openssl(dir, &[&ask[..], &NEW].concat());
        let sign = [
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-copy_extensions",
            "copy",
            "-out",
            &cert,
        ];
        openssl(dir, &sign);
    }
    fs::write(dir.join("ca.conf"), CONFIGURATION).unwrap();
    fs::write(dir.join("index"), "").unwrap();
    fs::write(dir.join("number"), "01\n").unwrap();
    list(dir);
    for entry in fs::read_dir(dir).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
}

/// The authority's list of revoked certificates, as it is now.
pub(crate) fn list(dir: &Path) {
    openssl(
        dir,
        &["ca", "-config", "ca.conf", "-gencrl", "-out", "crl.pem"],
    );
}

/// Revokes a certificate; the next list has it.
pub(crate) fn revoke(dir: &Path, certificate: &str) {
    openssl(dir, &["ca", "-config", "ca.conf", "-revoke", certificate]);
}
