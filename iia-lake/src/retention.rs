//! What may go when the disk is full: oldest first, and only what is old enough and acknowledged north (D9).

use iia_core::Timestamp;
use iia_core::store::Cursor;

use crate::lake::Segment;

/// Records stay this long at least: thirty days (001:237).
pub const AGE_MIN_NS: i64 = 30 * 24 * 3_600_000_000_000;

/// The segments of one stream that may be removed to free `bytes`, oldest first; fewer when the rules forbid more.
pub fn expire(segments: &[Segment], now: Timestamp, acked: Cursor, bytes: u64) -> Vec<&Segment> {
    let mut free = 0;
    let may_go = |segment: &&Segment| {
        segment.first + segment.rows <= acked.0 && now.since_ns(segment.newest) >= AGE_MIN_NS
    };
    let mut chosen = Vec::new();
    // Oldest first and without holes: the first that must stay keeps all that follow.
    for segment in segments.iter().take_while(may_go) {
        if free >= bytes {
            break;
        }
        free += segment.bytes;
        chosen.push(segment);
    }
    chosen
}
