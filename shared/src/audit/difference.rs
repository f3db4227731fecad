//! What changed, as the log keeps it.

use serde_json::{Map, Value, json};

/// What an entry about a change says: the ids in `about`, the names of the members that differ between two states of
/// the thing, and their values before and after. Members that say something about a person are named and not quoted:
/// the log is append-only, and an entry outlives the person it speaks of.
pub fn difference(about: Value, before: &Value, after: &Value, private: &[&str]) -> Value {
    let empty = Map::new();
    let (before, after) = (
        before.as_object().unwrap_or(&empty),
        after.as_object().unwrap_or(&empty),
    );
    let mut changed: Vec<&String> = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    changed.sort();
    let quoted = |state: &Map<String, Value>| -> Map<String, Value> {
        changed
            .iter()
            .filter(|name| !private.contains(&name.as_str()))
            .map(|name| ((*name).clone(), state.get(*name).cloned().unwrap_or_default()))
            .collect()
    };
    let mut details = about;
    details["before"] = Value::Object(quoted(before));
    details["after"] = Value::Object(quoted(after));
    details["changed"] = json!(changed);
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_a_person_is_named_and_not_quoted() {
        let before = json!({ "phone": "+33639980001", "kind": "consumer", "language": "fr", "tags": [] });
        let after = json!({ "phone": "+33639980002", "kind": "business", "language": "fr" });
        assert_eq!(
            difference(json!({ "contact_id": 7 }), &before, &after, &["phone", "tags"]),
            json!({
                "contact_id": 7,
                "changed": ["kind", "phone", "tags"],
                "before": { "kind": "consumer" },
                "after": { "kind": "business" },
            })
        );
        assert_eq!(
            difference(json!({}), &before, &before, &[]),
            json!({ "changed": [], "before": {}, "after": {} })
        );
    }
}
