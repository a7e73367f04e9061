//! Decoders, one folder a protocol: `packet` checks lengths, `repr` gives meaning.

pub mod modbus;
