//! The hellos of a handshake (RFC 8446, 4.1; RFC 5246, 7.4.1): what is offered and what is taken.

use iia_core::observe::Value;

use super::names;
use crate::decode::{Fields, Reader};

/// What a Hello Retry Request has in place of a random (RFC 8446, 4.1.3).
const RETRY: [u8; 8] = [0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11];

/// A client's hello; `None` where it breaks off.
pub(super) fn client<'a>(fields: &mut Fields<'a>, body: &'a [u8]) -> Option<()> {
    let mut reader = Reader::new(body);
    version(fields, &mut reader)?;
    reader.take(32)?;
    let len = reader.u8()?;
    reader.take(usize::from(len))?;
    let len = reader.be16()?;
    let mut suites = reader.part(usize::from(len))?;
    while let Some(suite) = suites.be16() {
        fields.code("tls.handshake.ciphersuite", suite, names::suite(suite));
    }
    let len = reader.u8()?;
    for method in reader.take(usize::from(len))? {
        fields.uint("tls.handshake.comp_method", *method);
    }
    extensions(fields, &mut reader, true)
}

/// A server's hello.
pub(super) fn server<'a>(fields: &mut Fields<'a>, body: &'a [u8]) -> Option<()> {
    let mut reader = Reader::new(body);
    version(fields, &mut reader)?;
    if reader.take(32)?.starts_with(&RETRY) {
        fields.add("iia.tls.hello_retry_request", Value::Bool(true));
    }
    let len = reader.u8()?;
    reader.take(usize::from(len))?;
    let suite = reader.be16()?;
    fields.code("tls.handshake.ciphersuite", suite, names::suite(suite));
    fields.uint("tls.handshake.comp_method", reader.u8()?);
    extensions(fields, &mut reader, false)
}

fn version(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let version = reader.be16()?;
    fields.code("tls.handshake.version", version, names::version(version));
    Some(())
}

/// Extensions, which older hellos do not have.
fn extensions<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    from_client: bool,
) -> Option<()> {
    if reader.is_empty() {
        return Some(());
    }
    let len = reader.be16()?;
    let mut all = reader.part(usize::from(len))?;
    while !all.is_empty() {
        let (kind, len) = (all.be16()?, all.be16()?);
        let body = all.part(usize::from(len))?;
        fields.uint("tls.handshake.extension.type", kind);
        extension(fields, kind, body, from_client)?;
    }
    Some(())
}

fn extension<'a>(
    fields: &mut Fields<'a>,
    kind: u16,
    mut body: Reader<'a>,
    from_client: bool,
) -> Option<()> {
    match (kind, from_client) {
        // Whom the client wants to speak to (RFC 6066, 3); a server repeats it without the name.
        (0, true) if !body.is_empty() => {
            let len = body.be16()?;
            let mut list = body.part(usize::from(len))?;
            while !list.is_empty() {
                let (kind, len) = (list.u8()?, list.be16()?);
                let name = list.take(usize::from(len))?;
                if kind == 0 {
                    fields.text("tls.handshake.extensions_server_name", name);
                }
            }
        }
        (10, true) => {
            let len = body.be16()?;
            let mut groups = body.part(usize::from(len))?;
            while let Some(group) = groups.be16() {
                let name = "tls.handshake.extensions_supported_group";
                fields.code(name, group, names::group(group));
            }
        }
        (13, true) => {
            let len = body.be16()?;
            let mut algorithms = body.part(usize::from(len))?;
            while let Some(algorithm) = algorithms.be16() {
                fields.uint("tls.handshake.sig_hash_alg", algorithm);
            }
        }
        // RFC 7301, 3.1.
        (16, _) => {
            let len = body.be16()?;
            let mut list = body.part(usize::from(len))?;
            while !list.is_empty() {
                let len = list.u8()?;
                let name = list.take(usize::from(len))?;
                fields.text("tls.handshake.extensions_alpn_str", name);
            }
        }
        (43, true) => {
            let len = body.u8()?;
            let mut versions = body.part(usize::from(len))?;
            while let Some(version) = versions.be16() {
                supported(fields, version);
            }
        }
        (43, false) => supported(fields, body.be16()?),
        (51, true) => {
            let len = body.be16()?;
            let mut shares = body.part(usize::from(len))?;
            while !shares.is_empty() {
                share(fields, shares.be16()?);
                let len = shares.be16()?;
                shares.take(usize::from(len))?;
            }
        }
        // A Hello Retry Request has the group alone (RFC 8446, 4.2.8).
        (51, false) if body.len() == 2 => {
            let group = body.be16()?;
            let name = "tls.handshake.extensions_key_share_selected_group";
            fields.code(name, group, names::group(group));
        }
        (51, false) => share(fields, body.be16()?),
        _ => {}
    }
    Some(())
}

fn supported(fields: &mut Fields<'_>, version: u16) {
    let name = "tls.handshake.extensions.supported_version";
    fields.code(name, version, names::version(version));
}

fn share(fields: &mut Fields<'_>, group: u16) {
    let name = "tls.handshake.extensions_key_share_group";
    fields.code(name, group, names::group(group));
}
