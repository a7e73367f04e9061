//! Rules of the protocol, and bytes that break them.
