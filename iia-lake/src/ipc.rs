//! Arrow IPC streams in and out; what comes in is hostile until it is read.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;

use crate::LakeError;
use crate::error::bad;

/// Largest batch in bytes.
pub const BATCH_LEN_MAX: usize = 15 * 1024 * 1024;
/// Rows of a batch at most.
pub const ROWS_MAX: u64 = 1 << 20;
/// Columns at most.
pub const COLUMNS_MAX: usize = 256;

/// Rows as one IPC stream; empty bytes for no batches.
///
/// # Errors
/// [`LakeError::BadBatch`] when the batches have different schemas.
pub fn encode(batches: &[RecordBatch]) -> Result<Vec<u8>, LakeError> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let joined;
    let whole = match batches {
        [one] => one,
        _ => {
            joined = concat_batches(&first.schema(), batches).map_err(bad)?;
            &joined
        }
    };
    let mut writer = StreamWriter::try_new(Vec::new(), &whole.schema()).map_err(bad)?;
    writer.write(whole).map_err(bad)?;
    writer.into_inner().map_err(bad)
}

/// The first rows of an IPC stream, as one.
///
/// # Errors
/// Those of [`decode`] and [`encode`].
pub fn head(bytes: &[u8], rows: u64) -> Result<Vec<u8>, LakeError> {
    let (schema, batches) = decode(bytes)?;
    let whole = concat_batches(&schema, &batches).map_err(bad)?;
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    encode(&[whole.slice(0, rows.min(whole.num_rows()))])
}

/// Reads an IPC stream of a peer within the limits.
///
/// # Errors
/// [`LakeError::TooLarge`], [`LakeError::BadBatch`].
pub fn decode(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>), LakeError> {
    if bytes.len() > BATCH_LEN_MAX {
        let (len, max) = (bytes.len() as u64, BATCH_LEN_MAX as u64);
        return Err(LakeError::TooLarge {
            len,
            max,
            unit: "bytes",
        });
    }
    check_framing(bytes).ok_or_else(|| bad("not an Arrow IPC stream"))?;
    // WHY: the reader checks what it reads, but it is not ours and its authors do not promise that no input makes it
    // panic. At this one boundary a panic is an error like any other.
    catch_unwind(AssertUnwindSafe(|| read(bytes)))
        .unwrap_or_else(|_| Err(bad("not an Arrow IPC stream")))
}

/// Whether every message lies wholly within the bytes: the reader allocates what a message states before it looks.
fn check_framing(mut bytes: &[u8]) -> Option<()> {
    const CONTINUATION: [u8; 4] = [0xff; 4];
    while !bytes.is_empty() {
        let (word, mut rest) = bytes.split_first_chunk::<4>()?;
        let mut len = *word;
        if len == CONTINUATION {
            let (next, behind) = rest.split_first_chunk::<4>()?;
            (len, rest) = (*next, behind);
        }
        let len = usize::try_from(u32::from_le_bytes(len)).ok()?;
        if len == 0 {
            return rest.is_empty().then_some(());
        }
        let (message, body) = rest.split_at_checked(len)?;
        let message = arrow_ipc::root_as_message(message).ok()?;
        let body_len = usize::try_from(message.bodyLength()).ok()?;
        (body.len() >= body_len && buffers_lie_within(&message, body_len)).then_some(())?;
        bytes = body.get(body_len..)?;
    }
    Some(())
}

/// Whether every buffer lies wholly within its message: the reader panics at one that does not.
fn buffers_lie_within(message: &arrow_ipc::Message<'_>, body_len: usize) -> bool {
    let dictionary = message
        .header_as_dictionary_batch()
        .and_then(|batch| batch.data());
    let Some(batch) = message.header_as_record_batch().or(dictionary) else {
        return true;
    };
    let within = |buffer: &arrow_ipc::Buffer| {
        let end = buffer.offset().checked_add(buffer.length());
        let end = end.and_then(|end| usize::try_from(end).ok());
        buffer.offset() >= 0 && buffer.length() >= 0 && end.is_some_and(|end| end <= body_len)
    };
    batch
        .buffers()
        .is_none_or(|buffers| buffers.iter().all(within))
}

fn read(bytes: &[u8]) -> Result<(SchemaRef, Vec<RecordBatch>), LakeError> {
    let reader = StreamReader::try_new(Cursor::new(bytes), None).map_err(bad)?;
    let schema = reader.schema();
    if schema.fields().len() > COLUMNS_MAX {
        let (len, max) = (schema.fields().len() as u64, COLUMNS_MAX as u64);
        return Err(LakeError::TooLarge {
            len,
            max,
            unit: "columns",
        });
    }
    let (mut batches, mut rows) = (Vec::new(), 0u64);
    for batch in reader {
        let batch = batch.map_err(bad)?;
        rows += batch.num_rows() as u64;
        if rows > ROWS_MAX {
            return Err(LakeError::TooLarge {
                len: rows,
                max: ROWS_MAX,
                unit: "rows",
            });
        }
        batches.push(batch);
    }
    Ok((schema, batches))
}
