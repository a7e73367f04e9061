//! The file that the broker loads.

use alloc::format;
use alloc::string::String;

use super::Right;
use crate::compile::grant::Access;
use crate::compile::policy::{Policy, joined};

/// What precedes the ids of the contracts of the next line.
pub(super) const CONTRACTS: &str = "# ";

pub(super) fn write(policy: &Policy<Right>) -> String {
    let mut text = String::new();
    let mut user = None;
    for (right, contracts) in &policy.allowed {
        if user.replace(&right.user) != Some(&right.user) {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}user {}\n", right.user);
        }
        let access = match right.access {
            Access::Publish => "write",
            Access::Subscribe => "read",
        };
        text += &format!(
            "{CONTRACTS}{}\ntopic {access} {}\n",
            joined(contracts),
            right.filter
        );
    }
    text
}
