//! Uplinks of LoRaWAN as network servers publish them in JSON: on `application/…/device/…/event/up` of one kind of server,
//! third and fourth generation, and on `v3/…/devices/…/up` of another.
//!
//! The radio's own message is told by nobody here: it ended at the network server. The reader of JSON is `serde_json`
//! without `std`; it nests 128 levels at most, and what it builds goes when the message is told.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::observe::Value as Told;
use serde_json::Value;

use super::super::Fields;

/// Gateways of one uplink that are told at most.
pub const GATEWAYS_MAX: usize = 32;

/// Where a field stands in the JSON of each kind of server, and what it is called here.
type Row = (&'static str, &'static [&'static str]);

/// What is text.
const TEXTS: [Row; 6] = [
    (
        "iia.lorawan.dev_eui",
        &[
            "/deviceInfo/devEui",
            "/devEUI",
            "/devEui",
            "/end_device_ids/dev_eui",
        ],
    ),
    (
        "iia.lorawan.dev_addr",
        &["/devAddr", "/end_device_ids/dev_addr"],
    ),
    (
        "iia.lorawan.join_eui",
        &["/deviceInfo/joinEui", "/end_device_ids/join_eui"],
    ),
    (
        "iia.lorawan.device",
        &[
            "/deviceInfo/deviceName",
            "/deviceName",
            "/end_device_ids/device_id",
        ],
    ),
    (
        "iia.lorawan.application",
        &[
            "/deviceInfo/applicationId",
            "/applicationID",
            "/end_device_ids/application_ids/application_id",
        ],
    ),
    ("iia.lorawan.tenant", &["/deviceInfo/tenantId"]),
];

/// What is a number without sign.
const NUMBERS: [Row; 5] = [
    (
        "iia.lorawan.f_port",
        &["/fPort", "/uplink_message/f_port", "/downlinks/0/f_port"],
    ),
    (
        "iia.lorawan.f_cnt",
        &["/fCnt", "/uplink_message/f_cnt", "/downlinks/0/f_cnt"],
    ),
    (
        "iia.lorawan.frequency",
        &["/txInfo/frequency", "/uplink_message/settings/frequency"],
    ),
    (
        "iia.lorawan.spreading_factor",
        &[
            "/txInfo/modulation/lora/spreadingFactor",
            "/txInfo/loRaModulationInfo/spreadingFactor",
            "/txInfo/dataRate/spreadFactor",
            "/uplink_message/settings/data_rate/lora/spreading_factor",
        ],
    ),
    (
        "iia.lorawan.bandwidth",
        &[
            "/txInfo/modulation/lora/bandwidth",
            "/txInfo/loRaModulationInfo/bandwidth",
            "/txInfo/dataRate/bandwidth",
            "/uplink_message/settings/data_rate/lora/bandwidth",
        ],
    ),
];

/// What is true or false.
const CONFIRMED: Row = (
    "iia.lorawan.confirmed",
    &[
        "/confirmed",
        "/confirmedUplink",
        "/uplink_message/confirmed",
        "/downlinks/0/confirmed",
    ],
);

/// The device's bytes in Base64.
const DATA: [&str; 3] = [
    "/data",
    "/uplink_message/frm_payload",
    "/downlinks/0/frm_payload",
];

/// The list of gateways that heard it.
const GATEWAYS: [&str; 2] = ["/rxInfo", "/uplink_message/rx_metadata"];
const GATEWAY: [&str; 4] = [
    "/gatewayId",
    "/gatewayID",
    "/gateway_ids/gateway_id",
    "/gateway_ids/eui",
];
const RSSI: [&str; 1] = ["/rssi"];
const SNR: [&str; 2] = ["/snr", "/loRaSNR"];

/// Levels of a topic that are looked at: two more than the longest has.
const LEVELS_MAX: usize = 8;

/// The kind of event that a topic names, such as `up`; `None` for a topic of others.
pub fn event(topic: &str) -> Option<&str> {
    if !topic.starts_with("application/") && !topic.starts_with("v3/") {
        return None;
    }
    let mut levels = [""; LEVELS_MAX];
    let mut count = 0;
    for (place, level) in levels.iter_mut().zip(topic.split('/')) {
        *place = level;
        count += 1;
    }
    match *levels.get(..count)? {
        ["application", _, "device", _, "event" | "command", kind]
        | [
            "application",
            _,
            "device" | "node",
            _,
            kind @ ("rx" | "tx" | "join" | "ack"),
        ]
        | ["v3", _, "devices", _, kind] => Some(kind),
        ["v3", _, "devices", _, "down", kind] => Some(kind),
        _ => None,
    }
}

/// What a network server says of a device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    texts: Vec<(&'static str, String)>,
    numbers: Vec<(&'static str, u64)>,
    confirmed: Option<bool>,
    gateways: Vec<Gateway>,
    data: Option<Vec<u8>>,
}

/// How well a gateway heard it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Gateway {
    id: Option<String>,
    rssi: Option<i64>,
    snr: Option<f64>,
}

impl Event {
    /// Reads the JSON of an event; `None` where it is none, or not whole.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(payload).ok()?;
        json.as_object()?;
        let texts = TEXTS.iter().filter_map(|(name, places)| {
            let text = first(&json, places)?;
            let text = text.as_str().map(str::to_string);
            // One generation has numbers for applications.
            Some((
                *name,
                text.or_else(|| first(&json, places)?.as_u64().map(|id| id.to_string()))?,
            ))
        });
        let numbers = NUMBERS.iter();
        let numbers =
            numbers.filter_map(|(name, places)| Some((*name, number(first(&json, places)?)?)));
        let gateways = first(&json, &GATEWAYS).and_then(Value::as_array);
        let gateways = gateways.into_iter().flatten().take(GATEWAYS_MAX);
        let data = first(&json, &DATA).and_then(Value::as_str);
        Some(Self {
            texts: texts.collect(),
            numbers: numbers.collect(),
            confirmed: first(&json, CONFIRMED.1).and_then(Value::as_bool),
            gateways: gateways.map(Gateway::of).collect(),
            data: data.and_then(base64),
        })
    }

    /// Tells it.
    pub fn tell<'a>(&'a self, fields: &mut Fields<'a>) {
        for (name, text) in &self.texts {
            fields.add(name, Told::Text(text));
        }
        for (name, number) in &self.numbers {
            fields.uint(name, *number);
        }
        if let Some(confirmed) = self.confirmed {
            fields.add(CONFIRMED.0, Told::Bool(confirmed));
        }
        for gateway in &self.gateways {
            if let Some(id) = &gateway.id {
                fields.add("iia.lorawan.gateway", Told::Text(id));
            }
            if let Some(rssi) = gateway.rssi {
                fields.add("iia.lorawan.rssi", Told::Int(rssi));
            }
            if let Some(snr) = gateway.snr {
                fields.add("iia.lorawan.snr", Told::Float(snr));
            }
        }
        if let Some(data) = &self.data {
            fields.add("iia.lorawan.data", Told::Bytes(data));
        }
    }
}

