//! What a boundary is judged by besides industrial protocols (names, addresses, time, neighbours, handshakes), held against
//! tshark field by field.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked_now;
mod oracle;
mod truth;
mod witness;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use iia_core::observe::Protocol;
use truth::{Agreement, Explained, Values};
use witness::{CAPTURES, FIELDS};

/// Packets that an ICMP error repeats are not said again.
const FILTER: &str = "(dns or mdns or llmnr or dhcp or dhcpv6 or ntp or lldp or tls or arp) and not icmp and not icmpv6";

const END: &str =
    "dhcp.option.type: tshark gives the end of the options the type 0; here only options are told";
const SECS: &str = "dhcp.secs: tshark takes it for little-endian where the number looks smaller so; RFC 2131, 2 has it big-endian";
const MODE: &str = "ntp: a datagram of mode 0, which RFC 5905, 7.3 reserves, is not called NTP";
const SIGNED: &str = "tls.handshake.sig_hash_alg: told of what a client offers; tshark tells it of every signature too";
const URIS: &str = "x509ce.uniformResourceIdentifier: told of the subject's alternative names; tshark tells those of revocation lists and issuers too";
const STAPLED: &str = "x509af.serialNumber, x509ce.dNSName: tshark tells those in a stapled OCSP response too, which is not read here";
const OPT: &str = "dns.resp.cache_flush: tshark finds the flag in OPT records of multicast DNS, which have a size there";
const NSEC: &str =
    "dns.resp.type: tshark tells the types in the bitmap of an NSEC record under the same name";
const SRV: &str = "dns.resp.name: tshark splits the name of an SRV record into dns.srv.service, dns.srv.proto and dns.srv.name";

const EXPLAINED: &[Explained] = &[
    ("EIP-FirmwareChange.pcap", "dhcp.option.type", 2, END),
    (
        "EIP-IPAddressChangeAttempt.pcap",
        "dhcp.option.type",
        6,
        END,
    ),
    ("rs-example-sii-el2004.pcapng", "dhcp.option.type", 2, END),
    ("soem-single-lan9252.pcapng", "dhcp.option.type", 1, END),
    ("twincat-scan-devices.pcapng", "dhcp.option.type", 3, END),
    ("rs-example-sii-el2004.pcapng", "dhcp.secs", 2, SECS),
    ("soem-single-lan9252.pcapng", "dhcp.secs", 1, SECS),
    ("twincat-scan-devices.pcapng", "dhcp.secs", 3, SECS),
    ("fragmented-1.pcap", "ntp.flags.li", 1, MODE),
    ("fragmented-1.pcap", "ntp.flags.mode", 1, MODE),
    ("fragmented-1.pcap", "ntp.flags.vn", 1, MODE),
    ("fragmented-1.pcap", "ntp.ppoll", 1, MODE),
    ("fragmented-1.pcap", "ntp.precision", 1, MODE),
    ("fragmented-1.pcap", "ntp.rootdelay", 1, MODE),
    ("fragmented-1.pcap", "ntp.stratum", 1, MODE),
    (
        "pppoe-over-qinq.pcap",
        "tls.handshake.sig_hash_alg",
        1,
        SIGNED,
    ),
    (
        "rs-detect-slaves-ek1100-el1004.pcapng",
        "tls.handshake.sig_hash_alg",
        1,
        SIGNED,
    ),
    (
        "twincat-scan-boxes.pcapng",
        "tls.handshake.sig_hash_alg",
        3,
        SIGNED,
    ),
    (
        "pppoe-over-qinq.pcap",
        "x509ce.uniformResourceIdentifier",
        1,
        URIS,
    ),
    (
        "rs-detect-slaves-ek1100-el1004.pcapng",
        "x509ce.uniformResourceIdentifier",
        1,
        URIS,
    ),
    (
        "twincat-scan-boxes.pcapng",
        "x509ce.uniformResourceIdentifier",
        2,
        URIS,
    ),
    (
        "twincat-scan-boxes.pcapng",
        "x509af.serialNumber",
        2,
        STAPLED,
    ),
    (
        "rs-example-sii-el2004.pcapng",
        "dns.resp.cache_flush",
        11,
        OPT,
    ),
    (
        "soem-sdinfo-ek1100-only.pcapng",
        "dns.resp.cache_flush",
        1,
        OPT,
    ),
    ("rs-example-sii-el2004.pcapng", "dns.resp.type", 5, NSEC),
    ("soem-sdinfo-ek1100-only.pcapng", "dns.resp.type", 1, NSEC),
    ("twincat-scan-devices.pcapng", "dns.resp.type", 2, NSEC),
    ("wrapup.pcapng", "dns.resp.type", 10, NSEC),
    ("wrapup.pcapng", "dns.resp.name", 16, SRV),
];

