//! EtherCAT, held against tshark: its tables beside the captures, and the tshark of this machine for every other field.
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
mod tshark;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iia_core::observe::Protocol;
use truth::{Explained, Values};

const FIELDS: &[&str] = &[
    "ecat.cnt",
    "ecat.cmd",
    "ecat.idx",
    "ecat.adp",
    "ecat.ado",
    "ecat.lad",
    "ecat.sub1.cmd",
    "ecat.sub1.idx",
    "ecat.sub1.adp",
    "ecat.sub1.ado",
    "ecat.sub2.cmd",
    "ecat.sub2.cnt",
    "ecat.sub3.cmd",
    "ecat.sub4.cmd",
    "ecat_mailbox.length",
    "ecat_mailbox.address",
    "ecat_mailbox.type",
    "ecat_mailbox.coe.number",
    "ecat_mailbox.coe.type",
    "ecat_mailbox.coe.sdoreq",
    "ecat_mailbox.coe.sdores",
    "ecat_mailbox.coe.sdoidx",
    "ecat_mailbox.coe.sdosub",
    "ecat.reg.alctrl",
    "ecat.reg.alstatus",
];

const EXPLAINED: &[Explained] = &[];

/// tshark has the same fields a second time for each place in the frame; here each record is one datagram, and says its
/// place once.
fn places(values: &mut Values) {
    let of = |values: &Values, frame: &(i64, String), name: &str| {
        let found = values.get(&(frame.clone(), name.to_owned()));
        found.cloned().unwrap_or_default()
    };
    let frames = values.keys().filter(|key| key.1 == "iia.ecat.place");
    let frames: Vec<_> = frames.map(|key| key.0.clone()).collect();
    for frame in frames {
        let places = of(values, &frame, "iia.ecat.place");
        let commands = of(values, &frame, "ecat.cmd");
        for (name, logical) in [
            ("cmd", None),
            ("idx", None),
            ("cnt", None),
            ("adp", Some(false)),
            ("ado", Some(false)),
            ("lad", Some(true)),
        ] {
            let mut all = of(values, &frame, &format!("ecat.{name}")).into_iter();
            for (place, command) in places.iter().zip(&commands) {
                let is_logical = matches!(command.as_str(), "10" | "11" | "12");
                if logical.is_some_and(|logical| logical != is_logical) {
                    continue;
                }
                let key = (frame.clone(), format!("ecat.sub{place}.{name}"));
                values.entry(key).or_default().extend(all.next());
            }
        }
    }
}

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree_also(&corpus, "ethercat", FIELDS, places);
    truth::hold(&agreement, EXPLAINED, "ethercat.md");
}

/// Fields that differ by design, and why; the page says the same.
const BY_DESIGN: &[(&str, &str)] = &[
    ("ecat.subframe.pad_bytes", PADDING),
    ("ecat.data", MANAGERS),
    ("ecat.syncman", MANAGERS),
    ("ecat.sub1.data", ONCE),
    ("ecat.sub2.data", ONCE),
    ("ecat_mailbox.coe", ONCE),
    ("ecat.dc.dif.", DIFFERENCES),
    ("ecat.sub1.dc.dif.", DIFFERENCES),
    ("ecatf.", UDP),
];
const PADDING: &str = "what fills an Ethernet frame to its least length says nothing";
const MANAGERS: &str =
    "the controller has sixteen sync managers (ETG.1000.4, 6.7); tshark reads eight of them";
const ONCE: &str = "the same bytes are told once, as what they mean";
const DIFFERENCES: &str =
    "differences of receive times are tshark's own arithmetic; the times are told";
const UDP: &str =
    "one datagram of UDP with a frame of type 7, which no standard defines, is not called EtherCAT";

