//! The compiled text: the same bytes for the same catalog, and none of the shapes that nft 1.0.6 crashes on.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

#[path = "net/world.rs"]
mod world;

use iia_contract::Catalog;
use iia_contract::compile::surface::Open;
use iia_contract::compile::{Permit as _, ReadError, Target as _, Topology, flows, nft};
use iia_contract::raw::Entry;
use iia_contract::scope::Net;
use world::{contract, id, random};

#[test]
fn the_order_of_the_document_does_not_matter() {
    for seed in 1..40 {
        let (topology, _) = random(seed, seed % 2 == 0, 7, 0);
        let mut entries: Vec<Entry> = (0..30)
            .map(|n| {
                contract(
                    &format!("c{n}"),
                    &id(n % 7, n % 2),
                    &id((n * 3 + 1) % 7, (n / 2) % 2),
                )
            })
            .collect();
        let text = |entries: &[Entry], topology: &Topology| {
            nft::ruleset(&Catalog::check(entries).unwrap().0, topology)
                .0
                .to_string()
        };
        let first = text(&entries, &topology);
        let mut turned = topology.clone();
        turned.zones.reverse();
        turned.listeners.reverse();
        entries.reverse();
        assert_eq!(text(&entries, &turned), first, "seed {seed}");
    }
}

#[test]
fn a_small_box_compiles_to_the_text_that_was_read_by_a_person() {
    let (topology, catalog) = random(5, false, 4, 6);
    let text = nft::ruleset(&catalog, &topology).0.to_string();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/small.nft");
    if std::env::var_os("IIA_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
}

#[test]
fn the_text_is_read_back_as_the_value_that_wrote_it_and_nothing_else_is() {
    for seed in 1..20 {
        let (topology, catalog) = random(seed, seed % 2 == 0, 7, 20);
        let ruleset = nft::ruleset(&catalog, &topology).0;
        let text = ruleset.to_string();
        assert_eq!(nft::Ruleset::parse(&text), Some(ruleset), "seed {seed}");
        for bad in [
            format!("{text}# by hand: rule\n"),
            text.replacen("policy drop", "policy accept_all", 1),
            text.replacen("  chain ", "  flowtable ", 1),
            text.get(..text.len() - 3).unwrap().to_owned(),
        ] {
            assert_eq!(nft::Ruleset::parse(&bad), None, "seed {seed}");
        }
    }
    let empty = nft::Ruleset::default();
    assert_eq!(nft::Ruleset::parse(&empty.to_string()), Some(empty));
}

/// What a kernel listed that had loaded the text beside it: `nft -f small.nft; nft -j list ruleset`.
#[test]
fn a_listing_of_a_kernel_is_read_as_what_it_had_loaded() {
    let data = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
        std::fs::read_to_string(format!("{path}{name}")).unwrap()
    };
    let (text, listing) = (data("small.nft"), data("small.nft.json"));
    let loaded = nft::Ruleset::parse(&text);
    assert_eq!(nft::read(listing.as_bytes()).ok(), loaded);
    assert_eq!(nft::Ruleset::read(listing.as_bytes()).ok(), loaded);
    assert_eq!(nft::Ruleset::read(text.as_bytes()).ok(), loaded);
    // What is counted is read and does not differ.
    let counted = listing.replacen("\"packets\": 0", "\"packets\": 7", 1);
    assert_ne!(counted, listing);
    let counted = nft::read(counted.as_bytes()).unwrap();
    assert_ne!(Some(&counted), loaded.as_ref());
    assert_eq!(Some(counted.uncounted()), loaded);
    // Whatever the compiler never writes stays apart, in the words of the listing.
    for (from, to) in [
        ("\"accept\": null", "\"queue\": null"),
        ("\"op\": \"==\"", "\"op\": \"<\""),
        ("\"type\": \"ifname\"", "\"type\": \"mark\""),
        ("\"map\": \"verdict\"", "\"map\": \"mark\""),
        ("\"type\": \"filter\"", "\"type\": \"nat\""),
        ("\"group\": 5", "\"level\": 5"),
        ("{\"ct\"", "{\"osf\""),
    ] {
        assert!(listing.contains(from), "{from}");
        let read = nft::read(listing.replacen(from, to, 1).as_bytes()).unwrap();
        let [foreign] = &read.tables["inet iia"].foreign[..] else {
            panic!("{to}: {:?}", read.tables["inet iia"].foreign);
        };
        // In the words of the listing, but for a number that is another one each time.
        let new = to.trim_start_matches('{').replace(": ", ":");
        assert!(
            foreign.contains(&new) && !foreign.contains("handle"),
            "{to}: {foreign}"
        );
    }
    // So does what says more than the compiler ever does: of a set, a map, a chain, a rule.
    for (known, more) in [
        ("\"type\": \"ifname\"", "\"timeout\": 60"),
        ("\"map\": \"verdict\"", "\"size\": 4"),
        ("\"policy\": \"drop\"", "\"dormant\": 1"),
        ("\"group\": 5", "\"snaplen\": 8"),
    ] {
        let said = listing.replacen(known, &format!("{known}, {more}"), 1);
        assert_ne!(said, listing);
        let read = nft::read(said.as_bytes()).unwrap();
        let foreign = &read.tables["inet iia"].foreign;
        assert!(
            foreign.len() == 1 && foreign[0].contains(&more.replace(": ", ":")),
            "{more}: {foreign:?}"
        );
    }
    // What is asked the other way around is not what was asked.
    let not = listing.replace(
        "\"op\": \"==\", \"left\": {\"meta\": {\"key\": \"iifname\"}}, \"right\": \"lo\"",
        "\"op\": \"!=\", \"left\": {\"meta\": {\"key\": \"iifname\"}}, \"right\": \"lo\"",
    );
    let not = nft::read(not.as_bytes()).unwrap();
    let first = &not.tables["inet iia"].chains["input"].rules[0];
    assert_eq!(first.text, "iifname != \"lo\" accept");
    // A map that somebody else made is read for what it is.
    let map = |kind: &str, key: &str, flags: &str| {
        let more = format!(
            "{{\"map\": {{\"family\": \"inet\", \"name\": \"theirs\", \"table\": \"iia\", \"type\": \"{kind}\", \
             \"handle\": 99, \"map\": \"verdict\"{flags}, \"elem\": [[{key}, {{\"accept\": null}}]]}}}}, {{\"chain\""
        );
        let read = nft::read(listing.replacen("{\"chain\"", &more, 1).as_bytes()).unwrap();
        let table = read.tables["inet iia"].clone();
        table.maps.get("theirs").map(|map| {
            let keys: Vec<String> = map.elements.keys().cloned().collect();
            (map.interval, keys.join(" "))
        })
    };
    let is = |interval, key: &str| Some((interval, key.to_owned()));
    assert_eq!(map("ifname", "\"eth0\"", ""), is(false, "\"eth0\""));
    assert_eq!(map("inet_proto", "\"tcp\"", ""), is(false, "tcp"));
    let flags = |flag: &str| format!(", \"flags\": [{flag}]");
    assert_eq!(
        map("inet_proto", "17", &flags("\"interval\"")),
        is(true, "udp")
    );
    for other in ["\"timeout\"", "\"interval\", \"timeout\""] {
        assert_eq!(map("inet_proto", "17", &flags(other)), None, "{other}");
    }
}

