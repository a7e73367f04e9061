//! The IO master's decoders held against tshark, on captures and on frames made here.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::panic,
    reason = "tests"
)]

mod judge;

use std::collections::BTreeMap;
use std::path::Path;

use iia_attest::io::wire::ethercat::{Access, Command, datagrams};
use iia_attest::io::wire::net::Frame;
use iia_attest::io::wire::{Data, Owner, Part, Way, enip, ethercat, profinet};
use iia_attest::io::{Station, Tap};
use iia_core::Timestamp;
use judge::{bytes, corpus, fields, frames, made, values};

/// What a tap makes of a capture: by frame, which way, whether bits, and the values.
fn heard(frames: &[(i64, Vec<u8>)]) -> BTreeMap<usize, Vec<(Way, bool, Vec<u16>)>> {
    let mut tap = Tap::new(Station::Device, 0);
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (number, (ns, frame)) in (1..).zip(frames) {
        tap.handle_chunks(Timestamp::from_ns(*ns), frame, |chunk| {
            if matches!(chunk.area.part, Part::Modbus { .. }) {
                let bits = matches!(chunk.data, Data::Bits(..));
                let one = (chunk.way, bits, values(chunk.data));
                all.entry(number).or_default().push(one);
            }
        });
    }
    all
}

/// The answer whose question the capture has behind it (frame 651); tshark takes an older question for it.
fn early(file: &Path, number: usize) -> bool {
    file.ends_with("Modicon.pcap") && number == 650
}

fn numbers(cell: &[String]) -> Vec<u16> {
    let number = |text: &String| match text.as_str() {
        "True" => 1,
        "False" => 0,
        text => text.parse().unwrap(),
    };
    cell.iter().map(number).collect()
}

