//! Values of user-defined types, member by member: templates that are seen to be read say what stands where. pycomm3, which reads
//! real controllers, makes the same of the same templates and bytes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod wire;

use std::io::Write as _;
use std::process::{Command, Stdio};

use iia_capture::Packet;
use iia_capture::generate::frame;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Field, Observation, Value};
use wire::Random;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/structures.py");

/// A member: elements or bit, type with its bits, where it stands, its name.
type Member = (u16, u16, u32, &'static str);

/// A type of the controller's program.
struct Type {
    instance: u16,
    name: &'static str,
    size: u32,
    members: &'static [Member],
}

/// Types with flags in a hidden byte, text, arrays of numbers, of flags and of types, numbers of every size.
const TYPES: [Type; 4] = [
    Type {
        instance: 0x101,
        name: "Limits;n0B00",
        size: 12,
        members: &[
            (0, 0xc2, 0, "ZZZZZZZZZZLimits0"),
            (0, 0xc1, 0, "Enabled"),
            (5, 0xc1, 0, "Alarm"),
            (0, 0xca, 4, "Low"),
            (0, 0xca, 8, "High"),
        ],
    },
    Type {
        instance: 0x102,
        name: "Text20;n",
        size: 24,
        members: &[(0, 0xc4, 0, "LEN"), (20, 0x20c2, 4, "DATA")],
    },
    Type {
        instance: 0x103,
        name: "Recipe;nEBECEB",
        size: 88,
        members: &[
            (0, 0xc3, 0, "Id"),
            (3, 0x20c4, 4, "Counts"),
            (2, 0xa101, 16, "Limit"),
            (0, 0x8102, 40, "Name"),
            (0, 0xc5, 64, "Total"),
            (2, 0x20d3, 72, "Flags"),
            (0, 0xc6, 80, "Small"),
            (0, 0xc7, 82, "Middle"),
            (0, 0xc8, 84, "Large"),
        ],
    },
    Type {
        instance: 0x104,
        name: "Line;nE",
        size: 200,
        members: &[
            (0, 0xc4, 0, "Number"),
            (2, 0xa103, 8, "Recipes"),
            (0, 0x8101, 184, "Own"),
        ],
    },
];

impl Type {
    const fn handle(&self) -> u16 {
        self.instance ^ 0x5a5a
    }

    fn definition(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (info, kind, offset, _) in self.members {
            bytes.extend([info.to_le_bytes(), kind.to_le_bytes()].concat());
            bytes.extend(offset.to_le_bytes());
        }
        let names = self.members.iter().map(|member| member.3);
        for name in [self.name].into_iter().chain(names) {
            bytes.extend(name.as_bytes());
            bytes.push(0);
        }
        bytes
    }

    /// Values of every member, with text and numbers that both sides spell alike.
    fn value(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        for (info, kind, offset, name) in self.members {
            let at = *offset as usize;
            let count = usize::from(*info).max(1);
            let value = match (kind & 0x8000, kind & 0xfff) {
                (0, 0xc1) => continue,
                (0, 0xca) => (random.below(8000) as f32 / 8.0 - 300.0)
                    .to_le_bytes()
                    .into(),
                (0, 0xc4) if *name == "LEN" => (random.below(21) as u32).to_le_bytes().into(),
                (0, 0xc2) if *name == "DATA" => {
                    let letter = |_| b'a' + u8::try_from(random.below(26)).unwrap();
                    (0..count).map(letter).collect()
                }
                (0, kind) => {
                    let len = [(0xc2, 1), (0xc6, 1), (0xc3, 2), (0xc7, 2), (0xc5, 8)];
                    let len = len
                        .into_iter()
                        .find(|one| one.0 == kind)
                        .map_or(4, |one| one.1);
                    random.bytes(len * count)
                }
                (_, inner) => {
                    let inner = TYPES.iter().find(|one| one.instance == inner).unwrap();
                    (0..count)
                        .flat_map(|_| inner.value(random))
                        .collect::<Vec<u8>>()
                }
            };
            bytes[at..at + value.len()].copy_from_slice(&value);
        }
        bytes
    }
}

/// A conversation with a controller: questions of CIP, and their answers.
#[derive(Default)]
struct Talk(Vec<(Vec<u8>, Vec<u8>)>);

impl Talk {
    fn ask(&mut self, service: u8, path: &[u8], data: &[u8], answer: (u8, &[u8])) {
        let words = u8::try_from(path.len() / 2).unwrap();
        let request = [&[service, words][..], path, data].concat();
        let reply = [&[service | 0x80, 0, answer.0, 0][..], answer.1].concat();
        self.0.push((request, reply));
    }

    /// How a client learns a type: its sizes, then its definition, in pieces of so many bytes.
    fn learn(&mut self, kind: &Type, piece: usize) {
        let [low, high] = kind.instance.to_le_bytes();
        let path = [0x20, 0x6c, 0x25, 0, low, high];
        let definition = kind.definition();
        let words = u32::try_from((definition.len() + 23).div_ceil(4)).unwrap();
        let members = u16::try_from(kind.members.len()).unwrap();
        let answer = [
            &[4, 0, 4, 0, 0, 0][..],
            &words.to_le_bytes(),
            &[5, 0, 0, 0],
            &kind.size.to_le_bytes(),
            &[2, 0, 0, 0],
            &members.to_le_bytes(),
            &[1, 0, 0, 0],
            &kind.handle().to_le_bytes(),
        ]
        .concat();
        let asked = [4, 0, 4, 0, 5, 0, 2, 0, 1, 0];
        self.ask(0x03, &path, &asked, (0, &answer));
        for at in (0..definition.len()).step_by(piece) {
            let end = definition.len().min(at + piece);
            let left = u16::try_from(definition.len() - at).unwrap();
            let asked = [
                &u32::try_from(at).unwrap().to_le_bytes()[..],
                &left.to_le_bytes(),
            ];
            let status = if end < definition.len() { 6 } else { 0 };
            self.ask(0x4c, &path, &asked.concat(), (status, &definition[at..end]));
        }
    }

    /// Reads some elements of a tag.
    fn read(&mut self, kind: &Type, elements: u16, values: &[u8]) {
        let typed = [&[0xa0, 2][..], &kind.handle().to_le_bytes(), values].concat();
        let path = [0x91, 4, b'L', b'i', b'n', b'e'];
        self.ask(0x4c, &path, &elements.to_le_bytes(), (0, &typed));
    }

    fn write(&mut self, kind: &Type, values: &[u8]) {
        let typed = [
            &[0xa0, 2][..],
            &kind.handle().to_le_bytes(),
            &[1, 0],
            values,
        ]
        .concat();
        self.ask(0x4d, &[0x91, 4, b'L', b'i', b'n', b'e'], &typed, (0, &[]));
    }

    /// What is told of each message: fields asked and answered, as name and value.
    fn told(&self) -> Vec<Vec<(&'static str, String)>> {
        let mut pipeline = Pipeline::new(Options::default());
        let (mut sequences, mut told) = ([1u32, 1], Vec::new());
        let mut sink = |seen: &Observation<'_>| {
            let Observation::Said(said) = seen else {
                return;
            };
            assert_eq!(
                said.outcome.name(),
                "answered",
                "{} {:?}",
                said.what,
                said.asked
            );
            let fields = said.asked.iter().chain(said.answered);
            told.push(fields.map(|field| (field.name, plain(field))).collect());
        };
        for (at, (request, reply)) in self.0.iter().enumerate() {
            for (up, cip) in [(true, request), (false, reply)] {
                let bytes = encapsulated(u8::try_from(at % 250).unwrap() + 1, cip);
                let (ends, ports) = match up {
                    true => (([10, 0, 0, 1], [10, 0, 0, 2]), (40_000, 44818)),
                    false => (([10, 0, 0, 2], [10, 0, 0, 1]), (44818, 40_000)),
                };
                let [mine, theirs] = [usize::from(!up), usize::from(up)];
                let data = frame(ends, ports, (sequences[mine], sequences[theirs]), &bytes);
                sequences[mine] += u32::try_from(bytes.len()).unwrap();
                let packet = Packet {
                    ts: Timestamp::from_secs(1_800_000_000 + i64::try_from(at).unwrap()),
                    link: LinkType::ETHERNET,
                    orig_len: u32::try_from(data.len()).unwrap(),
                    data: &data,
                };
                pipeline.handle_packet(&packet, &mut sink);
            }
        }
        pipeline.finish(&mut sink);
        told
    }
}