impl Gateway {
    fn of(json: &Value) -> Self {
        let id = first(json, &GATEWAY).and_then(Value::as_str);
        Self {
            id: id.map(str::to_string),
            rssi: first(json, &RSSI).and_then(Value::as_i64),
            snr: first(json, &SNR).and_then(Value::as_f64),
        }
    }
}

/// The first of some places where something stands.
fn first<'j>(json: &'j Value, places: &[&str]) -> Option<&'j Value> {
    places.iter().find_map(|place| json.pointer(place))
}

/// A number, or digits in quotes.
fn number(json: &Value) -> Option<u64> {
    json.as_u64().or_else(|| json.as_str()?.parse().ok())
}

/// Bytes of Base64 (RFC 4648, 4); `None` where another character stands.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for digit in group {
            bits = bits << 6 | u32::from(digit_of(*digit)?);
        }
        match group.len() {
            4 => bytes.extend_from_slice(bits.to_be_bytes().get(1..)?),
            3 => bytes.extend_from_slice((bits << 6).to_be_bytes().get(1..3)?),
            2 => bytes.extend_from_slice((bits << 12).to_be_bytes().get(1..2)?),
            _ => return None,
        }
    }
    Some(bytes)
}

const fn digit_of(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn told(json: &str) -> Vec<(&'static str, String)> {
        let Some(event) = Event::parse(json.as_bytes()) else {
            return Vec::new();
        };
        let mut fields = Fields::new();
        event.tell(&mut fields);
        let fields = fields.all().iter();
        fields
            .map(|field| (field.name, field.value.to_string()))
            .collect()
    }

    #[test]
    fn topics_of_network_servers_are_known_and_no_others() {
        for (topic, want) in [
            ("application/7/device/0102030405060708/event/up", Some("up")),
            (
                "application/7/device/0102030405060708/command/down",
                Some("down"),
            ),
            ("application/7/device/0102030405060708/rx", Some("rx")),
            ("v3/app@tenant/devices/dev/up", Some("up")),
            ("v3/app@tenant/devices/dev/down/push", Some("push")),
            ("application/7/device/0102030405060708", None),
            ("v3/app/gateways/x/up", None),
            ("plant/press/1", None),
        ] {
            assert_eq!(event(topic), want, "{topic}");
        }
    }

    #[test]
    fn an_uplink_of_each_kind_tells_the_same() {
        let want = |extra: &[(&'static str, &str)]| {
            let mut all = vec![("iia.lorawan.dev_eui", "0102030405060708".to_string())];
            all.extend(extra.iter().map(|(name, value)| (*name, value.to_string())));
            all
        };
        let heard = [
            ("iia.lorawan.f_port", "5"),
            ("iia.lorawan.f_cnt", "10"),
            ("iia.lorawan.gateway", "0303030303030303"),
            ("iia.lorawan.rssi", "-48"),
            ("iia.lorawan.snr", "9.5"),
            ("iia.lorawan.data", "01020304ff"),
        ];
        let third = r#"{"applicationID":"1","devEUI":"0102030405060708","rxInfo":[{"gatewayID":"0303030303030303",
            "rssi":-48,"loRaSNR":9.5}],"fCnt":10,"fPort":5,"data":"AQIDBP8="}"#;
        let fourth = r#"{"deviceInfo":{"devEui":"0102030405060708","applicationId":"1"},"fCnt":10,"fPort":5,
            "data":"AQIDBP8=","rxInfo":[{"gatewayId":"0303030303030303","rssi":-48,"snr":9.5}]}"#;
        let stack = r#"{"end_device_ids":{"dev_eui":"0102030405060708","application_ids":{"application_id":"1"}},
            "uplink_message":{"f_port":5,"f_cnt":10,"frm_payload":"AQIDBP8=","rx_metadata":[{"gateway_ids":
            {"gateway_id":"0303030303030303"},"rssi":-48,"snr":9.5}]}}"#;
        for json in [third, fourth, stack] {
            let mut all = want(&[("iia.lorawan.application", "1")]);
            all.extend(want(&heard).into_iter().skip(1));
            assert_eq!(told(json), all);
        }
    }

    #[test]
    fn what_is_no_event_tells_nothing() {
        let deep = "[".repeat(60_000);
        for json in [
            "",
            "[]",
            "{",
            "7",
            &deep,
            r#"{"data":"A"}"#,
            r#"{"data":"!!"}"#,
        ] {
            assert_eq!(told(json), [], "{}", json.len());
        }
    }

    #[test]
    fn base64_is_bytes_again() {
        for (text, want) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("Zm9vY", None),
            ("Zm9*", None),
        ] {
            assert_eq!(base64(text).as_deref(), want, "{text}");
        }
    }
}