#[test]
fn registers_and_bits_of_modbus_are_those_of_tshark() {
    let test = "registers_and_bits_of_modbus_are_those_of_tshark";
    let names = [
        "modbus.regval_uint16",
        "modbus.bitval",
        "tcp.dstport",
        "modbus.func_code",
        "modbus.request_frame",
    ];
    let filter = "modbus && (tcp.port==502) && !tcp.analysis.retransmission && !tcp.analysis.out_of_order && !_ws.malformed";
    let (mut compared, mut wrong) = (0, Vec::new());
    for file in corpus(test, "modbus") {
        let Some(rows) = fields(test, &file, filter, &names) else {
            return;
        };
        let ours = heard(&frames(test, &file).unwrap());
        for (number, cells) in &rows {
            let asks = cells[2].iter().any(|port| port == "502");
            let way = if asks { Way::Told } else { Way::Said };
            for (bits, cell) in [(false, &cells[0]), (true, &cells[1])] {
                // Of a question tshark reads the registers of function 16 only.
                let untold = asks && (bits || cells[3] != ["16"]);
                // An answer whose question is not in the capture belongs nowhere, nor one that stands before it.
                let unasked = !asks && (cells[4].is_empty() || early(&file, *number));
                if cell.is_empty() || untold || unasked {
                    continue;
                }
                let mine = ours.get(number).into_iter().flatten();
                let mine = mine.filter(|one| one.0 == way && one.1 == bits);
                let mine: Vec<u16> = mine.flat_map(|one| one.2.clone()).collect();
                compared += 1;
                if mine != numbers(cell) {
                    let name = file.file_name().unwrap().to_string_lossy();
                    wrong.push(format!(
                        "{name} {number} {way:?}: {mine:?}, tshark {cell:?}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(12)]
    );
    assert!(compared >= 10_000, "{compared}");
}

#[test]
fn implicit_io_is_that_of_tshark() {
    let test = "implicit_io_is_that_of_tshark";
    let names = [
        "ip.src",
        "enip.cpf.sai.connid",
        "enip.cpf.sai.seq",
        "cipio.data",
    ];
    let mut compared = 0;
    for file in corpus(test, "enip_cip") {
        let Some(rows) = fields(test, &file, "cipio", &names) else {
            return;
        };
        let all = frames(test, &file).unwrap();
        for (number, cells) in rows {
            let mut tap = Tap::new(Station::Device, 0);
            let mut mine = Vec::new();
            tap.handle_chunks(Timestamp::default(), &all[number - 1].1, |chunk| {
                if let (Owner::Ip(addr), Part::Connection(id), Data::Bytes(data)) =
                    (chunk.area.owner, chunk.area.part, chunk.data)
                {
                    mine.push((addr.to_string(), format!("{id:#010x}"), data.to_vec()));
                }
            });
            let theirs = (
                cells[0][0].clone(),
                cells[1][0].clone(),
                bytes(&cells[3][0]),
            );
            assert_eq!(mine, [theirs], "{number}");
            let payload = &all[number - 1].1[42..];
            let sequence = enip::Io::parse(payload).unwrap().sequence;
            assert_eq!(sequence.to_string(), cells[2][0]);
            compared += 1;
        }
    }
    assert_eq!(compared, 398);
}

#[test]
fn datagrams_of_ethercat_are_those_of_tshark() {
    let test = "datagrams_of_ethercat_are_those_of_tshark";
    let names = ["ecat.cmd", "ecat.idx", "ecat.cnt", "ecat.lad", "ecat.data"];
    let (mut compared, mut images) = (0, 0);
    for file in corpus(test, "ethercat") {
        let Some(rows) = fields(test, &file, "ecat", &names) else {
            return;
        };
        let all = frames(test, &file).unwrap();
        for (number, cells) in rows {
            let frame = Frame::parse(&all[number - 1].1).unwrap();
            assert_eq!(frame.ethertype, ethercat::ETHERTYPE);
            let mut mine: [Vec<String>; 3] = Default::default();
            let mut image = None;
            datagrams(frame.payload, |one| {
                let access = |access| match access {
                    Access::Read => 0,
                    Access::Write => 1,
                    Access::ReadWrite => 2,
                };
                let command = match one.command {
                    Command::Station(_, _, which) => 4 + access(which),
                    Command::Logical(_, which) => 10 + access(which),
                    Command::Other(other) => other,
                };
                mine[0].push(format!("{command:#04x}"));
                mine[1].push(format!("{:#04x}", one.index));
                mine[2].push(one.working_counter.to_string());
                if let Command::Logical(address, _) = one.command {
                    image = Some((format!("{address:#010x}"), one.data.to_vec()));
                }
            })
            .unwrap();
            assert_eq!(mine.as_slice(), &cells[..3], "{number} {cells:?}");
            compared += 1;
            if let Some((address, data)) = image {
                assert_eq!(
                    (&cells[3][0], bytes(&cells[4][0])),
                    (&address, data),
                    "{number}"
                );
                images += 1;
            }
        }
    }
    assert!(compared > 9_000 && images == 128, "{compared} {images}");
}

#[test]
fn cyclic_frames_of_profinet_are_read_as_tshark_reads_them() {
    let test = "cyclic_frames_of_profinet_are_read_as_tshark_reads_them";
    // Identifiers at the ends of each class, every status, data of several lengths, a tag on some.
    let mut all = Vec::new();
    for (number, id) in [
        0x0100, 0x0fff, 0x8000, 0xbbff, 0xbc00, 0xbfff, 0x8001, 0x8002,
    ]
    .into_iter()
    .cycle()
    .take(256)
    .enumerate()
    {
        let mut frame = bytes("020000000002 020000000001");
        if number % 3 == 0 {
            frame.extend(bytes("8100 c000"));
        }
        frame.extend(bytes("8892"));
        frame.extend(u16::to_be_bytes(id));
        let len = 40 + number % 7 * 20;
        frame.extend((0..len).map(|byte| u8::try_from((byte * 7 + number) % 256).unwrap()));
        frame.extend(u16::to_be_bytes(u16::try_from(number * 131).unwrap()));
        frame.extend([u8::try_from(number).unwrap(), u8::from(number % 50 == 49)]);
        all.push(frame);
    }
    let file = made("profinet_made.pcap", &all);
    let names = [
        "pn_rt.frame_id",
        "pn_rt.cycle_counter",
        "pn_rt.ds",
        "pn_rt.transfer_status",
        "pn_rt.ds_valid",
        "pn_rt.ds_operate",
        "pn_rt.ds_primary",
    ];
    let Some(rows) = fields(test, &file, "pn_rt", &names) else {
        return;
    };
    assert_eq!(rows.len(), all.len());
    for (number, cells) in rows {
        let frame = Frame::parse(&all[number - 1]).unwrap();
        let cyclic = profinet::Cyclic::parse(frame.payload).unwrap().unwrap();
        let mine = [
            cyclic.frame_id.to_string(),
            cyclic.cycle.to_string(),
            format!("{:#04x}", cyclic.status),
            cyclic.transfer.to_string(),
        ];
        let theirs: Vec<&String> = cells[..4].iter().map(|cell| &cell[0]).collect();
        assert_eq!(mine.iter().collect::<Vec<_>>(), theirs);
        let vouches = cells[4..].iter().all(|cell| cell[0] == "0x01") && cells[3][0] == "0";
        assert_eq!(cyclic.is_valid(), vouches, "{cells:?}");
        let offset = frame.payload.len() - 4;
        assert_eq!(cyclic.data, &frame.payload[2..offset]);
    }
}
