//! Columns under construction: plain vectors that become Arrow arrays at the end of a batch.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, ListArray, StringArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use crate::schema::item;

/// Distinct words kept over batches; beyond it the dictionary starts anew with the next batch.
const WORDS_MAX: usize = 4096;

/// A dictionary column whose words are made from keys of type `K`.
#[derive(Debug)]
pub(crate) struct Words<K> {
    known: HashMap<K, i32>,
    last: Option<(K, i32)>,
    texts: Vec<String>,
    keys: Vec<Option<i32>>,
}

impl<K> Default for Words<K> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            last: None,
            texts: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Words<K> {
    /// Adds a word; `text` is asked for when it is new.
    pub(crate) fn push(&mut self, key: K, text: impl FnOnce() -> String) {
        let index = match &self.last {
            Some((last, index)) if *last == key => *index,
            _ => self.index(key, text),
        };
        self.keys.push(Some(index));
    }

    fn index(&mut self, key: K, text: impl FnOnce() -> String) -> i32 {
        let texts = &mut self.texts;
        let index = *self.known.entry(key.clone()).or_insert_with(|| {
            texts.push(text());
            i32::try_from(texts.len() - 1).unwrap_or(i32::MAX)
        });
        self.last = Some((key, index));
        index
    }

    /// Adds nothing.
    pub(crate) fn push_null(&mut self) {
        self.keys.push(None);
    }

    /// The column; the words stay known.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys: Int32Array = std::mem::take(&mut self.keys).into_iter().collect();
        let texts: StringArray = self.texts.iter().map(Some).collect();
        if self.texts.len() > WORDS_MAX {
            *self = Self::default();
        }
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
            keys,
            Arc::new(texts),
        )?))
    }
}

impl Words<String> {
    /// Adds the word when it is the same as the one before; tells whether it was.
    pub(crate) fn repeats(&mut self, word: &str) -> bool {
        match &self.last {
            Some((last, index)) if last == word => {
                self.keys.push(Some(*index));
                true
            }
            _ => false,
        }
    }
}

/// A column of lists of integers.
#[derive(Debug)]
pub(crate) struct Lists {
    values: Vec<i32>,
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            offsets: vec![0],
            valid: Vec::new(),
        }
    }
}

impl Lists {
    /// Adds a list; `None` for no list at all.
    pub(crate) fn push(&mut self, list: Option<impl Iterator<Item = u16>>) {
        self.valid.push(list.is_some());
        self.values
            .extend(list.into_iter().flatten().map(i32::from));
        self.offsets
            .push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
    }

    /// The column.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let Self {
            values,
            offsets,
            valid,
        } = std::mem::take(self);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let valid = Some(NullBuffer::from(valid));
        Ok(Arc::new(ListArray::try_new(
            item(),
            offsets,
            Arc::new(Int32Array::from(values)),
            valid,
        )?))
    }
}
