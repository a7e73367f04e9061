//! Messages of protocols of many forms as rows, their fields as lists.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use iia_core::observe::{Between, Field, Outcome, Said, Value};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;

use super::head::{Flows, Head, record_batch};
use crate::column::{Numbers, Words, emptied};
use crate::error::bad;
use crate::{LakeError, schema};

/// Collects messages.
#[derive(Debug)]
pub struct SaidBuilder {
    head: Head,
    flows: Flows,
    operation: Words<&'static str>,
    from_orig: Vec<bool>,
    outcome: Words<&'static str>,
    code: Numbers<Int64Type>,
    latency_ns: Numbers<Int64Type>,
    asked: Told,
    answered: Told,
}

impl SaidBuilder {
    /// An empty batch of a service.
    pub fn new(service: ServiceId) -> Self {
        Self {
            head: Head::new(service),
            flows: Flows::default(),
            operation: Words::default(),
            from_orig: Vec::new(),
            outcome: Words::default(),
            code: Numbers::default(),
            latency_ns: Numbers::default(),
            asked: Told::default(),
            answered: Told::default(),
        }
    }

    /// Adds a message.
    pub fn append(&mut self, said: &Said<'_>) {
        self.head.push(said.ts);
        match &said.between {
            Between::Flow(flow) => self.flows.push(flow, said.protocol),
            Between::Link(link) => self.flows.push_link(link, said.protocol),
        }
        self.operation.push(said.what, || said.what.into());
        self.from_orig.push(said.from_orig);
        let outcome = said.outcome.name();
        self.outcome.push(outcome, || outcome.into());
        self.code.push(match said.outcome {
            Outcome::Exception(code) => Some(code.into()),
            Outcome::Refused(code) => Some(code.into()),
            _ => None,
        });
        self.latency_ns.push(said.latency_ns);
        self.asked.push(said.asked);
        self.answered.push(said.answered);
    }

    /// Rows so far.
    pub const fn rows(&self) -> usize {
        self.head.rows()
    }

    /// Bytes of the values so far.
    pub const fn text_len(&self) -> usize {
        self.asked.text.len() + self.answered.text.len()
    }

    /// The rows as one record batch, numbered from `first`; the builder is empty afterwards.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`] when sequence numbers are used up, or values of one batch have more than 2 GiB.
    pub fn finish_record_batch(&mut self, first: Sequence) -> Result<RecordBatch, LakeError> {
        let mut columns = self.head.finish(first)?;
        columns.extend(self.flows.finish()?);
        columns.extend([
            self.operation.finish().map_err(bad)?,
            Arc::new(BooleanArray::from(emptied(&mut self.from_orig))) as ArrayRef,
            self.outcome.finish().map_err(bad)?,
            self.code.finish(),
            self.latency_ns.finish(),
            self.asked.finish()?,
            self.answered.finish()?,
        ]);
        record_batch(schema::said(), columns)
    }

    /// The rows as a batch for the lake.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`].
    pub fn finish(&mut self, first: Sequence) -> Result<Batch, LakeError> {
        let rows = self.finish_record_batch(first)?;
        self.head.batch(&Stream::SAID, first, &rows)
    }
}

/// A column of lists of fields.
#[derive(Debug)]
struct Told {
    lists: Vec<i32>,
    name: Words<&'static str>,
    text: String,
    texts: Vec<i32>,
    number: Numbers<Int64Type>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            lists: vec![0],
            name: Words::default(),
            text: String::new(),
            texts: vec![0],
            number: Numbers::default(),
        }
    }
}

impl Told {
    fn push(&mut self, fields: &[Field<'_>]) {
        for field in fields {
            self.name.push(field.name, || field.name.into());
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{}", field.value);
            self.texts.push(place(self.text.len()));
            self.number.push(number(&field.value));
        }
        self.lists.push(place(self.texts.len() - 1));
    }

    fn finish(&mut self) -> Result<ArrayRef, LakeError> {
        let offsets = |column: &mut Vec<i32>| {
            let all = emptied(column);
            column.push(0);
            let grows = all.windows(2).all(|pair| pair.first() <= pair.last());
            let sound = grows && all.last() != Some(&i32::MAX);
            sound
                .then(|| OffsetBuffer::new(ScalarBuffer::from(all)))
                .ok_or_else(|| bad("too many values in one batch"))
        };
        let (lists, texts) = (offsets(&mut self.lists)?, offsets(&mut self.texts)?);
        let text = Buffer::from(std::mem::take(&mut self.text).into_bytes());
        let text = StringArray::try_new(texts, text, None).map_err(bad)?;
        let columns: Vec<ArrayRef> = vec![
            self.name.finish().map_err(bad)?,
            Arc::new(text),
            self.number.finish(),
        ];
        let fields = StructArray::try_new(schema::said_field(), columns, None).map_err(bad)?;
        let list = ListArray::try_new(schema::said_item(), lists, Arc::new(fields), None);
        Ok(Arc::new(list.map_err(bad)?))
    }
}

fn place(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

/// The number of a value, where it is a whole one that the column can hold.
fn number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        value => value.number().and_then(|number| i64::try_from(number).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;
    use iia_core::Timestamp;
    use iia_core::observe::{Link, Mac, Protocol};

    #[test]
    fn messages_become_rows_with_their_fields() {
        let mac = |last| Mac([2, 0, 0, 0, 0, last]);
        let link = Link {
            source: mac(1),
            destination: mac(2),
            vlan: 7,
            ethertype: 0x0806,
        };
        let field = |name, value| Field { name, value };
        let asked = [
            field("arp.opcode", Value::Code(1, "request")),
            field("arp.src.hw_mac", Value::Mac(mac(1))),
        ];
        let said = |asked| Said {
            ts: Timestamp::from_secs(5),
            between: Between::Link(link),
            from_orig: true,
            protocol: Protocol::Arp,
            what: "request",
            outcome: Outcome::Refused(70_000),
            latency_ns: None,
            asked,
            answered: &[],
        };
        let mut builder = SaidBuilder::new(ServiceId::from_bytes([1; 16]));
        for _again in 0..2 {
            builder.append(&said(&asked));
            builder.append(&said(&[]));
            let rows = builder.finish_record_batch(Sequence::new(1)).unwrap();
            let column = rows.column_by_name("asked").unwrap().as_list::<i32>();
            assert_eq!((column.value_length(0), column.value_length(1)), (2, 0));
            let first = column.value(0);
            let first = first.as_struct();
            let texts = first.column(1).as_string::<i32>();
            assert_eq!(
                (texts.value(0), texts.value(1)),
                ("1 request", "02:00:00:00:00:01")
            );
            let numbers = first.column(2).as_primitive::<Int64Type>();
            assert!(numbers.value(0) == 1 && numbers.is_null(1));
        }
    }
}
