//! MQTT-SN held against tshark, on captures of two independent implementations.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;

/// Every column of the tables that is about MQTT-SN.
const FIELDS: &[&str] = &[
    "mqttsn.msg.len",
    "mqttsn.msg.type",
    "mqttsn.qos",
    "mqttsn.retain",
    "mqttsn.dup",
    "mqttsn.topic.id.type",
    "mqttsn.topic.id",
    "mqttsn.topic",
    "mqttsn.topic.name.or.id",
    "mqttsn.msg.id",
    "mqttsn.return.code",
    "mqttsn.client.id",
    "mqttsn.keep.alive",
    "mqttsn.sleep.timer",
    "mqttsn.pub.msg",
    "mqttsn.wireless.node.id",
];

const FLAGS: &str = "a SUBSCRIBE says with DUP and QoS in its flags what is asked for, a SUBACK with QoS what is granted (MQTT-SN 1.2, 5.4.15 and 5.4.16); tshark leaves them out";

const EXPLAINED: &[truth::Explained] = &[
    ("mqttsn_pubsub_qos.pcap", "mqttsn.dup", 2, FLAGS),
    ("mqttsn_pubsub_qos.pcap", "mqttsn.qos", 4, FLAGS),
];

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree(&corpus, "mqtt_sn", FIELDS);
    eprintln!("{}", agreement.table);
    truth::hold(&agreement, EXPLAINED, "mqtt_sn.md");
}