#[test]
fn every_other_field_of_this_machines_tshark_is_ours_or_differs_by_design() {
    let test = "every_other_field_of_this_machines_tshark_is_ours_or_differs_by_design";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    if !tshark::present() {
        return tshark::skip(test);
    }
    let fields = tshark::fields(&["ecatf", "ecat", "ecat_mailbox"]);
    let (mut same, mut different) = (0, BTreeMap::<String, (usize, String)>::new());
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "ethercat")
    {
        let path = corpus.join(path);
        let mut ours = truth::ours(&path);
        places(&mut ours);
        same += tshark::compare(
            &ours,
            &tshark::read(&path, "ecatf", &fields),
            &mut different,
        );
    }
    for (name, reason) in BY_DESIGN {
        let before = different.len();
        different.retain(|field, _| match name.ends_with('.') {
            true => !field.starts_with(name),
            false => {
                field != name && !field.starts_with(&format!("{name}.")) || field.contains(".coe.")
            }
        });
        assert!(
            different.len() < before,
            "{name}: differs by design, and is equal"
        );
        assert!(page().contains(reason), "the page does not say: {reason}");
    }
    let mut text = String::new();
    for (name, (count, example)) in &different {
        writeln!(text, "{name} differs in {count} frames: {example}").unwrap();
    }
    eprintln!("{same} values of {} fields", fields.len());
    assert!(different.is_empty(), "{text}");
}

#[test]
fn nothing_else_is_called_ethercat() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_ethercat");
    };
    for (path, protocol) in oracle::manifest(&corpus) {
        if protocol == "ethercat" {
            continue;
        }
        truth::read(&corpus.join(&path), &mut |said| {
            assert_ne!(said.protocol, Protocol::Ethercat, "{}", path.display());
        });
    }
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/agreement/ethercat.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn datagrams_and_messages_are_as_many_as_zeek_logs() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("datagrams_and_messages_are_as_many_as_zeek_logs");
    };
    let mut captures = 0;
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "ethercat")
    {
        let name = path.file_name().unwrap();
        let logs = corpus
            .join(path.parent().unwrap())
            .join("expected/zeek822")
            .join(name);
        let rows = |log: &str| {
            let file = std::fs::File::open(logs.join(log)).ok();
            let lines = file.map(|file| {
                let reader = std::io::BufReader::new(flate2::read::GzDecoder::new(file));
                let lines = std::io::BufRead::lines(reader).map_while(Result::ok);
                lines.filter(|line| !line.starts_with('#')).count()
            });
            lines.unwrap_or(0)
        };
        let (mut physical, mut logical, mut objects) = (0, 0, 0);
        truth::read(&corpus.join(path), &mut |said| {
            for field in said.asked.iter().chain(said.answered) {
                physical += usize::from(field.name == "ecat.ado");
                logical += usize::from(field.name == "ecat.lad");
                objects += usize::from(field.name == "ecat_mailbox.coe.type");
            }
        });
        let zeek = [
            rows("ecat_registers.log.gz"),
            rows("ecat_log_address.log.gz"),
            rows("ecat_coe_info.log.gz"),
        ];
        assert_eq!([physical, logical, objects], zeek, "{}", name.display());
        captures += 1;
    }
    assert_eq!(captures, 14);
}

/// What was said how often, of all captures.
type Told = BTreeMap<(&'static str, &'static str), usize>;

#[test]
fn what_datagrams_do_together_is_told() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("what_datagrams_do_together_is_told");
    };
    let mut told = Told::new();
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "ethercat")
    {
        truth::read(&corpus.join(path), &mut |said| {
            *told.entry((said.what, said.outcome.name())).or_default() += 1;
        });
    }
    eprintln!("{told:#?}");
    for (what, outcome, least) in [
        ("al_state_request", "answered", 48),
        ("sii_read", "answered", 640),
        ("sdo_upload", "answered", 98),
        ("sdo_download", "answered", 8),
        ("logical_memory_read_write", "answered", 64),
    ] {
        let count = told.get(&(what, outcome)).copied().unwrap_or(0);
        assert!(count >= least, "{what} {outcome}: {count}");
    }
}
