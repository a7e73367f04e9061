//! Messages at the boundary, and the questions of consumers.

use std::sync::LazyLock;

use iia_core::Timestamp;
use iia_core::stream::Stream;
use iia_edge::EdgeError;
use iia_edge::outbox::Outbox;
use iia_edge::query::{Inventory, Quota};
use iia_edge::wire::{
    HeadAnswer, HeadOffer, MirrorAnswer, MirrorAsk, PublishAck, PublishBatch, QueryAnswer, QueryAsk,
};

use tempfile::TempDir;

use crate::canon::one;
use crate::input::Input;

/// The input as every message.
pub fn wire(data: &[u8]) {
    one::<PublishBatch>(data);
    one::<PublishAck>(data);
    one::<HeadOffer>(data);
    one::<HeadAnswer>(data);
    one::<MirrorAsk>(data);
    one::<MirrorAnswer>(data);
    one::<QueryAsk>(data);
    one::<QueryAnswer>(data);
    let ask = iia_edge::wire::decode::<QueryAsk>(data, "ask");
    if let Some((ask, Ok(range))) = ask.ok().map(|ask| (ask.clone(), ask.to_range())) {
        assert!(range.from < range.to && range.stream.as_str() == ask.stream);
    }
}

const ROWS_MAX: u64 = 1000;
const PER_SECOND: u32 = 3;

/// Whatever is asked and whenever: what passes lies within the inventory and the limits.
pub fn query(data: &[u8]) {
    let mut input = Input(data);
    let inventory = Inventory {
        include: vec!["acs.*".into(), "ot.contract.quota".into()],
        exclude: vec!["acs.conn".into(), "acs.secret.*".into()],
    };
    let mut quota = Quota::new("c", inventory, Some(ROWS_MAX), Some(PER_SECOND));
    let mut passed: Vec<i64> = Vec::new();
    let mut now = i64::from_le_bytes(input.array());
    while !input.is_empty() && passed.len() < 100 {
        now = now.saturating_add(i64::from(u32::from_le_bytes(input.array())));
        let ask = QueryAsk {
            stream: String::from_utf8_lossy(input.piece()).into_owned(),
            from_ns: i64::from_le_bytes(input.array()),
            to_ns: i64::from_le_bytes(input.array()),
            rows_max: input.u64(),
        };
        let Ok(range) = quota.check(Timestamp::from_ns(now), &ask) else {
            continue;
        };
        let stream = range.stream.as_str();
        let shown = stream.starts_with("ot.acs.") || stream == "ot.contract.quota";
        assert!(shown && stream != "ot.acs.conn" && !stream.starts_with("ot.acs.secret."));
        assert!(range.rows_max <= ROWS_MAX && range.from < range.to);
        passed.push(now);
    }
    // A window begins with its first question: more than twice the rate within a second there cannot be.
    for from in 0..passed.len() {
        let near = |at: &&i64| at.saturating_sub(passed[from]) < 1_000_000_000;
        let count = passed[from..].iter().filter(near).count();
        assert!(count <= 2 * PER_SECOND as usize, "{passed:?}");
    }
}

static OUTBOX: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().unwrap_or_else(|error| panic!("{error}")));

/// A cursor's file is the number that was written, in its one spelling, or it is damaged and never the start.
pub fn outbox(data: &[u8]) {
    let path = OUTBOX.path().join(format!("{}.cursor", Stream::MODBUS));
    std::fs::write(path, data).unwrap_or_else(|error| panic!("{error}"));
    let cursor = Outbox::open(OUTBOX.path()).and_then(|outbox| outbox.cursor(&Stream::MODBUS));
    match cursor {
        Ok(cursor) => assert_eq!(format!("{}\n", cursor.0).as_bytes(), data),
        Err(error) => assert!(
            std::str::from_utf8(data).is_err() || matches!(error, EdgeError::DamagedOutbox { .. })
        ),
    }
}
