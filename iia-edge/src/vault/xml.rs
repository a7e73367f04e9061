//! Replies of a store, read as elements and their texts; a store may send anything.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::VaultError;

/// Bytes of a reply at most.
pub const XML_LEN_MAX: usize = 4 * 1024 * 1024;
/// Elements within elements at most.
pub const DEPTH_MAX: usize = 8;
/// Bytes of a text at most.
pub const TEXT_LEN_MAX: usize = 4096;

/// Calls `take` with the path of every element and its text, when it ends.
///
/// # Errors
/// [`VaultError::BadReply`] for what is no XML, has a document type, is too long or too deep.
pub fn walk(xml: &[u8], mut take: impl FnMut(&[String], &str)) -> Result<(), VaultError> {
    let wrong = VaultError::BadReply { what: "document" };
    let text = std::str::from_utf8(xml).map_err(|_| wrong.clone())?;
    if xml.len() > XML_LEN_MAX {
        return Err(wrong);
    }
    let mut reader = Reader::from_str(text);
    let (mut path, mut value, mut roots) = (Vec::new(), String::new(), 0);
    loop {
        let event = reader.read_event().map_err(|_| wrong.clone())?;
        match event {
            Event::Start(start) => {
                roots += usize::from(path.is_empty());
                path.push(start.local_name().as_ref().to_owned());
                value.clear();
            }
            Event::Empty(start) => {
                roots += usize::from(path.is_empty());
                path.push(start.local_name().as_ref().to_owned());
                take(&path, "");
                path.pop();
            }
            Event::End(_) => {
                take(&path, value.trim());
                path.pop();
                value.clear();
            }
            Event::Text(part) => value.push_str(&part.xml10_content()),
            Event::CData(part) => value.push_str(&part.xml10_content()),
            Event::GeneralRef(name) => value.push(character(&name).ok_or(wrong.clone())?),
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof => break,
            _ => return Err(wrong),
        }
        if path.len() > DEPTH_MAX || value.len() > TEXT_LEN_MAX {
            return Err(wrong);
        }
    }
    (path.is_empty() && roots == 1).then_some(()).ok_or(wrong)
}

/// The character behind a reference: a number, or one of the five names of XML; no document defines others here.
fn character(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match name.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.resolve_char_ref().ok().flatten(),
    }
}
