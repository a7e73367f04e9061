//! What proves a slice as a text in JSON, for whoever verifies it elsewhere.

use serde_json::{Map, Value};

use iia_core::Digest;

use super::seal::Seal;
use super::slice::{Part, Slice};
use super::tree::{LEAVES_MAX, Node, Span};
use super::{FILES_MAX, RingError};

/// Bytes of a proof's text at most.
pub const PROOF_LEN_MAX: usize = 64 * 1024 * 1024;
/// Parts of a slice at most.
pub const PARTS_MAX: usize = FILES_MAX;
const FORMAT: &str = "iia-capture-slice/1";
/// Nodes beside a part at most: two on each level, and those beside the head.
const BESIDE_MAX: usize = 64;

impl Slice {
    /// The proof as a text.
    pub fn to_json(&self) -> String {
        let parts = self.parts.iter().map(part_value).collect();
        object([
            ("format", FORMAT.into()),
            ("from", self.from.into()),
            ("to", self.to.into()),
            ("parts", Value::Array(parts)),
        ])
        .to_string()
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// [`RingError::Proof`] where the text is anything else.
    pub fn from_json(text: &str) -> Result<Self, RingError> {
        let wrong = |what| RingError::Proof { what };
        if text.len() > PROOF_LEN_MAX {
            return Err(wrong("it is too long"));
        }
        let value: Value = serde_json::from_str(text).map_err(|_| wrong("it is no JSON"))?;
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(wrong("it has another format"));
        }
        let parts = value
            .get("parts")
            .and_then(Value::as_array)
            .filter(|parts| parts.len() <= PARTS_MAX)
            .ok_or_else(|| wrong("it has no parts"))?;
        let parts: Option<Vec<Part>> = parts.iter().map(part).collect();
        let time = |key| value.get(key).and_then(Value::as_i64);
        Ok(Self {
            from: time("from").ok_or_else(|| wrong("it has no beginning"))?,
            to: time("to").ok_or_else(|| wrong("it has no end"))?,
            parts: parts.ok_or_else(|| wrong("a part is none"))?,
        })
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn part_value(part: &Part) -> Value {
    object([
        ("seal", seal_value(&part.seal)),
        ("first", part.first.into()),
        ("lens", part.lens.iter().copied().map(Value::from).collect()),
        ("beside", part.beside.iter().map(node_value).collect()),
    ])
}

fn part(value: &Value) -> Option<Part> {
    let array = |key| value.get(key).and_then(Value::as_array);
    let lens = array("lens").filter(|lens| lens.len() <= LEAVES_MAX)?;
    let nodes = array("beside").filter(|nodes| nodes.len() <= BESIDE_MAX)?;
    Some(Part {
        seal: seal(value.get("seal")?)?,
        first: short(value, "first")?,
        lens: lens
            .iter()
            .map(|len| u32::try_from(len.as_u64()?).ok())
            .collect::<Option<_>>()?,
        beside: nodes.iter().map(node).collect::<Option<_>>()?,
    })
}

fn seal_value(seal: &Seal) -> Value {
    object([
        ("number", seal.number.into()),
        ("len", seal.len.into()),
        ("packets", seal.packets.into()),
        ("lost", seal.lost.into()),
        ("first", seal.span.first.into()),
        ("last", seal.span.last.into()),
        ("leaves", seal.leaves.into()),
        ("recovered", seal.recovered.into()),
        ("root", seal.root.to_string().into()),
        ("previous", seal.previous.to_string().into()),
    ])
}

fn seal(value: &Value) -> Option<Seal> {
    let long = |key| value.get(key).and_then(Value::as_u64);
    Some(Seal {
        number: long("number")?,
        len: long("len")?,
        packets: long("packets")?,
        lost: long("lost")?,
        span: span(value)?,
        leaves: short(value, "leaves")?,
        recovered: value.get("recovered")?.as_bool()?,
        root: digest(value, "root")?,
        previous: digest(value, "previous")?,
    })
}

fn node_value(node: &Node) -> Value {
    object([
        ("first", node.span.first.into()),
        ("last", node.span.last.into()),
        ("digest", node.digest.to_string().into()),
    ])
}

fn node(value: &Value) -> Option<Node> {
    Some(Node {
        span: span(value)?,
        digest: digest(value, "digest")?,
    })
}

fn span(value: &Value) -> Option<Span> {
    Some(Span {
        first: value.get("first")?.as_i64()?,
        last: value.get("last")?.as_i64()?,
    })
}

fn short(value: &Value, key: &str) -> Option<u32> {
    u32::try_from(value.get(key)?.as_u64()?).ok()
}

fn digest(value: &Value, key: &str) -> Option<Digest> {
    value.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::seal::tests::sealed;
    use super::*;

    #[test]
    fn a_proof_is_read_back_and_anything_else_is_none() {
        let (seal, rows) = sealed(9);
        let beside = rows.iter().map(|row| row.node).collect();
        let slice = Slice {
            from: i64::MIN,
            to: i64::MAX,
            parts: vec![Part {
                seal,
                first: 3,
                lens: vec![92, 4_000],
                beside,
            }],
        };
        let text = slice.to_json();
        assert_eq!(Slice::from_json(&text).unwrap(), slice);
        for cut in 0..text.len() {
            assert!(
                text.get(..cut)
                    .is_none_or(|cut| Slice::from_json(cut).is_err())
            );
        }
        for (from, to) in [
            ("slice/1", "slice/2"),
            ("\"first\":3", "\"first\":-1"),
            ("\"lens\":[92", "\"lens\":[92.5"),
            ("b3:", "sha256:"),
            ("\"recovered\":true", "\"recovered\":1"),
            ("\"parts\":[", "\"part\":["),
            ("4000", "4294967296"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(Slice::from_json(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
