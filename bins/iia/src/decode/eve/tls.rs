//! Handshakes of TLS. Suricata has an event a connection, here is one a message: what it has a name for stands under that name in
//! the event of the message that says it, and all else under `iia`, in Wireshark's names.

use iia_core::observe::{Field, Said, Value};
use serde_json::{Value as Json, json};

use super::super::json;
use super::{Object, first};

/// What was said.
pub(super) fn body(said: &Said<'_>) -> Json {
    let fields = said.asked;
    let mut body = Object::new();
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    };
    let text = |name| match first(fields, name) {
        Some(Value::Text(text)) => Some(*text),
        _ => None,
    };
    match said.what {
        "client_hello" => put(
            "sni",
            text("tls.handshake.extensions_server_name").map(Json::from),
        ),
        "server_hello" => put("version", version(fields).map(Json::from)),
        "certificate" => {
            let name = |field| text(field).map(|text| distinguished(text).into());
            put("subject", name("iia.tls.certificate.subject"));
            put("issuerdn", name("iia.tls.certificate.issuer"));
            put("serial", serial(fields).map(Json::from));
            put(
                "notbefore",
                moment(fields, "iia.tls.certificate.not_before"),
            );
            put("notafter", moment(fields, "iia.tls.certificate.not_after"));
        }
        _ => {}
    }
    let iia = json!({
        "operation": said.what, "outcome": said.outcome.name(),
        "asked": json::fields(said.asked), "answered": json::fields(said.answered),
    });
    body.insert("iia".into(), iia);
    body.into()
}

/// The version that the server chose; what the extension says comes before what stands where it stood once (RFC 8446, 4.2.1).
fn version(fields: &[Field<'_>]) -> Option<&'static str> {
    let chosen = first(fields, "tls.handshake.extensions.supported_version");
    let chosen = chosen.or_else(|| first(fields, "tls.handshake.version"))?;
    Some(match chosen.number()? {
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => return None,
    })
}

/// Bytes of the number with colons between them.
fn serial(fields: &[Field<'_>]) -> Option<String> {
    let Some(Value::Bytes(bytes)) = first(fields, "x509af.serialNumber") else {
        return None;
    };
    let all: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(all.join(":"))
}

/// To the second.
fn moment(fields: &[Field<'_>], name: &str) -> Option<Json> {
    let Some(Value::Time(ts)) = first(fields, name) else {
        return None;
    };
    ts.to_string().get(..19).map(Json::from)
}

/// Names that Suricata writes out, and how they stand here.
const NAMES: [(&str, &str); 6] = [
    ("2b0601040182373c020102", "msJurisdictionStateOrProvince"),
    ("2b0601040182373c020103", "msJurisdictionCountry"),
    ("55040f", "businessCategory"),
    ("550411", "postalCode"),
    ("STREET", "streetAddress"),
    ("UID", "userid"),
];

/// A distinguished name with a blank behind each comma, and no comma in it escaped.
fn distinguished(text: &str) -> String {
    let (mut parts, mut part, mut is_escaped) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            ',' if !is_escaped => parts.push(std::mem::take(&mut part)),
            letter => part.push(letter),
        }
        is_escaped = false;
    }
    parts.push(part);
    let spelled = |part: &String| match part.split_once('=') {
        Some((name, value)) => {
            let known = NAMES.iter().find(|known| known.0 == name);
            format!("{}={value}", known.map_or(name, |known| known.1))
        }
        None => part.clone(),
    };
    let parts: Vec<String> = parts.iter().map(spelled).collect();
    parts.join(", ")
}