/// A machine that has no names of protocols lists their numbers.
#[test]
fn protocols_without_names_are_read_as_the_same() {
    let data = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
        std::fs::read_to_string(format!("{path}{name}")).unwrap()
    };
    for (number, name) in [(17, "udp"), (132, "sctp"), (33, "33")] {
        let text = data("small.nft").replace(" . udp . ", &format!(" . {name} . "));
        let listing = data("small.nft.json")
            .replace("\"tcp\"", "6")
            .replace("\"udp\"", &number.to_string());
        let read = nft::read(listing.as_bytes()).ok();
        assert!(read.is_some());
        assert_eq!(read, nft::Ruleset::parse(&text), "{name}");
    }
}

#[test]
fn no_shape_crashes_nft() {
    let (topology, catalog) = random(9, true, 12, 200);
    let text = nft::ruleset(&catalog, &topology).0.to_string();
    for line in text.lines() {
        let names = line.matches("ifname").count();
        assert!(
            !(line.contains(" . ") && names > 0),
            "an interface name in a concatenation: {line}"
        );
        for quoted in line.split('"').skip(1).step_by(2) {
            assert!(quoted.len() <= nft::COMMENT_LEN_MAX, "{line}");
        }
        assert!(!line.trim_start().starts_with("chain fwd"), "{line}");
    }
}

