//! What was said beside reads and writes, from what rests in the lake: who asked whom for what, and what the answer gave away.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, RecordBatch};
use iia::lake_report::{each, word};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options};

use crate::boxdir::BoxDir;
use crate::screen::{Screen, Tone};

/// Messages that are shown at most; the rest is counted.
const SHOWN_MAX: u64 = 5;
/// Texts by which a device says what it is (Wireshark's name).
const IDENTITY: &str = "modbus.object_str_value";

/// Shows the messages, each with what its answer says of the device.
pub(super) fn tell(seg01: &BoxDir, screen: &Screen) -> anyhow::Result<()> {
    let (lake, _) = Lake::open(
        &seg01.lake(),
        &seg01.state().join("wal"),
        Options::default(),
    )?;
    let (mut lines, mut count) = (Vec::new(), 0);
    each(&lake, &Stream::SAID, &mut |batch| {
        for row in 0..batch.num_rows() {
            count += 1;
            if count <= SHOWN_MAX {
                lines.push(line(batch, row));
            }
        }
    })?;
    if count == 0 {
        return Ok(());
    }
    let words = format!("said beside reads and writes: {count}, in the lake field by field");
    screen.line(Tone::Head, &words);
    lines.iter().for_each(|line| screen.line(Tone::Note, line));
    Ok(())
}

fn line(batch: &RecordBatch, row: usize) -> String {
    let column = |name| word(batch, name, row).unwrap_or("-");
    let identity = texts(batch, row);
    let given = match identity.is_empty() {
        true => String::new(),
        false => format!(", which says it is {}", identity.join(" ")),
    };
    format!(
        "{} asks {} for {}: {}{given}",
        column("orig_h"),
        column("resp_h"),
        column("operation").replace('_', " "),
        column("outcome"),
    )
}

/// The texts of an answer by which a device says what it is.
fn texts(batch: &RecordBatch, row: usize) -> Vec<String> {
    let fields = batch
        .column_by_name("answered")
        .and_then(|all| all.as_list_opt::<i32>());
    let Some(fields) = fields.map(|all| all.value(row)) else {
        return Vec::new();
    };
    let Some(fields) = fields.as_struct_opt() else {
        return Vec::new();
    };
    let names = fields
        .column_by_name("name")
        .and_then(|all| all.as_dictionary_opt::<Int32Type>());
    let texts = fields
        .column_by_name("text")
        .and_then(|all| all.as_string_opt::<i32>());
    let (Some(names), Some(texts)) = (names, texts) else {
        return Vec::new();
    };
    let Some(words) = names.values().as_string_opt::<i32>() else {
        return Vec::new();
    };
    let is_identity = |at: &usize| {
        names
            .key(*at)
            .is_some_and(|key| words.value(key) == IDENTITY)
    };
    let told = (0..fields.len()).filter(is_identity);
    told.map(|at| texts.value(at).to_owned()).collect()
}
