//! Numbers of MQTT in the words of the standard.

use super::packet::*;

/// What a control packet is (MQTT 5, 2.1.2).
pub(super) const fn kind(kind: u8) -> &'static str {
    match kind {
        CONNECT => "connect",
        CONNACK => "connack",
        PUBLISH => "publish",
        PUBACK => "puback",
        PUBREC => "pubrec",
        PUBREL => "pubrel",
        PUBCOMP => "pubcomp",
        SUBSCRIBE => "subscribe",
        SUBACK => "suback",
        UNSUBSCRIBE => "unsubscribe",
        UNSUBACK => "unsuback",
        PINGREQ => "pingreq",
        PINGRESP => "pingresp",
        DISCONNECT => "disconnect",
        AUTH => "auth",
        _ => "reserved",
    }
}

/// What a packet answers, which names a record of which only the answer was seen.
pub(super) const fn answered(kind: u8) -> &'static str {
    match kind {
        CONNACK => "connect",
        PUBACK | PUBREC => "publish",
        PUBCOMP => "pubrel",
        SUBACK => "subscribe",
        UNSUBACK => "unsubscribe",
        PINGRESP => "pingreq",
        other => self::kind(other),
    }
}

/// The version as its standard is called.
pub(super) const fn version(level: u8) -> Option<&'static str> {
    Some(match level & 0x7f {
        V31 => "3.1",
        V311 => "3.1.1",
        V5 => "5",
        _ => return None,
    })
}

/// A quality of service (MQTT 5, 4.3).
pub(super) const fn qos(qos: u8) -> Option<&'static str> {
    Some(match qos {
        0 => "at_most_once",
        1 => "at_least_once",
        2 => "exactly_once",
        _ => return None,
    })
}

/// What a server of MQTT 3 says to a CONNECT (3.1.1, table 3.1).
pub(super) const fn return_code(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "accepted",
        1 => "unacceptable_protocol_version",
        2 => "identifier_rejected",
        3 => "server_unavailable",
        4 => "bad_user_name_or_password",
        5 => "not_authorized",
        _ => return None,
    })
}

/// What a server of MQTT 3 grants (3.1.1, 3.9.3).
pub(super) const fn granted(code: u8) -> Option<&'static str> {
    match code {
        0x80 => Some("failure"),
        code => qos(code),
    }
}

/// When retained messages are sent (MQTT 5, 3.8.3.1).
pub(super) const fn retain_handling(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "send_at_subscription",
        1 => "send_if_new",
        2 => "do_not_send",
        _ => return None,
    })
}

/// A reason code (MQTT 5, 2.4); three numbers mean something else in some packets.
pub(super) const fn reason(code: u8, kind: u8) -> Option<&'static str> {
    Some(match (code, kind) {
        (0, DISCONNECT) => "normal_disconnection",
        (0, SUBACK) => "granted_qos_0",
        (0, _) => "success",
        (0x01, _) => "granted_qos_1",
        (0x02, _) => "granted_qos_2",
        (0x04, _) => "disconnect_with_will_message",
        (0x10, _) => "no_matching_subscribers",
        (0x11, _) => "no_subscription_existed",
        (0x18, _) => "continue_authentication",
        (0x19, _) => "re_authenticate",
        (0x80, _) => "unspecified_error",
        (0x81, _) => "malformed_packet",
        (0x82, _) => "protocol_error",
        (0x83, _) => "implementation_specific_error",
        (0x84, _) => "unsupported_protocol_version",
        (0x85, _) => "client_identifier_not_valid",
        (0x86, _) => "bad_user_name_or_password",
        (0x87, _) => "not_authorized",
        (0x88, _) => "server_unavailable",
        (0x89, _) => "server_busy",
        (0x8a, _) => "banned",
        (0x8b, _) => "server_shutting_down",
        (0x8c, _) => "bad_authentication_method",
        (0x8d, _) => "keep_alive_timeout",
        (0x8e, _) => "session_taken_over",
        (0x8f, _) => "topic_filter_invalid",
        (0x90, _) => "topic_name_invalid",
        (0x91, _) => "packet_identifier_in_use",
        (0x92, _) => "packet_identifier_not_found",
        (0x93, _) => "receive_maximum_exceeded",
        (0x94, _) => "topic_alias_invalid",
        (0x95, _) => "packet_too_large",
        (0x96, _) => "message_rate_too_high",
        (0x97, _) => "quota_exceeded",
        (0x98, _) => "administrative_action",
        (0x99, _) => "payload_format_invalid",
        (0x9a, _) => "retain_not_supported",
        (0x9b, _) => "qos_not_supported",
        (0x9c, _) => "use_another_server",
        (0x9d, _) => "server_moved",
        (0x9e, _) => "shared_subscriptions_not_supported",
        (0x9f, _) => "connection_rate_exceeded",
        (0xa0, _) => "maximum_connect_time",
        (0xa1, _) => "subscription_identifiers_not_supported",
        (0xa2, _) => "wildcard_subscriptions_not_supported",
        _ => return None,
    })
}

/// Wireshark's name for the reason code of a packet.
pub(super) const fn reason_field(kind: u8) -> &'static str {
    match kind {
        CONNACK => "mqtt.connack.reason_code",
        PUBACK => "mqtt.puback.reason_code",
        PUBREC => "mqtt.pubrec.reason_code",
        PUBREL => "mqtt.pubrel.reason_code",
        PUBCOMP => "mqtt.pubcomp.reason_code",
        SUBACK => "mqtt.suback.reason_code",
        UNSUBACK => "mqtt.unsuback.reason_code",
        AUTH => "mqtt.auth.reason_code",
        _ => "mqtt.disconnect.reason_code",
    }
}
