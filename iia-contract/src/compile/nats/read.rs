//! From a configuration of the server to what it lets whom do.

use alloc::format;
use alloc::string::{String, ToString as _};

use super::Permission;
use super::conf::{Conf, parse};
use crate::compile::grant::Access;
use crate::compile::policy::{Policy, ReadError, parted, text};

const WHAT: &str = "a configuration of nats-server";

/// Other ways by which somebody would be let in.
const WAYS_IN: [&str; 6] = [
    "accounts",
    "no_auth_user",
    "operator",
    "resolver",
    "trusted_keys",
    "include",
];

pub(super) fn read(loaded: &[u8]) -> Result<Policy<Permission>, ReadError> {
    let conf = parse(text(loaded, WHAT)?).ok_or(ReadError::Malformed(WHAT))?;
    let Conf::Map(fields) = &conf else {
        return Err(ReadError::Malformed(WHAT));
    };
    let mut policy = Policy::default();
    for (key, value) in fields {
        if key.eq_ignore_ascii_case("authorization") {
            authorization(value, &mut policy);
        } else if WAYS_IN.iter().any(|way| key.eq_ignore_ascii_case(way)) {
            policy
                .foreign
                .insert(format!("{key} {}", value.text().unwrap_or_default()));
        }
    }
    if conf.get("authorization").is_none() {
        policy
            .foreign
            .insert("no authorization: everybody may do everything".into());
    }
    Ok(policy)
}

fn authorization(conf: &Conf, policy: &mut Policy<Permission>) {
    let Conf::Map(fields) = conf else {
        policy.foreign.insert("authorization without users".into());
        return;
    };
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("users", Conf::List(users)) => users.iter().for_each(|(_, user)| one(user, policy)),
            ("timeout", _) => {}
            _ => drop(policy.foreign.insert(format!("authorization: {key}"))),
        }
    }
}

/// What is said of one client; whatever is not said, it may.
fn one(conf: &Conf, policy: &mut Policy<Permission>) {
    let user = conf.get("user").and_then(Conf::text);
    let user = user.map_or_else(
        || "a client without a name".to_string(),
        ToString::to_string,
    );
    let Some(permissions) = conf.get("permissions") else {
        policy.foreign.insert(format!("{user} may do everything"));
        return;
    };
    if let Conf::Map(fields) = permissions {
        let known = |key: &str| key == "publish" || key == "subscribe";
        let others = fields.iter().filter(|(key, _)| !known(key));
        let others = others.map(|(key, _)| format!("{user}: {key}"));
        policy.foreign.extend(others);
    }
    for (verb, access) in [
        ("publish", Access::Publish),
        ("subscribe", Access::Subscribe),
    ] {
        match permissions.get(verb) {
            None => drop(
                policy
                    .foreign
                    .insert(format!("{user} may {access} everything")),
            ),
            Some(said) => rights(&user, access, said, policy),
        }
    }
}

fn rights(user: &str, access: Access, said: &Conf, policy: &mut Policy<Permission>) {
    let denied = said.get("deny");
    let allowed = match said {
        Conf::Map(_) => said.get("allow"),
        whole => Some(whole),
    };
    match denied.map(Conf::text) {
        None if allowed.is_none() => drop(
            policy
                .foreign
                .insert(format!("{user} may {access} everything")),
        ),
        None => {}
        Some(Some(">")) if allowed.is_none() => {}
        Some(what) => {
            let what = what.unwrap_or("a list");
            policy
                .foreign
                .insert(format!("{user} may not {access} {what}"));
        }
    }
    match allowed {
        Some(Conf::List(items)) => {
            for (comment, item) in items {
                allow(user, access, (item, comment), policy);
            }
        }
        Some(item) => allow(user, access, (item, ""), policy),
        None => {}
    }
}

fn allow(
    user: &str,
    access: Access,
    (item, comment): (&Conf, &str),
    policy: &mut Policy<Permission>,
) {
    let Some(subject) = item.text() else {
        return;
    };
    let permission = Permission {
        user: user.to_string(),
        access,
        subject: String::from(subject),
    };
    policy
        .allowed
        .entry(permission)
        .or_default()
        .extend(parted(comment));
}
