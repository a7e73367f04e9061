//! A broker of the cell, whose files somebody edits on a box that runs.

use std::fs;

use super::one::capture;
use super::operators::Operators;
use super::place::Place;
use super::running::Running;

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const SERVES: &str = "\
interface svc0 {
  kind services
  side inbound
  network 10.50.0.0/24
}

";
const SERVICE: &str = "\
service cell-mqtt {
  kind mqtt
  interface svc0
  network 10.50.0.0/24
  listen tls/10.50.0.1:8883
}

";
const SENSOR: &str = "\
contract iia.contract.device.field_sensor 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol mqtt
  identity sensor1
  client 10.50.0.0/24
  server tls/10.50.0.1:8883
  observation {
    mode mqtt_subscription
    topic \"plant/packout/line-1/#\"
  }
}

";

/// The box with a broker, in the order of the canonical text.
fn configuration() -> String {
    let before = |text: &str, place: &str, more: &str| {
        assert!(text.contains(place), "{place}");
        text.replacen(place, &format!("{more}{place}"), 1)
    };
    let text = before(BOX, "zone api {", SERVES);
    let text = before(&text, "ruleset techniques {", SERVICE);
    let historian = "contract iia.contract.device.historian_press_b 1.0.0 {";
    before(&text, historian, SENSOR)
}

#[test]
fn r_cnd_06_a_hand_at_the_files_of_a_broker_is_named_on_a_running_box() {
    let Some(place) = Place::new() else { return };
    let mut operators = Operators::make(&place, ("seg01", "iia.local"));
    operators.begin("");
    let mut running = Running::start(
        &place,
        &format!("run seg01 --replay {} --speed 0", capture()),
    );
    let (code, said) = operators.apply(&configuration(), 60);
    assert_eq!(code, 0, "{said}");
    running.until("the box runs under");
    running.until("is in force");
    let rights = place.path("seg01/services/mosquitto/cell-mqtt.acl");
    let text = fs::read_to_string(&rights).unwrap();
    assert!(text.contains("user sensor1"), "{text}");

    fs::write(
        &rights,
        format!("{text}\nuser stranger\ntopic readwrite #\n"),
    )
    .unwrap();
    let told = running.until("stranger may");
    assert!(told.contains("ot.attestation.policy_drift"), "{told}");
    assert!(told.contains("no contract allows it"), "{told}");
    // The observer of the configuration says the same of the file's bytes.
    running.until("mosquitto/cell-mqtt.acl");

    fs::write(&rights, text).unwrap();
    running.until("as agreed again");
    assert_eq!(running.end("TERM"), Some(0));
}
