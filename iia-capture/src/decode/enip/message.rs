//! Messages of CIP: a service at a path, and the answer with its status (CIP Volume 1, 2-4).

use iia_core::observe::Value;

use super::path::{self, Target};
use super::template::Help;
use super::{common, connection, names, pccc, tag, template};
use crate::decode::{Fields, Reader};

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// The service.
    pub service: u8,
    /// Words of the path, as the message says.
    pub words: u8,
    /// The path, as far as it is there.
    pub path: &'a [u8],
    /// Where it leads to.
    pub target: Target,
    /// What is behind it.
    pub data: &'a [u8],
    /// Whether the path is all there and could be read.
    pub sound: bool,
}

/// An answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'a> {
    /// The service, without the bit that says it is an answer.
    pub service: u8,
    /// The general status.
    pub status: u8,
    /// The words of additional status.
    pub additional: &'a [u8],
    /// What is behind them.
    pub data: &'a [u8],
}

/// Whether a message is an answer.
pub(super) fn is_reply(bytes: &[u8]) -> Option<bool> {
    bytes.first().map(|service| service & 0x80 != 0)
}

impl<'a> Request<'a> {
    /// Reads a request; `None` where it has not even a path's length.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (service, words) = (reader.u8()?, reader.u8()?);
        let len = usize::from(words) * 2;
        let there = reader.len() >= len;
        let path = reader.take(len.min(reader.len()))?;
        let (target, readable) = path::target(path);
        Some(Self {
            service,
            words,
            path,
            target,
            data: reader.rest(),
            sound: there && readable,
        })
    }

    /// What is asked for, in words.
    pub(crate) fn what(&self) -> &'static str {
        let class = self.target.class.unwrap_or(0);
        if (class, self.service) == (names::class::PCCC, pccc::EXECUTE)
            && let Some(name) = pccc::name(self.data)
        {
            return name;
        }
        let tag = || {
            self.target
                .is_tag()
                .then(|| names::tag_service(self.service))
        };
        names::common_service(self.service)
            .or_else(|| tag().flatten())
            .or_else(|| names::class_service(class, self.service))
            .unwrap_or_else(|| names::service_range(self.service))
    }

    /// Its fields; tells whether it keeps the rules.
    pub(crate) fn fields(&self, fields: &mut Fields<'a>, help: &'a Help) -> bool {
        service(fields, self.service, self.what(), false);
        fields.uint("cip.request_path_size", self.words);
        let readable = path::fields(fields, self.path);
        let class = self.target.class.unwrap_or(0);
        let sound = match self.service {
            0x01..=0x1c => common::asked(fields, self),
            _ if self.target.is_tag() => tag::asked(fields, self, help),
            _ if class == names::class::CONNECTION_MANAGER => connection::asked(fields, self),
            _ if class == names::class::TEMPLATE => template::asked(fields, self),
            pccc::EXECUTE if class == names::class::PCCC => pccc::asked(fields, self.data),
            _ => {
                rest(fields, self.data);
                true
            }
        };
        sound && readable && self.sound
    }
}

impl<'a> Reply<'a> {
    /// Reads an answer; `None` where its status is not whole.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (service, _reserved) = (reader.u8()?, reader.u8()?);
        let (status, words) = (reader.u8()?, reader.u8()?);
        Some(Self {
            service: service & 0x7f,
            status,
            additional: reader.take(usize::from(words) * 2)?,
            data: reader.rest(),
        })
    }

    /// Whether it brings what was asked for, or a first part of it.
    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 0 | 6)
    }

    /// Its fields; what they mean depends on what was asked. Tells whether it keeps the rules.
    pub(crate) fn fields(
        &self,
        fields: &mut Fields<'a>,
        request: Option<&Request<'_>>,
        help: &'a Help,
    ) -> bool {
        let what = match request {
            Some(request) => request.what(),
            None => names::common_service(self.service)
                .unwrap_or_else(|| names::service_range(self.service)),
        };
        service(fields, self.service | 0x80, what, true);
        let word = names::general_status(self.status);
        fields.code("cip.genstat", self.status, word);
        let class = request.and_then(|request| request.target.class);
        self.additional(fields, class, request);
        let Some(request) = request else {
            return common::answered(fields, self, None);
        };
        match self.service {
            0x01..=0x1c => common::answered(fields, self, Some(request)),
            _ if request.target.is_tag() => tag::answered(fields, (self, request), help),
            _ if class == Some(names::class::CONNECTION_MANAGER) => {
                connection::answered(fields, self)
            }
            _ if class == Some(names::class::TEMPLATE) => {
                template::answered(fields, (self, request), help.members);
                true
            }
            pccc::EXECUTE if class == Some(names::class::PCCC) => {
                pccc::answered(fields, self.data, request.data)
            }
            _ => {
                rest(fields, self.data);
                true
            }
        }
    }

    fn additional(
        &self,
        fields: &mut Fields<'a>,
        class: Option<u32>,
        request: Option<&Request<'_>>,
    ) {
        fields.uint("cip.addstat_size", (self.additional.len() / 2) as u64);
        let tag = request.is_some_and(|request| request.target.is_tag());
        let mut reader = Reader::new(self.additional);
        while let Some(number) = reader.le16() {
            let word = match (class, self.status) {
                (Some(names::class::CONNECTION_MANAGER), 1) => names::connection_status(number),
                (_, 0xff) if tag => names::tag_status(number),
                _ => None,
            };
            fields.code("cip.addstat", number, word);
        }
    }
}

fn service(fields: &mut Fields<'_>, service: u8, what: &'static str, reply: bool) {
    fields.uint("cip.service", service);
    fields.add("cip.rr", Value::Bool(reply));
    fields.code("cip.sc", service & 0x7f, Some(what));
}

/// Bytes that are told as they are.
pub(super) fn rest<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    if !bytes.is_empty() {
        fields.add("cip.data", Value::Bytes(bytes));
    }
}
