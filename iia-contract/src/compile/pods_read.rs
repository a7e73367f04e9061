//! What both dialects of network policies have in common when they are read.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde_json::Value;

use super::pods::{ANNOTATION, LABEL_WORKLOAD, LABEL_ZONE, NAMESPACE, Pod, PodRule};
use super::policy::{Policy, ReadError, json, parted};

/// Reads a list of objects: the one that shuts everything, and one rule an object; whatever else is there is foreign.
pub(super) fn read<E: Ord>(
    loaded: &[u8],
    (kind, shut): (&str, &Value),
    rule: impl Fn(&Value) -> Option<PodRule>,
    element: impl Fn(PodRule) -> E,
) -> Result<Policy<E>, ReadError> {
    const WHAT: &str = "a list of network policies";
    let list = json(loaded, WHAT)?;
    let items = list.get("items").and_then(Value::as_array);
    let mut policy = Policy::default();
    let mut is_shut = false;
    for item in items.ok_or(ReadError::Malformed(WHAT))? {
        let metadata = |key: &str| item.get("metadata").and_then(|data| data.get(key));
        let ours = metadata("namespace").and_then(Value::as_str) == Some(NAMESPACE)
            && item.get("kind").and_then(Value::as_str) == Some(kind);
        let spec = item.get("spec").filter(|_| ours).unwrap_or(&Value::Null);
        if spec == shut {
            is_shut = true;
        } else if let Some(rule) = rule(spec) {
            let ids = metadata("annotations").and_then(|all| all.get(ANNOTATION)?.as_str());
            let known = policy.allowed.entry(element(rule)).or_default();
            known.extend(parted(ids.unwrap_or_default()));
        } else {
            policy.foreign.insert(foreign(item));
        }
    }
    if !is_shut {
        policy
            .foreign
            .insert("nothing shuts what no policy names".into());
    }
    Ok(policy)
}

fn foreign(item: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("?").to_string();
    let metadata = |key: &str| text(item.get("metadata").and_then(|data| data.get(key)));
    let spec = item
        .get("spec")
        .map(ToString::to_string)
        .unwrap_or_default();
    format!(
        "{} {}/{}: {spec}",
        text(item.get("kind")),
        metadata("namespace"),
        metadata("name")
    )
}

/// The only member of a list.
pub(super) fn only(value: Option<&Value>) -> Option<&Value> {
    let items: &Vec<Value> = value?.as_array()?;
    items.first().filter(|_| items.len() == 1)
}

/// An object with these keys and no others.
pub(super) fn with<'v>(value: Option<&'v Value>, keys: &[&str]) -> Option<&'v Value> {
    let object = value?.as_object()?;
    let same = object.len() == keys.len() && keys.iter().all(|key| object.contains_key(*key));
    value.filter(|_| same)
}

/// The pod that a selector selects.
pub(super) fn pod(selector: Option<&Value>) -> Option<Pod> {
    let labels = with(
        with(selector, &["matchLabels"])?.get("matchLabels"),
        &[LABEL_ZONE, LABEL_WORKLOAD],
    )?;
    let text = |key| labels.get(key)?.as_str().map(String::from);
    Some(Pod {
        zone: text(LABEL_ZONE)?,
        workload: text(LABEL_WORKLOAD)?,
    })
}
