//! A YAML document as a bounded tree with lines. Anchors and aliases are refused: a manifest says what it says where
//! it says it, and a small one cannot become a large one.

use saphyr_parser::{Event, Parser};

/// Bytes of a manifest at most.
const TEXT_LEN_MAX: usize = 1 << 20;
/// Levels of a manifest at most.
const DEPTH_MAX: usize = 16;

/// A node with the line it stands on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) why: String,
}

impl Node {
    /// The text; empty when it is none.
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// What stands under a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// The entries of a mapping; none when it is no mapping.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none when it is no list.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// What it is, for people.
    pub(super) const fn what(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A node that is not finished, and the key that waits for its value.
struct Open {
    node: Node,
    key: Option<String>,
}

/// Reads the only document of a text.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    if text.len() > TEXT_LEN_MAX {
        return Err(Malformed {
            line: 1,
            why: format!("longer than {TEXT_LEN_MAX} bytes"),
        });
    }
    let (mut open, mut root): (Vec<Open>, Option<Node>) = (Vec::new(), None);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Malformed {
            line: error.marker().line(),
            why: error.to_string(),
        })?;
        let line = span.start.line();
        let bad = |why: &str| Malformed {
            line,
            why: why.into(),
        };
        let node = |value| Node { line, value };
        match event {
            Event::Alias(_) => return Err(bad("an alias; write it out")),
            Event::Scalar(text, _, 0, _) => {
                close(&mut open, &mut root, node(Value::Text(text.into_owned())))?;
            }
            Event::SequenceStart(0, _) => {
                open.push(Open {
                    node: node(Value::List(Vec::new())),
                    key: None,
                });
            }
            Event::MappingStart(0, _) => {
                open.push(Open {
                    node: node(Value::Map(Vec::new())),
                    key: None,
                });
            }
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                return Err(bad("an anchor; write it out"));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let done = open
                    .pop()
                    .ok_or_else(|| bad("an end without a beginning"))?;
                close(&mut open, &mut root, done.node)?;
            }
            _ => {}
        }
        if open.len() > DEPTH_MAX {
            return Err(bad("too many levels"));
        }
    }
    root.ok_or(Malformed {
        line: 1,
        why: "empty".into(),
    })
}

/// Puts a finished node where it belongs.
fn close(open: &mut [Open], root: &mut Option<Node>, node: Node) -> Result<(), Malformed> {
    let line = node.line;
    let bad = |why: String| Err(Malformed { line, why });
    let Some(Open { node: parent, key }) = open.last_mut() else {
        return match root.replace(node) {
            None => Ok(()),
            Some(_) => bad("a second document".into()),
        };
    };
    match (&mut parent.value, key.take(), node) {
        (Value::List(items), _, node) => items.push(node),
        (Value::Map(entries), Some(name), _) if entries.iter().any(|(known, _)| *known == name) => {
            return bad(format!("`{name}` stands twice"));
        }
        (Value::Map(entries), Some(name), node) => entries.push((name, node)),
        (
            Value::Map(_),
            None,
            Node {
                value: Value::Text(name),
                ..
            },
        ) => *key = Some(name),
        _ => return bad("a key that is no text".into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_and_doubles_are_refused() {
        let deep = "[".repeat(64);
        let rows = [
            "a: &x [1]\nb: *x\n",
            "a: 1\na: 2\n",
            "",
            "a: 1\n---\nb: 2\n",
            "? [1]\n: 2\n",
            "a: [1\n",
            "\t",
            deep.as_str(),
        ];
        for text in rows {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let long = "# ".repeat(TEXT_LEN_MAX);
        assert!(parse(&long).is_err());
    }

    #[test]
    fn lines_are_those_of_the_text() {
        let root = parse("a:\n  b: 1\n  c:\n    - x\n").unwrap();
        let c = root.get("a").unwrap().get("c").unwrap();
        assert_eq!(
            c.items().first().map(|item| (item.line, item.text())),
            Some((4, "x"))
        );
    }
}
