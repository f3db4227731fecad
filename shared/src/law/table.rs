//! The rules as a table that people read.

use super::provisions::{Binds, RULES};

/// The table of the README, a line each rule.
pub fn table() -> String {
    let mut table = String::from(
        "| # | what must be so | where it is written | since | binds | else refused with | to be confirmed |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (index, rule) in RULES.iter().enumerate() {
        let article = match rule.source {
            Some(url) => format!("[{}]({url})", rule.article),
            None => format!("`{}`", rule.article),
        };
        let since = match (rule.source, rule.in_force_until) {
            (None, _) => "own limit".to_owned(),
            (Some(_), None) => rule.in_force_from.to_string(),
            (Some(_), Some(until)) => format!("{} to {until}", rule.in_force_from),
        };
        let binds = match rule.binds {
            Binds::Everybody => "every basis".to_owned(),
            Binds::These(bases) => {
                let names: Vec<_> = bases.iter().map(|basis| format!("`{basis}`")).collect();
                names.join(", ")
            }
        };
        let codes: Vec<_> = rule.codes.iter().map(|code| format!("`{code}`")).collect();
        let line = format!(
            "| {} | {} | {article} | {since} | {binds} | {} | {} |\n",
            index + 1,
            rule.demands,
            codes.join(", "),
            rule.doubt.unwrap_or_default(),
        );
        table.push_str(&line);
    }
    table
}
