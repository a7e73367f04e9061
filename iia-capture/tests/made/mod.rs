//! Messages that no capture at hand holds.

pub mod frames;
pub mod layouts;
pub mod mailboxes;
pub mod numbers;
pub mod profinet;
pub mod registers;

use std::path::Path;

/// A capture of frames on Ethernet, a millisecond apart.
#[derive(Default)]
pub struct Capture(Vec<Vec<u8>>);

impl Capture {
    pub fn add(&mut self, frame: &[u8]) {
        self.0.push(frame.to_vec());
    }

    pub fn write(&self, path: &Path) {
        let mut file = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 1]
            .map(u32::to_le_bytes)
            .concat();
        for (number, frame) in (0u32..).zip(&self.0) {
            let len = u32::try_from(frame.len()).unwrap();
            let at = [
                1_800_000_000 + number / 1000,
                number % 1000 * 1000,
                len,
                len,
            ];
            file.extend(at.map(u32::to_le_bytes).concat());
            file.extend(frame);
        }
        std::fs::write(path, file).unwrap();
    }
}
