//! Mailboxes of EtherCAT of every kind and service, filled with any value.

use super::numbers::Numbers;
use super::registers::datagram;

/// Where a controller writes to the mailbox of a slave, as most slaves have it.
const MAILBOX: u16 = 0x1000;
/// How often each is made.
const TIMES: usize = 8;
/// The types of a mailbox (ETG.1000.4, 5.6): EoE, CoE, FoE and SoE.
const EOE: u8 = 2;
const COE: u8 = 3;
const FOE: u8 = 4;
const SOE: u8 = 5;

fn mailbox(kind: u8, counter: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_le_bytes();
    let head = [len[0], len[1], 1, 0, 0, kind | (counter % 7 + 1) << 4];
    datagram(5, MAILBOX, &[&head[..], body].concat(), 0)
}

/// Services of CoE, requests and answers of its dictionary, and what the others say.
pub fn mailboxes() -> Vec<Vec<u8>> {
    let (mut frames, mut numbers) = (Vec::new(), Numbers::new(2));
    for counter in 0..u8::try_from(TIMES).unwrap() {
        for service in 1..=7 {
            // An SDO has ten bytes, whatever its command.
            let body = [&[0, service << 4][..], &numbers.bytes(8)].concat();
            frames.push(mailbox(COE, counter, &body));
        }
        for opcode in 1..=7 {
            let body = [&[0, 8 << 4, opcode, 0, 0, 0][..], &numbers.bytes(24)].concat();
            frames.push(mailbox(COE, counter, &body));
        }
        for operation in 1..=6 {
            let body = [&[operation, 0][..], &numbers.bytes(4), b"app.hex!"].concat();
            frames.push(mailbox(FOE, counter, &body));
        }
        for operation in 1..=6 {
            let body = [&[operation][..], &numbers.bytes(11)].concat();
            frames.push(mailbox(SOE, counter, &body));
        }
        for kind in 0..=6 {
            let body = [&[kind, 1][..], &numbers.bytes(62)].concat();
            frames.push(mailbox(EOE, counter, &body));
        }
    }
    frames
}
