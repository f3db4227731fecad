//! The faults of a request, in the words of the framework behind Vapi's API (`property X should not exist`).

use serde_json::{Map, Value};

use super::rules::{Rule, Shape};

/// The faults of an object, `path` being what stands in front of its members (empty, or ending in a dot).
pub(crate) fn faults(shape: &Shape, object: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    check_shape(shape, object, "", false, &mut found);
    found
}

/// The faults of a partial change: required members may be absent and a member that is null is to be cleared, but a nested object
/// is validated whole.
pub(crate) fn faults_of_change(shape: &Shape, object: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    check_shape(shape, object, "", true, &mut found);
    found
}

fn check_shape(
    shape: &Shape,
    object: &Map<String, Value>,
    path: &str,
    partial: bool,
    found: &mut Vec<String>,
) {
    for name in object.keys() {
        let known = shape.open || shape.fields.iter().any(|field| field.name == name);
        if !known {
            found.push(format!("{path}property {name} should not exist"));
        }
    }
    for field in shape.fields {
        match object.get(field.name) {
            None if field.required && !partial => {
                let before = found.len();
                check(&field.rule, path, field.name, &Value::Null, found);
                // A rule that lets null pass does not let absence pass.
                if found.len() == before {
                    found.push(format!("{path}{} should not be null or undefined", field.name));
                }
            }
            None => {}
            Some(Value::Null) if partial => {}
            Some(value) => check(&field.rule, path, field.name, value, found),
        }
    }
    if let Some(between) = shape.between {
        between(object, path, found);
    }
}

fn check(rule: &Rule, path: &str, name: &str, value: &Value, found: &mut Vec<String>) {
    match rule {
        Rule::List(item) => match value {
            Value::Array(items) => check_items(item, path, name, items, found),
            _ => found.push(format!("{path}{name} must be an array")),
        },
        Rule::MapOf(item) => match value {
            Value::Object(members) => {
                for (key, member) in members {
                    check(item, &format!("{path}{name}."), key, member, found);
                }
            }
            _ => found.push(format!("{path}{name} must be an object")),
        },
        Rule::Shape(shape) => match value {
            Value::Object(object) => {
                check_shape(shape, object, &format!("{path}{name}."), false, found);
            }
            _ => found.push(format!("{path}{name} must be an object")),
        },
        Rule::Tagged { tag, shapes } => check_tagged(tag, shapes, path, name, value, found),
        Rule::Nullable(inner) => {
            if !value.is_null() {
                check(inner, path, name, value, found);
            }
        }
        Rule::Either(rules) => {
            let mut last = Vec::new();
            for rule in *rules {
                last.clear();
                check(rule, path, name, value, &mut last);
                if last.is_empty() {
                    return;
                }
            }
            found.append(&mut last);
        }
        _ => found.extend(
            scalar_faults(rule, value)
                .into_iter()
                .map(|fault| format!("{path}{name} {fault}")),
        ),
    }
}

fn check_items(rule: &Rule, path: &str, name: &str, items: &[Value], found: &mut Vec<String>) {
    for (index, item) in items.iter().enumerate() {
        match rule {
            Rule::List(_)
            | Rule::MapOf(_)
            | Rule::Shape(_)
            | Rule::Tagged { .. }
            | Rule::Either(_)
            | Rule::Nullable(_) => {
                check(rule, &format!("{path}{name}."), &index.to_string(), item, found);
            }
            _ => {
                for fault in scalar_faults(rule, item) {
                    let sentence = format!("{path}each value in {name} {fault}");
                    if !found.contains(&sentence) {
                        found.push(sentence);
                    }
                }
            }
        }
    }
}

fn check_tagged(
    tag: &str,
    shapes: &[(&str, &Shape)],
    path: &str,
    name: &str,
    value: &Value,
    found: &mut Vec<String>,
) {
    let Value::Object(object) = value else {
        found.push(format!("{path}{name} must be an object"));
        return;
    };
    let word = object.get(tag).and_then(Value::as_str);
    match shapes.iter().find(|(known, _)| Some(*known) == word) {
        Some((_, shape)) => check_shape(shape, object, &format!("{path}{name}."), false, found),
        None => {
            let known: Vec<&str> = shapes.iter().map(|(known, _)| *known).collect();
            found.push(format!(
                "{path}{name}.{tag} must be one of the following values: {}",
                known.join(", ")
            ));
        }
    }
}

fn scalar_faults(rule: &Rule, value: &Value) -> Vec<String> {
    match rule {
        Rule::Text { min, max } => match value.as_str() {
            None => vec!["must be a string".to_owned()],
            Some(text) => {
                let length = text.chars().map(char::len_utf16).sum::<usize>();
                if length > *max {
                    vec![format!("must be shorter than or equal to {max} characters")]
                } else if length < *min {
                    vec![format!("must be longer than or equal to {min} characters")]
                } else {
                    Vec::new()
                }
            }
        },
        Rule::Matching { holds, says } => match value.as_str() {
            None => vec!["must be a string".to_owned(), (*says).to_owned()],
            Some(text) if !holds(text) => vec![(*says).to_owned()],
            Some(_) => Vec::new(),
        },
        Rule::Number { min, max } => match value.as_f64() {
            None => vec!["must be a number conforming to the specified constraints".to_owned()],
            Some(number) if number > *max => vec![format!("must not be greater than {max}")],
            Some(number) if number < *min => vec![format!("must not be less than {min}")],
            Some(_) => Vec::new(),
        },
        Rule::Flag if !value.is_boolean() => vec!["must be a boolean value".to_owned()],
        Rule::AnyObject if !value.is_object() => vec!["must be an object".to_owned()],
        Rule::Word(words) if !value.as_str().is_some_and(|word| words.contains(&word)) => {
            vec![format!(
                "must be one of the following values: {}",
                words.join(", ")
            )]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rules::{between, shape, text_up_to};
    use serde_json::json;

    shape!(INNER: must "kind" => Rule::Word(&["a", "b"]), may "size" => between(1.0, 3.0));
    shape!(OUTER:
        must "name" => text_up_to(4),
        may "inner" => Rule::Shape(&INNER),
        may "list" => Rule::List(&Rule::Shape(&INNER)),
        may "words" => Rule::List(&Rule::Word(&["x"])));

    fn said(value: Value) -> Vec<String> {
        faults(&OUTER, value.as_object().unwrap())
    }

    #[test]
    fn says_where_and_what() {
        assert_eq!(said(json!({ "name": "ok" })), Vec::<String>::new());
        assert_eq!(
            said(json!({ "name": "long name", "other": 1, "inner": { "kind": "a", "size": 4, "more": 1 } })),
            vec![
                "property other should not exist",
                "name must be shorter than or equal to 4 characters",
                "inner.property more should not exist",
                "inner.size must not be greater than 3",
            ]
        );
        assert_eq!(
            said(json!({ "list": [{ "kind": "c" }], "words": ["y", "z"] })),
            vec![
                "name must be a string",
                "list.0.kind must be one of the following values: a, b",
                "each value in words must be one of the following values: x",
            ]
        );
    }

    #[test]
    fn a_change_may_be_partial_but_its_parts_are_whole() {
        let change = json!({ "inner": { "size": 2 } });
        assert_eq!(
            faults_of_change(&OUTER, change.as_object().unwrap()),
            vec!["inner.kind must be one of the following values: a, b"]
        );
    }
}
