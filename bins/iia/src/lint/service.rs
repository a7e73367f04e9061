//! The rules of one service: C.2 and C.3 of the paper (000:329-342).

use super::compose::tell;
use super::image::{Pin, pin};
use super::tree::{Node, Value};
use super::{Finding, Strictness};

/// The lowest user id (above 1000).
const USER_MIN: u64 = 1001;
/// The label that names the contract by which ports are open.
const CONTRACT: &str = "iia.contract";
/// What belongs into a service and is often indented wrongly.
pub(super) const KEYS: [&str; 5] = ["environment", "image", "ports", "user", "volumes"];
/// Settings that share the host with a container.
const HOST: [&str; 5] = ["ipc", "network_mode", "pid", "userns_mode", "uts"];

pub(super) fn judge(name: &str, node: &Node, strictness: Strictness, found: &mut Vec<Finding>) {
    let judges = [user, ports, environment, privileges, mounts, hardening];
    image(name, node, strictness, found);
    judges.iter().for_each(|judge| judge(name, node, found));
}

/// L004 to L007: the image is there, and cannot be moved.
fn image(name: &str, node: &Node, strictness: Strictness, found: &mut Vec<Finding>) {
    if let Some(build) = node.get("build") {
        let help = "build elsewhere, sign, and name the digest";
        tell(
            found,
            build.line,
            "L004",
            format!("service `{name}` is built where it runs"),
            help,
        );
    }
    let Some(image) = node.get("image") else {
        return tell(
            found,
            node.line,
            "L004",
            format!("service `{name}` names no image"),
            "add `image`",
        );
    };
    let reference = image.text();
    let (code, help) = match pin(reference) {
        Pin::Digest => return,
        Pin::Version if !strictness.digests_only => return,
        Pin::Version => ("L006", "a tag can be moved; write @sha256:…"),
        Pin::Floating => ("L005", "write a full version such as :2.0.18, or @sha256:…"),
        Pin::BadDigest => (
            "L007",
            "a digest is sha256: and 64 lower-case hexadecimal digits",
        ),
    };
    tell(
        found,
        image.line,
        code,
        format!("image `{reference}` of service `{name}` is not pinned"),
        help,
    );
}

/// L008: nobody's root.
fn user(name: &str, node: &Node, found: &mut Vec<Finding>) {
    let user = node.get("user");
    let id = user.map(Node::text).and_then(|text| text.split(':').next());
    let id: Option<u64> = id.and_then(|id| id.parse().ok());
    if id.is_none_or(|id| id < USER_MIN) {
        let line = user.map_or(node.line, |user| user.line);
        let said = user.map_or("nobody in particular", Node::text);
        let message = format!("service `{name}` runs as {said}");
        tell(
            found,
            line,
            "L008",
            message,
            "write `user: \"2001:2001\"`, a number above 1000",
        );
    }
}

/// L009: no port by default.
fn ports(name: &str, node: &Node, found: &mut Vec<Finding>) {
    let Some(ports) = node.get("ports").filter(|ports| !ports.items().is_empty()) else {
        return;
    };
    if !contracted(node) {
        let message = format!("service `{name}` publishes ports that no contract names");
        tell(
            found,
            ports.line,
            "L009",
            message,
            "take them out, or add the label iia.contract with the contract's id",
        );
    }
}

fn contracted(node: &Node) -> bool {
    let Some(labels) = node.get("labels") else {
        return false;
    };
    let id = |text: &str| text.starts_with("iia.contract.");
    let listed = |item: &Node| {
        item.text()
            .split_once('=')
            .is_some_and(|(key, value)| key == CONTRACT && id(value))
    };
    labels.get(CONTRACT).is_some_and(|value| id(value.text())) || labels.items().iter().any(listed)
}

