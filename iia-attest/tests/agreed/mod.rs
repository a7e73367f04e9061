//! A catalog of a small cell, from the language's own text.
#![allow(dead_code, reason = "every test file uses some of it")]

use iia_attest::correlator::Correlator;
use iia_config::parse::parse;
use iia_config::{limits, validate};
use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::finding::Finding;

/// The contracts of a text.
pub(crate) fn catalog(text: &str) -> Catalog {
    let text = format!("iia-config 1\n\n{text}");
    let document = parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX);
    let document = document.unwrap_or_else(|found| panic!("{found:#?}"));
    validate::catalog(&document).unwrap_or_else(|found| panic!("{found:#?}"))
}

pub(crate) const fn at(ms: i64) -> Timestamp {
    Timestamp::from_ns(ms * 1_000_000)
}

/// Everything that an observer has to say.
pub(crate) fn drain(observer: &mut impl Correlator) -> Vec<Finding> {
    std::iter::from_fn(|| observer.poll_finding()).collect()
}

/// A press that is read and whose set point is written within limits; a drive on PROFINET; GOOSE; anything on a port.
pub(crate) const CELL: &str = r#"
contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.1
  server tcp/10.0.0.2:502
  vlan 7
  unit 1
  function 43
  read holding_register 0 9
  write holding_register 5 5
  tag setpoint {
    type int16
    unit bar
    rate 1s
    table holding_register
    address 5
    low 0
    high 100
  }
}
contract iia.contract.device.meter 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.0/24
  server tcp/10.0.0.3:502
  read input_register 0 3
}
contract iia.contract.device.drive 1.0.0 {
  scope device
  protocol profinet_dcp
  sender "02:00:00:00:00:01"
  receiver "01:0e:cf:00:00:00"
  function 5
}
contract iia.contract.device.relay 1.0.0 {
  scope device
  protocol goose
  sender "02:00:00:00:00:02"
  receiver "01:0c:cd:01:00:01"
}
contract iia.contract.device.axis 1.0.0 {
  scope device
  protocol ethercat
  sender "02:00:00:00:00:03"
  receiver "ff:ff:ff:ff:ff:ff"
}
contract iia.contract.device.clock 1.0.0 {
  scope device
  protocol other
  client 10.0.0.0/24
  server udp/10.0.0.9:123
}
"#;
