//! Who is on the control network: named, seen, both, or neither; whoever is seen and not named is an event, once.
#![expect(clippy::unwrap_used, reason = "tests")]

mod made;

use iia_contract::Catalog;
use iia_contract::inventory::{ENDPOINTS_MAX, Endpoint, Inventory};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;
use iia_core::observe::{Frame, Mac, Observation, Protocol, Table};
use iia_core::stream::Stream;
use made::Said;

const CATALOG: &str = "iia-config 1

contract iia.contract.device.a_press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.1.0.0/16
  client 10.1.2.0/24
  client 10.9.0.9
  server tcp/10.0.0.2:502
  read holding_register 0 9
}

contract iia.contract.device.ring 1.0.0 {
  scope device
  protocol mrp
  sender \"00:1b:1b:00:00:01\"
  receiver \"01:15:4e:00:00:01\"
}
";

fn inventory() -> Inventory {
    let (catalog, _) = Catalog::check(&made::text::entries(CATALOG)).unwrap();
    Inventory::new(&catalog)
}

fn asked(client: [u8; 4], server: [u8; 4]) -> Said {
    Said {
        client,
        server: (server, 502),
        unit: 1,
        func: 3,
        read: Some((Table::HoldingRegister, 0, 1)),
        write: None,
    }
}

fn frame(source: [u8; 6], destination: [u8; 6]) -> Observation<'static> {
    Observation::Frame(Frame {
        ts: Timestamp::from_secs(7),
        source: Mac(source),
        destination: Mac(destination),
        vlan: 0,
        ethertype: 0x88e3,
        protocol: Protocol::Mrp,
        func: None,
        payload_len: 46,
    })
}

/// State and contract of each endpoint, as text.
fn lines(inventory: &Inventory) -> Vec<String> {
    let line = |(endpoint, entry): (&Endpoint, &iia_contract::inventory::Entry)| {
        let contract = entry.contract.as_deref().unwrap_or("unknown");
        let seen = if entry.seen.is_some() {
            "seen"
        } else {
            "not seen"
        };
        format!("{endpoint} {contract} {seen}")
    };
    inventory.endpoints().map(line).collect()
}

#[test]
fn each_endpoint_is_known_by_a_contract_or_an_event_once() {
    let mut inventory = inventory();
    assert_eq!(
        lines(&inventory),
        [
            "10.0.0.2 iia.contract.device.a_press not seen",
            "10.9.0.9 iia.contract.device.a_press not seen",
            "00:1b:1b:00:00:01 iia.contract.device.ring not seen",
        ],
        "a network is nobody, and neither is a group"
    );
    // Somebody of a network that may ask is known; so is who answers.
    assert!(
        inventory
            .handle_observation(&asked([10, 1, 2, 3], [10, 0, 0, 2]).observation())
            .is_empty()
    );
    // Known ends without a contract between them are the matcher's business.
    assert!(
        inventory
            .handle_observation(&asked([10, 9, 0, 9], [10, 1, 2, 3]).observation())
            .is_empty()
    );
    let stranger = asked([10, 66, 0, 1], [10, 0, 0, 2]);
    let [event] = &inventory.handle_observation(&stranger.observation())[..] else {
        unreachable!("one event");
    };
    assert_eq!(event.reason, "10.66.0.1 is there, and no contract names it");
    assert_eq!(
        (event.source.as_str(), event.clause.as_str()),
        ("10.66.0.1", "inventory")
    );
    assert!(event.is_on(&Stream::VIOLATION) && event.conclusion == Conclusion::Diverge);
    assert!(
        inventory
            .handle_observation(&stranger.observation())
            .is_empty(),
        "once"
    );
    let both = inventory.handle_observation(&asked([10, 66, 0, 2], [10, 66, 0, 3]).observation());
    assert_eq!(both.len(), 2);
    let ring = [0x01, 0x15, 0x4e, 0, 0, 1];
    assert!(
        inventory
            .handle_observation(&frame([0, 0x1b, 0x1b, 0, 0, 1], ring))
            .is_empty()
    );
    let other = inventory.handle_observation(&frame([0, 0x1b, 0x1b, 0, 0, 2], ring));
    assert_eq!(other.len(), 1, "the group that it sends to is nobody");
    assert_eq!(
        lines(&inventory),
        [
            "10.0.0.2 iia.contract.device.a_press seen",
            "10.1.2.3 iia.contract.device.a_press seen",
            "10.9.0.9 iia.contract.device.a_press seen",
            "10.66.0.1 unknown seen",
            "10.66.0.2 unknown seen",
            "10.66.0.3 unknown seen",
            "00:1b:1b:00:00:01 iia.contract.device.ring seen",
            "00:1b:1b:00:00:02 unknown seen",
        ]
    );
}

#[test]
fn endpoints_beyond_the_limit_are_counted() {
    let mut inventory = inventory();
    let room = ENDPOINTS_MAX - inventory.endpoints().count();
    let mut events = 0;
    for number in 0..u32::try_from(room + 5).unwrap() {
        let [_, _, high, low] = number.to_be_bytes();
        let said = asked([10, 66, high, low], [10, 0, 0, 2]);
        events += inventory.handle_observation(&said.observation()).len();
    }
    assert_eq!((events, inventory.beyond()), (room, 5));
    assert_eq!(inventory.endpoints().count(), ENDPOINTS_MAX);
}