fn plain(field: &Field<'_>) -> String {
    match field.value {
        Value::Bool(flag) => u8::from(flag).to_string(),
        value => value.to_string(),
    }
}

fn encapsulated(context: u8, cip: &[u8]) -> Vec<u8> {
    let len = u16::try_from(cip.len()).unwrap().to_le_bytes();
    let items = [
        &[0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0][..],
        &len,
        cip,
    ]
    .concat();
    let all = u16::try_from(items.len()).unwrap().to_le_bytes();
    let head = [
        &[0x6f, 0][..],
        &all,
        &[1, 0, 0, 0, 0, 0, 0, 0, context],
        &[0; 11],
    ];
    [&head.concat()[..], &items].concat()
}

/// The members of each element with their values, as pycomm3's script prints them.
fn members(told: &[(&'static str, String)]) -> Vec<String> {
    let mut elements: Vec<Vec<(String, Vec<String>)>> = Vec::new();
    let (mut first, mut open) = (String::new(), false);
    for (name, value) in told {
        match *name {
            "iia.cip.member" => {
                if elements.is_empty() || *value == first {
                    elements.push(Vec::new());
                    first.clone_from(value);
                }
                elements
                    .last_mut()
                    .unwrap()
                    .push((value.clone(), Vec::new()));
                open = true;
            }
            // A text as a whole.
            "iia.cip.value" if !open => {
                elements.push(vec![(String::new(), vec![value.clone()])]);
            }
            "iia.cip.value" => {
                let element = elements.last_mut().unwrap();
                element.last_mut().unwrap().1.push(value.clone());
            }
            _ => {}
        }
    }
    let spelled = |element: &Vec<(String, Vec<String>)>| {
        let all = element
            .iter()
            .map(|(path, all)| format!("{path}={}", all.join(",")));
        all.collect::<Vec<_>>().join("\t")
    };
    elements.iter().map(spelled).collect()
}

/// What pycomm3 says of values; nothing where it is not there.
fn pycomm(test: &str, values: &[(&Type, Vec<u8>)]) -> Option<Vec<String>> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into());
    let there = Command::new(&python)
        .args(["-c", "import pycomm3"])
        .output();
    if !there.is_ok_and(|output| output.status.success()) {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!all, "{test}: the Python package pycomm3 is missing");
        eprintln!("SKIPPED: {test}: the Python package pycomm3");
        return None;
    }
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let mut child = Command::new(python);
    let child = child
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for kind in &TYPES {
        let (members, definition) = (kind.members.len(), hex(&kind.definition()));
        let (instance, size) = (kind.instance, kind.size);
        writeln!(input, "template {instance} {members} {size} {definition}").unwrap();
    }
    for (kind, bytes) in values {
        writeln!(input, "value {} {}", kind.instance, hex(bytes)).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    // Numbers of one value are spelled alike.
    let text = String::from_utf8(output.stdout)
        .unwrap()
        .replace(".0\t", "\t");
    Some(
        text.lines()
            .map(|line| line.trim_end_matches(".0").to_owned())
            .collect(),
    )
}

