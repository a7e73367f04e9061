//! What a device's certificate says: its names, and what each kind of peer wants to read.

use std::net::IpAddr;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
    SerialNumber,
};

use crate::authority::{moment, name, uri};
use crate::{IdentityError, random};

/// Names and addresses of one device at most.
pub const HOSTS_MAX: usize = 16;
/// Longest name in bytes (X.520 upper bound).
const NAME_LEN_MAX: usize = 64;
/// Longest application URI in bytes.
const URI_LEN_MAX: usize = 1024;

/// What a device does with its certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Used {
    /// A client of a broker, or of anything else that asks for a client's certificate.
    Client,
    /// A server of the cell, such as its broker.
    Server,
    /// An OPC UA application, client and server (OPC 10000-6, 6.2.2): its ApplicationUri is in the certificate.
    OpcUa {
        /// The ApplicationUri.
        application_uri: String,
    },
    /// An EtherNet/IP device with CIP Security, client and server of TLS and DTLS.
    EtherNetIp,
}

/// A name or address at which a device answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Host {
    /// A host name.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// A device as its certificate is to name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// The common name, by which a broker knows it: letters, digits and `-_.`, at most 64.
    pub common_name: String,
    /// The serial number on its plate; may be empty.
    pub serial_number: String,
    /// Where it answers.
    pub hosts: Vec<Host>,
    /// What it does.
    pub used: Used,
}

impl Device {
    fn check(&self) -> Result<(), IdentityError> {
        let bad = |what| Err(IdentityError::BadDevice { what });
        let plain = |text: &str| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            text.len() <= NAME_LEN_MAX && text.bytes().all(legal)
        };
        if self.common_name.is_empty() || !plain(&self.common_name) {
            return bad("common name is empty, too long or no plain word");
        }
        if !plain(&self.serial_number) {
            return bad("serial number is too long or no plain word");
        }
        if self.hosts.len() > HOSTS_MAX {
            return bad("more than 16 names and addresses");
        }
        match &self.used {
            Used::OpcUa { application_uri }
                if application_uri.is_empty() || application_uri.len() > URI_LEN_MAX =>
            {
                bad("ApplicationUri is empty or too long")
            }
            // A device that could name itself like a workload would be taken for one.
            Used::OpcUa { application_uri } if application_uri.starts_with("spiffe:") => {
                bad("ApplicationUri is a SPIFFE ID")
            }
            _ => Ok(()),
        }
    }

    /// The certificate without its key, and its serial number.
    pub(super) fn leaf(
        &self,
        (from, until): (i64, i64),
        is_rsa: bool,
    ) -> Result<(CertificateParams, [u8; 16]), IdentityError> {
        self.check()?;
        let serial = random::serial()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = self.key_usages(is_rsa);
        params.extended_key_usages = self.extended_key_usages();
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name = name(&self.common_name);
        if !self.serial_number.is_empty() {
            let kind = DnType::CustomDnType(vec![2, 5, 4, 5]);
            params
                .distinguished_name
                .push(kind, self.serial_number.as_str());
        }
        params.subject_alt_names = self.names()?;
        params.not_before = moment(from)?;
        params.not_after = moment(until)?;
        Ok((params, serial))
    }

    fn names(&self) -> Result<Vec<SanType>, IdentityError> {
        let mut names = Vec::new();
        if let Used::OpcUa { application_uri } = &self.used {
            names.push(uri(application_uri)?);
        }
        for host in &self.hosts {
            names.push(match host {
                Host::Address(address) => SanType::IpAddress(*address),
                Host::Name(name) => {
                    let text = name.as_str().try_into();
                    SanType::DnsName(text.map_err(|_| IdentityError::BadDevice {
                        what: "a host name is none",
                    })?)
                }
            });
        }
        Ok(names)
    }

    fn key_usages(&self, is_rsa: bool) -> Vec<KeyUsagePurpose> {
        let mut usages = vec![KeyUsagePurpose::DigitalSignature];
        if matches!(self.used, Used::OpcUa { .. }) {
            usages.push(KeyUsagePurpose::ContentCommitment);
            // What an RSA key encrypts: secrets in OpenSecureChannel and passwords.
            if is_rsa {
                usages.push(KeyUsagePurpose::KeyEncipherment);
                usages.push(KeyUsagePurpose::DataEncipherment);
            }
        }
        usages
    }

    fn extended_key_usages(&self) -> Vec<ExtendedKeyUsagePurpose> {
        match self.used {
            Used::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Used::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Used::OpcUa { .. } | Used::EtherNetIp => vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
        }
    }
}
