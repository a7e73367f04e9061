//! Columns under construction: plain vectors that become Arrow arrays at the end of a batch without being copied.

use std::hash::Hash;
use std::mem;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, ArrowPrimitiveType, DictionaryArray, Int32Array, ListArray};
use arrow_array::{PrimitiveArray, StringArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use hashbrown::HashMap;
use iia_core::observe::{Span, Values};

use crate::schema::item;

/// Distinct words kept over batches; beyond it the dictionary starts anew with the next batch.
const WORDS_MAX: usize = 4096;

/// A column of numbers that may be missing.
#[derive(Debug)]
pub(crate) struct Numbers<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    valid: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            valid: NullBufferBuilder::new(0),
        }
    }
}

impl<T: ArrowPrimitiveType> Numbers<T> {
    #[inline]
    pub(crate) fn push(&mut self, number: Option<T::Native>) {
        self.values.push(number.unwrap_or_default());
        self.valid.append(number.is_some());
    }

    /// The column; the next one has room for as many.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        let values = ScalarBuffer::from(emptied(&mut self.values));
        Arc::new(PrimitiveArray::<T>::new(values, self.valid.finish()))
    }
}

/// Takes what is in a vector and leaves one with as much room.
pub(crate) fn emptied<T>(column: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(column.len());
    mem::replace(column, room)
}

/// A dictionary column whose words are made from keys of type `K`.
#[derive(Debug)]
pub(crate) struct Words<K> {
    known: HashMap<K, i32>,
    last: Option<(K, i32)>,
    texts: Vec<String>,
    /// The words as Arrow has them, until a new one comes.
    built: Option<Arc<StringArray>>,
    keys: Numbers<Int32Type>,
}

impl<K> Default for Words<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            last: None,
            texts: Vec::new(),
            built: None,
            keys: Numbers::default(),
        }
    }
}

impl<K: Clone + Eq + Hash> Words<K> {
    /// Adds a word; `text` is asked for when it is new.
    #[inline]
    pub(crate) fn push(&mut self, key: K, text: impl FnOnce() -> String) {
        let index = match &self.last {
            Some((last, index)) if *last == key => *index,
            _ => {
                let known = self.known.get(&key).copied();
                let index = known.unwrap_or_else(|| self.learn(key.clone(), text()));
                self.last = Some((key, index));
                index
            }
        };
        self.keys.push(Some(index));
    }

    fn learn(&mut self, key: K, text: String) -> i32 {
        let index = i32::try_from(self.texts.len()).unwrap_or(i32::MAX);
        self.texts.push(text);
        self.known.insert(key, index);
        self.built = None;
        index
    }

    /// Adds nothing.
    #[inline]
    pub(crate) fn push_null(&mut self) {
        self.keys.push(None);
    }

    /// The column; the words stay known.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let texts = &self.texts;
        let built = self.built.get_or_insert_with(|| {
            Arc::new(StringArray::from_iter_values(
                texts.iter().map(String::as_str),
            ))
        });
        let values = Arc::clone(built);
        let keys = ScalarBuffer::from(emptied(&mut self.keys.values));
        let keys = Int32Array::try_new(keys, self.keys.valid.finish())?;
        if self.texts.len() > WORDS_MAX {
            *self = Self::default();
        }
        Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
    }
}

impl Words<String> {
    /// Adds a word, or nothing; copies it only when it is new.
    #[inline]
    pub(crate) fn push_word(&mut self, word: Option<&str>) {
        let Some(word) = word else {
            return self.push_null();
        };
        let index = match self.known.get(word) {
            Some(index) => *index,
            None => self.learn(word.to_owned(), word.to_owned()),
        };
        self.keys.push(Some(index));
    }
}

/// A column of lists of integers.
#[derive(Debug)]
pub(crate) struct Lists {
    values: Vec<i32>,
    offsets: Vec<i32>,
    valid: NullBufferBuilder,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            offsets: vec![0],
            valid: NullBufferBuilder::new(0),
        }
    }
}

impl Lists {
    /// Adds the values of a span as they lie in the packet; no list at all where none were seen.
    #[inline]
    pub(crate) fn push(&mut self, span: Option<&Span<'_>>) {
        let seen = span.filter(|span| span.values != Values::None);
        self.valid.append(seen.is_some());
        if let Some(span) = seen {
            self.extend(span);
        }
        self.offsets
            .push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
    }

    #[inline]
    fn extend(&mut self, span: &Span<'_>) {
        let count = span.count as usize;
        match span.values {
            Values::None => {}
            Values::Words(bytes) => {
                let word = |pair: &[u8; 2]| i32::from(u16::from_be_bytes(*pair));
                let words = bytes.as_chunks().0;
                self.values.extend(words.iter().take(count).map(word));
            }
            Values::Bits(bytes) => {
                let mut left = count;
                for byte in bytes {
                    let bit = |shift: usize| i32::from(byte >> shift & 1);
                    self.values.extend((0..left.min(8)).map(bit));
                    left -= left.min(8);
                }
            }
        }
    }

    /// The column; the next one has room for as many.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = Int32Array::from(emptied(&mut self.values));
        let offsets = emptied(&mut self.offsets);
        self.offsets.push(0);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let valid = self.valid.finish();
        Ok(Arc::new(ListArray::try_new(
            item(),
            offsets,
            Arc::new(values),
            valid,
        )?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array as _;
    use arrow_array::cast::AsArray as _;
    use iia_core::observe::Table;

    #[test]
    fn lists_hold_what_the_span_says() {
        let span = |count, values| Span {
            table: Table::Coil,
            addr: 0,
            count,
            values,
        };
        let spans = [
            Some(span(10, Values::Bits(&[0b1010_0001, 0b10]))),
            None,
            Some(span(2, Values::Words(&[1, 2, 3, 4, 5]))),
            Some(span(3, Values::None)),
            Some(span(9, Values::Words(&[0, 7]))),
        ];
        let mut lists = Lists::default();
        for _again in 0..2 {
            spans.iter().for_each(|span| lists.push(span.as_ref()));
            let column = lists.finish().unwrap();
            let column = column.as_list::<i32>();
            for (row, span) in spans.iter().enumerate() {
                let seen = span.filter(|span| span.values != Values::None);
                assert_eq!(column.is_valid(row), seen.is_some(), "{row}");
                let want: Vec<i32> = span.iter().flat_map(Span::iter).map(i32::from).collect();
                assert_eq!(
                    column.value(row).as_primitive::<Int32Type>().values(),
                    &want
                );
            }
        }
    }

    #[test]
    fn words_are_kept_over_batches_and_stay_bounded() {
        let mut words = Words::<String>::default();
        for batch in 0..3 {
            for number in 0..=WORDS_MAX {
                words.push_word(Some(&format!("{batch} {number}")));
            }
            words.push_word(None);
            words.push_word(Some(&format!("{batch} 0")));
            let column = words.finish().unwrap();
            let column = column.as_dictionary::<Int32Type>();
            assert_eq!(
                (column.values().len(), column.null_count()),
                (WORDS_MAX + 1, 1)
            );
            assert_eq!(column.keys().value(WORDS_MAX + 2), 0);
        }
    }
}