#[test]
fn members_of_structures_are_told_as_another_reads_them() {
    let test = "members_of_structures_are_told_as_another_reads_them";
    let mut random = Random(7);
    let (mut values, mut talk) = (Vec::new(), Talk::default());
    for (kind, piece) in TYPES.iter().zip([500, 500, 60, 33]) {
        talk.learn(kind, piece);
    }
    let learnt = talk.0.len();
    for number in 0..40 {
        let kind = &TYPES[number % 4];
        let one = kind.value(&mut random);
        match number % 3 {
            0 => talk.read(kind, 1, &one),
            1 => talk.write(kind, &one),
            _ => {
                let other = kind.value(&mut random);
                talk.read(kind, 2, &[&one[..], &other].concat());
                values.push((kind, one.clone()));
                values.push((kind, other));
                continue;
            }
        }
        values.push((kind, one));
    }
    let Some(theirs) = pycomm(test, &values) else {
        return;
    };
    let told = talk.told();
    let ours: Vec<String> = told[learnt..]
        .iter()
        .flat_map(|told| members(told))
        .collect();
    assert_eq!(ours.len(), theirs.len());
    // pycomm3 tells flags last.
    let sorted = |line: &str| {
        let mut members: Vec<String> = line.split('\t').map(str::to_owned).collect();
        members.sort();
        members
    };
    for (mine, their) in ours.iter().zip(&theirs) {
        assert_eq!(sorted(mine), sorted(their));
    }
    let count: usize = theirs.iter().map(|line| line.split('\t').count()).sum();
    eprintln!("{count} members of {} values are equal", theirs.len());
    assert!(count > 500);
}

#[test]
fn a_definition_is_told_and_what_is_not_known_stays_bytes() {
    let [limits, _, recipe, line] = &TYPES;
    let value = line.value(&mut Random(3));
    let mut talk = Talk::default();
    talk.read(line, 1, &value);
    talk.learn(line, 500);
    talk.read(line, 1, &value);
    talk.learn(limits, 500);
    talk.read(limits, 1, &value[..13]);
    let told = talk.told();
    let of = |at: usize, wanted: &str| {
        let told = told[at].iter().filter(|(name, _)| *name == wanted);
        told.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    // Before its type was read, and while types in it are not known.
    for at in [0, 3] {
        assert_eq!(of(at, "iia.cip.member"), [""; 0]);
        assert_eq!(of(at, "iia.cip.value").len(), 1);
    }
    assert_eq!(of(2, "iia.cip.template_name"), ["Line"]);
    assert_eq!(of(2, "iia.cip.member_name"), ["Number", "Recipes", "Own"]);
    assert_eq!(of(2, "iia.cip.member_offset"), ["0", "8", "184"]);
    assert_eq!(of(2, "iia.cip.member_info"), ["0", "2", "0"]);
    assert_eq!(
        of(2, "iia.cip.member_type"),
        ["196 DINT", "41219 STRUCT", "33025 STRUCT"]
    );
    assert_eq!(of(2, "iia.cip.offset"), ["0"]);
    assert_eq!(of(2, "iia.cip.length").len(), 1);
    // Bytes that are no whole number of values.
    assert_eq!(of(6, "iia.cip.member"), [""; 0]);
    assert!(recipe.size > 0);
    // Elements are numbered where there are several.
    let mut talk = Talk::default();
    talk.learn(limits, 500);
    talk.read(limits, 2, &[1; 24]);
    let told = talk.told();
    let numbers = told[2]
        .iter()
        .filter(|(name, _)| *name == "iia.cip.element");
    assert_eq!(
        numbers.map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
        ["0", "1"]
    );
}