#[test]
fn a_flow_of_many_contracts_names_as_many_as_fit() {
    let (mut topology, _) = random(5, false, 2, 0);
    topology
        .zones
        .iter_mut()
        .for_each(|zone| zone.role = iia_core::zone::Zone::DmzBus);
    let entries: Vec<Entry> = (0..20)
        .map(|n| contract(&format!("a_rather_long_name_{n:02}"), &id(0, 0), &id(1, 0)))
        .collect();
    let catalog = Catalog::check(&entries).unwrap().0;
    let allowed = flows(&catalog, &topology).allowed;
    assert_eq!(allowed.values().map(Vec::len).collect::<Vec<_>>(), [20]);
    let (ruleset, _) = nft::ruleset(&catalog, &topology);
    let comment = &ruleset.accepted().next().unwrap().2.comment;
    assert!(
        comment.len() <= nft::COMMENT_LEN_MAX && comment.ends_with(" +18"),
        "{comment}"
    );
    assert!(comment.starts_with("iia.contract.internal.a_rather_long_name_00 "));
    // R-CAT-03: the list of what is open names every one of them, at both ends.
    let (open, _) = Open::compile(&catalog, &topology);
    let named = open.allowed.values().filter(|named| !named.is_empty());
    let ids: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let all: Vec<bool> = named
        .map(|named| named.iter().eq(ids.iter().copied()))
        .collect();
    assert_eq!(all, [true, true]);
}

/// A comment is as long as it may be before ids are left out.
#[test]
fn the_longest_comment_that_fits_names_everybody() {
    let (mut topology, _) = random(5, false, 2, 0);
    topology
        .zones
        .iter_mut()
        .for_each(|zone| zone.role = iia_core::zone::Zone::DmzBus);
    let comment = |lens: [usize; 2]| {
        let ids = [("a", lens[0]), ("b", lens[1])].map(|(one, len)| one.repeat(len));
        let entries = ids.map(|name| contract(&name, &id(0, 0), &id(1, 0)));
        let whole = entries.clone().map(|entry| entry.name).join(" ");
        let catalog = Catalog::check(&entries).unwrap().0;
        let (ruleset, _) = nft::ruleset(&catalog, &topology);
        let comment = ruleset.accepted().next().unwrap().2.comment.clone();
        (comment == whole, comment)
    };
    // Two ids, a space, and room for how many there are besides.
    let before = "iia.contract.internal.".len();
    let most = nft::COMMENT_LEN_MAX - 2 * before - " ".len() - " +1".len();
    let (whole, text) = comment([30, most - 30]);
    assert!(
        whole && text.len() == nft::COMMENT_LEN_MAX - " +1".len(),
        "{text}"
    );
    let (whole, text) = comment([30, most - 29]);
    assert!(!whole && text.ends_with("aaa +1"), "{text}");
}

/// Whoever answers outside the network of its zone, or by the other family than the source speaks, is not led to.
#[test]
fn i4_a_flow_ends_in_its_zone_and_stays_in_its_family() {
    let (topology, catalog) = random(5, false, 6, 24);
    let led_to = |topology: &Topology| flows(&catalog, topology).allowed.len();
    assert!(led_to(&topology) > 3);
    let mut outside = topology.clone();
    for listener in &mut outside.listeners {
        listener.addr = "192.0.2.9".parse().unwrap();
    }
    assert_eq!(led_to(&outside), 0);
    let mut other = topology;
    for (number, zone) in other.zones.iter_mut().enumerate() {
        zone.subnet = Net::parse(&format!("fd00:{number:x}::/64")).unwrap();
    }
    for listener in &mut other.listeners {
        let (zone, _) = listener.workload.zone_workload().unwrap();
        let number = zone.trim_start_matches('z');
        listener.addr = format!("fd00:{number}::2").parse().unwrap();
    }
    assert_eq!(led_to(&other), 0);
}

#[test]
fn what_is_no_listing_is_refused() {
    for bytes in [
        &b""[..],
        b"{}",
        b"[]",
        b"{\"nftables\": 7}",
        b"{\"nftables\": [7]}",
        b"\xff",
        b"{\"nftables\":[{}]}",
    ] {
        assert_eq!(
            nft::read(bytes),
            Err(ReadError::Malformed("a listing of nft")),
            "{bytes:?}"
        );
    }
    let nothing = nft::read(b"{\"nftables\": [{\"table\": {}}]}").unwrap();
    assert!(nothing.tables.is_empty() && nothing.others.len() == 1);
}
