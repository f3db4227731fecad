//! Lists at Vapi: a bare array, newest first, filtered by instants, at most `limit` long.

use jiff::Timestamp;
use serde_json::Value;

use super::errors::VapiError;
use crate::sandbox::{rules::is_instant, twilio::form};

const BOUNDS: [(&str, &str, Bound); 8] = [
    ("createdAtGt", "createdAt", Bound::After),
    ("createdAtLt", "createdAt", Bound::Before),
    ("createdAtGe", "createdAt", Bound::From),
    ("createdAtLe", "createdAt", Bound::Until),
    ("updatedAtGt", "updatedAt", Bound::After),
    ("updatedAtLt", "updatedAt", Bound::Before),
    ("updatedAtGe", "updatedAt", Bound::From),
    ("updatedAtLe", "updatedAt", Bound::Until),
];

#[derive(Clone, Copy)]
enum Bound {
    After,
    Before,
    From,
    Until,
}

/// What a list is to show.
pub(crate) struct Listing {
    limit: usize,
    bounds: Vec<(&'static str, Bound, Timestamp)>,
    equal: Vec<(String, String)>,
}

impl Listing {
    /// Reads a query; `equal` names the members that may be asked for by value.
    pub(crate) fn read(query: Option<&str>, equal: &[&str]) -> Result<Self, VapiError> {
        let mut listing = Self {
            limit: 100,
            bounds: Vec::new(),
            equal: Vec::new(),
        };
        let mut faults = Vec::new();
        for (name, value) in form::pairs(query.unwrap_or_default().as_bytes()) {
            if name == "limit" {
                match value.parse::<usize>() {
                    Ok(limit) if limit <= 1000 => listing.limit = limit,
                    Ok(_) => faults.push("limit must not be greater than 1000".to_owned()),
                    Err(_) => faults
                        .push("limit must be a number conforming to the specified constraints".to_owned()),
                }
            } else if equal.contains(&name.as_str()) {
                listing.equal.push((name, value));
            } else if let Some((_, member, bound)) = BOUNDS.iter().find(|(known, _, _)| *known == name) {
                match value.parse() {
                    Ok(instant) if is_instant(&value) => {
                        listing.bounds.push((member, *bound, instant));
                    }
                    _ => faults.push(format!("{name} must be a valid ISO 8601 date string")),
                }
            } else {
                faults.push(format!("property {name} should not exist"));
            }
        }
        super::accept(faults).map(|()| listing)
    }

    /// Chooses from resources that come newest first.
    pub(crate) fn choose<'a>(&self, newest_first: impl Iterator<Item = &'a Value>) -> Value {
        newest_first
            .filter(|resource| self.shows(resource))
            .take(self.limit)
            .cloned()
            .collect()
    }

    fn shows(&self, resource: &Value) -> bool {
        self.equal
            .iter()
            .all(|(name, value)| resource[name.as_str()] == *value)
            && self.bounds.iter().all(|(member, bound, instant)| {
                let at = resource[*member].as_str().and_then(|at| at.parse().ok());
                at.is_some_and(|at: Timestamp| match bound {
                    Bound::After => at > *instant,
                    Bound::Before => at < *instant,
                    Bound::From => at >= *instant,
                    Bound::Until => at <= *instant,
                })
            })
    }
}

/// Resources, newest first.
pub(crate) fn newest_first<'a>(resources: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    let mut list: Vec<&Value> = resources.collect();
    list.sort_by(|a, b| b["createdAt"].as_str().cmp(&a["createdAt"].as_str()));
    list
}