/// L010, L011: a list or a mapping, and no secret in it.
fn environment(name: &str, node: &Node, found: &mut Vec<Finding>) {
    let Some(environment) = node.get("environment") else {
        return;
    };
    if let Value::Text(_) = environment.value {
        let message = format!("environment of service `{name}` is a text");
        return tell(
            found,
            environment.line,
            "L010",
            message,
            "write `- KEY=value` or `KEY: value`",
        );
    }
    let pairs = environment
        .entries()
        .iter()
        .map(|(key, value)| (key.as_str(), value.text(), value.line));
    let items = environment.items().iter().map(|item| {
        let (key, value) = item.text().split_once('=').unwrap_or((item.text(), ""));
        (key, value, item.line)
    });
    for (key, value, line) in pairs.chain(items) {
        if is_secret(key) && !value.is_empty() {
            let message = format!("`{key}` of service `{name}` looks like a secret");
            tell(
                found,
                line,
                "L011",
                message,
                "name a file: KEY_FILE=/run/secrets/…",
            );
        }
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let named = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "PRIVATE_KEY",
        "API_KEY",
    ];
    named.iter().any(|word| key.contains(word)) && !key.ends_with("_FILE")
}

/// L012: nothing of the host's.
fn privileges(name: &str, node: &Node, found: &mut Vec<Finding>) {
    let help = "a workload has what its contract needs and nothing of the host";
    if let Some(node) = node.get("privileged").filter(|node| node.text() == "true") {
        tell(
            found,
            node.line,
            "L012",
            format!("service `{name}` is privileged"),
            help,
        );
    }
    for key in HOST {
        if let Some(node) = node.get(key).filter(|node| node.text() == "host") {
            tell(
                found,
                node.line,
                "L012",
                format!("service `{name}` shares `{key}` with the host"),
                help,
            );
        }
    }
    let added = node.get("cap_add").map_or(&[][..], Node::items);
    for capability in added.iter().filter(|item| item.text() != "NET_RAW") {
        let message = format!("service `{name}` is given {}", capability.text());
        tell(
            found,
            capability.line,
            "L012",
            message,
            "only a collector needs one, NET_RAW",
        );
    }
}

/// L013: no way back into the host.
fn mounts(name: &str, node: &Node, found: &mut Vec<Finding>) {
    for item in node.get("volumes").map_or(&[][..], Node::items) {
        let source = item.get("source").map_or_else(|| item.text(), Node::text);
        let source = source.split(':').next().unwrap_or_default();
        let engine = source.ends_with("docker.sock") || source.ends_with("podman.sock");
        if engine || matches!(source, "/" | "/etc" | "/proc" | "/sys" | "/dev") {
            let message = format!("service `{name}` mounts {source}");
            tell(
                found,
                item.line,
                "L013",
                message,
                "mount one directory that is its own",
            );
        }
    }
}

/// L014: the lock that costs nothing. A manifest that says none of it is older than the rule and gets one finding.
fn hardening(name: &str, node: &Node, found: &mut Vec<Finding>) {
    let has = |key: &str, want: &str| {
        node.get(key).is_some_and(|node| {
            let text = node.text().to_ascii_uppercase();
            let mut items = node
                .items()
                .iter()
                .map(|item| item.text().to_ascii_uppercase());
            text == want || items.any(|item| item == want)
        })
    };
    let missing = [
        ("read_only: true", has("read_only", "TRUE")),
        ("cap_drop: [ALL]", has("cap_drop", "ALL")),
        (
            "security_opt: [no-new-privileges:true]",
            has("security_opt", "NO-NEW-PRIVILEGES:TRUE"),
        ),
    ];
    let missing: Vec<&str> = missing
        .iter()
        .filter(|(_, there)| !there)
        .map(|(line, _)| *line)
        .collect();
    if !missing.is_empty() {
        let message = format!("service `{name}` does not say {}", missing.join(", "));
        tell(
            found,
            node.line,
            "L014",
            message,
            "what a workload does not need it does not have",
        );
    }
}