/// A value as tshark spells it, made as plain as ours: bytes without colons, moments in our form, numbers in decimal.
fn plain(name: &str, text: &str) -> String {
    let bytes = [
        "dhcpv6.duid.bytes",
        "ntp.refid",
        "x509af.serialNumber",
        "dhcpv6.iaid",
    ];
    if bytes.contains(&name) {
        return text.replace(':', "");
    }
    if name.starts_with("ntp.") && text.ends_with("UTC") || name == "dhcpv6.duidllt.time" {
        return moment(text);
    }
    if name == "lldp.tlv.system.desc" {
        return text.replace("\\r", "\r").replace("\\n", "\n");
    }
    let hex = text.strip_prefix("0x");
    match hex.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        Some(number) => number.to_string(),
        None => text.to_owned(),
    }
}

/// `May  9, 2008 06:20:57.482563838 UTC` as nanoseconds.
fn moment(text: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let words: Vec<&str> = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let [month, day, year, clock, _] = *words else {
        return text.to_owned();
    };
    let month = MONTHS.iter().position(|known| *known == month).unwrap() + 1;
    let (clock, fraction) = clock.split_once('.').unwrap();
    let day: u32 = day.parse().unwrap();
    let start = iia_core::time::parse_utc(&format!("{year}-{month:02}-{day:02}T{clock}Z"));
    (start.unwrap().as_ns() + fraction.parse::<i64>().unwrap()).to_string()
}

fn theirs(path: &Path) -> (Values, usize) {
    let heads = ["frame.time_epoch", "ip.src", "ipv6.src"];
    let fields = [&heads[..], FIELDS].concat();
    let rows = asked_now::rows(path, FILTER, &fields);
    let mut values = Values::new();
    for row in &rows {
        let epoch = row[0].first().unwrap();
        let (secs, rest) = epoch.split_once('.').unwrap();
        let ns = secs.parse::<i64>().unwrap() * 1_000_000_000 + rest.parse::<i64>().unwrap();
        let arp = FIELDS.iter().zip(&row[3..]).any(|(name, all)| {
            (name.starts_with("arp.") || name.starts_with("lldp.")) && !all.is_empty()
        });
        let source = row[1].last().filter(|_| !arp);
        let frame = (ns, source.cloned().unwrap_or_default());
        for (name, all) in FIELDS.iter().zip(&row[3..]) {
            // What tshark calls nothing is not told here.
            let told = all.iter().filter(|text| *text != "NULL");
            let told: Vec<String> = told.map(|text| plain(name, text)).collect();
            if !told.is_empty() {
                let place = (frame.clone(), (*name).to_owned());
                values.entry(place).or_default().extend(told);
            }
        }
    }
    (values, rows.len())
}

/// What is said here; moments as numbers.
fn ours(path: &Path) -> Values {
    let mut values = truth::ours(path);
    // tshark has a row for text of no letters, and nothing in it.
    values
        .values_mut()
        .for_each(|all| all.retain(|text| !text.is_empty()));
    values.retain(|_, all| !all.is_empty());
    for ((_, name), all) in &mut values {
        let moments = [
            "ntp.reftime",
            "ntp.org",
            "ntp.rec",
            "ntp.xmt",
            "dhcpv6.duidllt.time",
        ];
        if moments.contains(&name.as_str()) {
            for text in all {
                *text = truth::ns(text);
            }
        }
    }
    values
}

#[test]
fn names_addresses_time_and_handshakes_are_what_tshark_says() {
    let test = "names_addresses_time_and_handshakes_are_what_tshark_says";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    if !asked_now::installed(test) {
        return;
    }
    let mut agreement = Agreement::default();
    for (path, _) in oracle::manifest(&corpus) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !CAPTURES.contains(&name) {
            continue;
        }
        let (theirs, frames) = theirs(&corpus.join(&path));
        let ours = ours(&corpus.join(&path));
        let (mut same, mut differs) = (0, 0);
        let mut places: Vec<_> = theirs.keys().chain(ours.keys()).collect();
        places.sort();
        places.dedup();
        for place in places {
            if !FIELDS.contains(&place.1.as_str()) {
                continue;
            }
            let (mine, their) = (ours.get(place), theirs.get(place));
            if truth::equal(mine, their) {
                same += mine.map_or(0, Vec::len);
                continue;
            }
            differs += 1;
            let example = format!("{place:?}: {mine:?}, tshark {their:?}");
            let key = (name.to_owned(), place.1.clone());
            agreement.different.entry(key).or_insert((0, example)).0 += 1;
        }
        writeln!(
            agreement.table,
            "| {name} | {frames} | {same} | {differs} |"
        )
        .unwrap();
        agreement.same += same;
    }
    truth::hold(&agreement, EXPLAINED, "witness.md");
}

/// Captures of other protocols hold none of these.
#[test]
fn nothing_else_is_called_by_these_names() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_by_these_names");
    };
    let judged = [
        Protocol::Dns,
        Protocol::Dhcp,
        Protocol::Ntp,
        Protocol::Lldp,
        Protocol::Tls,
    ];
    let mut wrong = BTreeMap::new();
    for (path, _) in oracle::manifest(&corpus) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        truth::read(&corpus.join(&path), &mut |said| {
            if judged.contains(&said.protocol) && !CAPTURES.contains(&name.as_str()) {
                *wrong
                    .entry((name.clone(), said.protocol, said.what))
                    .or_insert(0) += 1;
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
