//! The readable form of an event's fields: a JSON list of pairs, with one way to write each.

use alloc::format;
use alloc::string::String;

use iia_core::event::Field;

/// `[["key","value"],…]` without white space; only what JSON makes escape is escaped (RFC 8785).
pub(super) fn fields(fields: &[Field]) -> String {
    let mut text = String::from("[");
    for (at, field) in fields.iter().enumerate() {
        text.push_str(if at == 0 { "[" } else { ",[" });
        push(&mut text, &field.key);
        text.push(',');
        push(&mut text, &field.value);
        text.push(']');
    }
    text.push(']');
    text
}

fn push(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            '\0'..='\u{1f}' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => text.push(letter),
        }
    }
    text.push('"');
}
