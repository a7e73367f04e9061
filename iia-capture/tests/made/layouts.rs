//! Messages whose bytes stand in the standards, and what is told of each: the files of `layouts`, and what judges print in the same
//! form. Blocks with an empty line between them; in each, remarks behind `#`, frames behind `>` or `<` (the answering side), then fields
//! and their values in order. Behind `!` stands why tshark is not asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_capture::generate;
use iia_core::digest::decode_hex;

use super::frames::{CLIENT, ENDS, datagram};

/// One block.
#[derive(Debug, Default)]
pub struct Layout {
    pub frames: Vec<Vec<u8>>,
    /// Whether tshark is not asked.
    pub alone: bool,
    /// Fields and their values, in order.
    pub told: Vec<(String, String)>,
}

/// The texts of all files, by the decoder that they are of.
pub fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layouts");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let text = |path: &PathBuf| {
        let decoder = path.file_stem().unwrap().to_str().unwrap();
        (decoder.to_owned(), fs::read_to_string(path).unwrap())
    };
    paths.iter().map(text).collect()
}

/// The frames of these decoders' files that tshark is asked about.
pub fn frames(decoders: &[&str]) -> Vec<Vec<u8>> {
    let texts = texts().into_iter();
    let texts = texts.filter(|(decoder, _)| decoders.contains(&decoder.as_str()));
    let all: Vec<String> = texts.map(|(_, text)| text).collect();
    let asked = parse(&all.join("\n")).into_iter();
    let asked = asked.filter(|layout| !layout.alone);
    asked.flat_map(|layout| layout.frames).collect()
}

/// The blocks of a text; each talks between two ports of its own.
pub fn parse(text: &str) -> Vec<Layout> {
    let blocks = text.split("\n\n").filter(|block| block.contains('\n'));
    (0..)
        .zip(blocks)
        .map(|(n, block)| layout(block, CLIENT + n))
        .collect()
}

fn layout(block: &str, client: u16) -> Layout {
    let (mut layout, mut seqs) = (Layout::default(), BTreeMap::new());
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            ">" => layout.frames.push(frame(rest, (client, 0), &mut seqs)),
            "<" => layout.frames.push(frame(rest, (client, 1), &mut seqs)),
            "" => {}
            "!" => layout.alone = true,
            name => layout.told.push((name.to_owned(), rest.to_owned())),
        }
    }
    layout
}

/// `eth TYPE`, `udp PORT` or `tcp PORT`, and bytes.
fn frame(line: &str, (client, side): (u16, usize), seqs: &mut BTreeMap<u16, [u32; 2]>) -> Vec<u8> {
    let (way, rest) = line.split_once(' ').unwrap();
    let (number, rest) = rest.split_once(' ').unwrap();
    let bytes = bytes(rest);
    let ends = (ENDS[side], ENDS[1 - side]);
    let ports = |port| [(client, port), (port, client)][side];
    match way {
        "eth" => {
            let macs = [[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]];
            let kind = u16::from_str_radix(number, 16).unwrap().to_be_bytes();
            [&macs[1 - side][..], &macs[side], &kind, &bytes].concat()
        }
        "udp" => datagram(ends, ports(number.parse().unwrap()), &bytes),
        _ => {
            let port = number.parse().unwrap();
            let seqs = seqs.entry(port).or_insert([1; 2]);
            let made = generate::frame(ends, ports(port), (seqs[side], seqs[1 - side]), &bytes);
            seqs[side] += u32::try_from(bytes.len()).unwrap();
            made
        }
    }
}

/// Hexadecimal digits, text between quotation marks, `XX*N` for the same bytes N times.
fn bytes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"');
        let (word, behind) = match quoted {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        match (quoted, word.split_once('*')) {
            (Some(_), _) => bytes.extend(word.as_bytes()),
            (None, Some((word, times))) => bytes.extend(hex(word).repeat(times.parse().unwrap())),
            (None, None) => bytes.extend(hex(word)),
        }
        rest = behind.trim_start();
    }
    bytes
}

fn hex(digits: &str) -> Vec<u8> {
    let mut bytes = vec![0; digits.len() / 2];
    decode_hex(digits, &mut bytes).unwrap();
    bytes
}
