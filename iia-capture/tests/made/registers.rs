//! Every register of a slave controller of EtherCAT, read and written with any value.

use super::numbers::Numbers;

/// Register addresses of a slave controller (ETG.1000.4, table 31): 4 KiB.
const REGISTERS: u16 = 0x1000;

/// A frame of one datagram; `counter` is how many slaves have done it.
pub fn datagram(command: u8, register: u16, data: &[u8], counter: u16) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    let header = (0x1000 | (len + 12)).to_le_bytes();
    let body = [
        &[command, 7, 1, 0][..],
        &register.to_le_bytes(),
        &len.to_le_bytes(),
        &[0, 0],
        data,
        &counter.to_le_bytes(),
    ]
    .concat();
    [
        &[0xff; 6][..],
        &[2, 0, 0, 0, 0, 1, 0x88, 0xa4],
        &header,
        &body,
    ]
    .concat()
}

/// Every register with random values: read (4, FPRD) and done, written (5, FPWR) and not yet done.
pub fn registers() -> Vec<Vec<u8>> {
    let (mut frames, mut numbers) = (Vec::new(), Numbers::new(1));
    for register in 0..REGISTERS {
        for len in [2, 8] {
            let data = numbers.bytes(len);
            frames.push(datagram(4, register, &data, 1));
            frames.push(datagram(5, register, &data, 0));
        }
    }
    frames
}
