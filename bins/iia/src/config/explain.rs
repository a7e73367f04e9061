//! `iia config explain`.

use iia_config::explain::{Rule, rule, rules};
use iia_contract::shape::nearest;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A code, such as C054 or IIA-P018; all of them in a line each when not given
    code: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> bool {
    let Some(code) = &arguments.code else {
        for rule in rules() {
            println!("IIA-{} {:7} {}", rule.code, severity(rule), rule.title);
        }
        return true;
    };
    match rule(code) {
        Some(rule) => print!("{}", page(rule)),
        None => {
            let near = nearest(&code.to_ascii_uppercase(), rules().map(|rule| rule.code));
            let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            eprintln!("there is no rule {code}{help}");
            return false;
        }
    }
    true
}

fn severity(rule: &Rule) -> &'static str {
    if rule.rejects { "error" } else { "warning" }
}

fn page(rule: &Rule) -> String {
    let mut out = format!(
        "IIA-{} ({}): {}\n\n{}\n",
        rule.code,
        severity(rule),
        rule.title,
        rule.why
    );
    out.push_str(&format!("\nClause: {} of the architecture\n", rule.clause));
    for (what, text) in [("Broken", rule.bad), ("Kept", rule.good)] {
        if rule.good.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{what}:\n"));
        match text.trim_end() {
            "" => out.push_str("    (the lines are missing)\n"),
            text => text
                .lines()
                .for_each(|line| out.push_str(&format!("    {line}\n"))),
        }
    }
    out
}
