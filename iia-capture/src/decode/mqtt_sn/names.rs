//! Numbers of MQTT-SN in the words of the standard.

use super::packet::*;

/// What a message is (MQTT-SN 1.2, table 3).
pub(super) const fn kind(kind: u8) -> Option<&'static str> {
    Some(match kind {
        ADVERTISE => "advertise",
        SEARCHGW => "searchgw",
        GWINFO => "gwinfo",
        CONNECT => "connect",
        CONNACK => "connack",
        WILLTOPICREQ => "willtopicreq",
        WILLTOPIC => "willtopic",
        WILLMSGREQ => "willmsgreq",
        WILLMSG => "willmsg",
        REGISTER => "register",
        REGACK => "regack",
        PUBLISH => "publish",
        PUBACK => "puback",
        PUBCOMP => "pubcomp",
        PUBREC => "pubrec",
        PUBREL => "pubrel",
        SUBSCRIBE => "subscribe",
        SUBACK => "suback",
        UNSUBSCRIBE => "unsubscribe",
        UNSUBACK => "unsuback",
        PINGREQ => "pingreq",
        PINGRESP => "pingresp",
        DISCONNECT => "disconnect",
        WILLTOPICUPD => "willtopicupd",
        WILLTOPICRESP => "willtopicresp",
        WILLMSGUPD => "willmsgupd",
        WILLMSGRESP => "willmsgresp",
        ENCAPSULATED => "encapsulated",
        _ => return None,
    })
}

/// What an answer answers, which names a record of which only the answer was seen.
pub(super) const fn answered(kind: u8) -> Option<&'static str> {
    self::kind(match kind {
        CONNACK => CONNECT,
        GWINFO => SEARCHGW,
        WILLTOPIC => WILLTOPICREQ,
        WILLMSG => WILLMSGREQ,
        REGACK => REGISTER,
        PUBACK | PUBREC => PUBLISH,
        PUBCOMP => PUBREL,
        SUBACK => SUBSCRIBE,
        UNSUBACK => UNSUBSCRIBE,
        PINGRESP => PINGREQ,
        WILLTOPICRESP => WILLTOPICUPD,
        WILLMSGRESP => WILLMSGUPD,
        other => other,
    })
}

/// A quality of service (MQTT-SN 1.2, 5.3.4).
pub(super) const fn qos(qos: u8) -> Option<&'static str> {
    Some(match qos {
        0 => "at_most_once",
        1 => "at_least_once",
        2 => "exactly_once",
        3 => "without_connection",
        _ => return None,
    })
}

/// A kind of topic (MQTT-SN 1.2, 5.3.4).
pub(super) const fn topic_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        NORMAL => "normal",
        PREDEFINED => "predefined",
        SHORT => "short_name",
        _ => return None,
    })
}

/// A return code (MQTT-SN 1.2, table 5).
pub(super) const fn return_code(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "accepted",
        1 => "rejected_congestion",
        2 => "rejected_invalid_topic_id",
        3 => "rejected_not_supported",
        _ => return None,
    })
}
