//! Bodies made from the schemas of the description: plausible ones, mistyped ones, and wild ones.

use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::visitor::Route;

/// No nesting beyond this.
const DEPTH: u32 = 4;

/// The schemas of the description.
pub(crate) struct Schemas<'a>(&'a Value);

impl<'a> Schemas<'a> {
    pub(crate) fn of(document: &'a Value) -> Self {
        Self(document)
    }

    /// The schema of a route's JSON body.
    pub(crate) fn body(&self, route: &'a Route) -> &'a Value {
        self.resolve(&route.operation["requestBody"]["content"]["application/json"]["schema"])
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(&reference[1..]).unwrap()),
            None => schema,
        }
    }

    /// What a value may be, `null` left out.
    fn choices(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        for several in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[several].as_array() {
                return choices.iter().flat_map(|choice| self.choices(choice)).collect();
            }
        }
        match schema["type"].as_str() {
            Some("null") => Vec::new(),
            _ => vec![schema],
        }
    }

    /// Each member of an object with something that it cannot be.
    pub(crate) fn mistyped(&self, schema: &'a Value) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let kinds: Vec<_> = self.choices(member).into_iter().map(kind).collect();
            for (kind, value) in [
                ("array", json!([[7]])),
                ("string", json!([7])),
                ("boolean", json!([true])),
                ("integer", json!(["x"])),
                ("number", json!(["x"])),
                ("object", json!([{}])),
                ("object", json!(true)),
            ] {
                let others = ["array", "string", "boolean", "integer", "number"];
                // A value that another choice would take is not mistyped.
                if kinds == [kind]
                    || (kinds.contains(&kind)
                        && !others.iter().any(|other| kinds.contains(other) && *other != kind))
                {
                    all.push((name.clone(), value));
                }
            }
        }
        all
    }

    /// An object with what is required, or with one member where nothing is.
    pub(crate) fn plausible(&self, schema: &'a Value) -> Value {
        let mut object = Map::new();
        let required: Vec<_> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let members = schema["properties"].as_object().into_iter().flatten();
        for (name, member) in members {
            if required.contains(&name.as_str()) || (required.is_empty() && object.is_empty()) {
                let choice = self.choices(member)[0];
                object.insert(name.clone(), self.plausible_member(name, choice));
            }
        }
        Value::Object(object)
    }

    fn plausible_member(&self, name: &str, schema: &'a Value) -> Value {
        if let Some(words) = schema["enum"].as_array() {
            return words[0].clone();
        }
        match kind(schema) {
            "object" => self.plausible(schema),
            "array" => json!([self.plausible_member(name, self.choices(&schema["items"])[0])]),
            "boolean" => json!(true),
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
            _ => json!(plausible_text(name, schema["format"].as_str())),
        }
    }

    /// Anything that the schema allows, and much that it does not.
    pub(crate) fn wild(&self, schema: &'a Value) -> BoxedStrategy<Value> {
        self.wild_member("", schema, DEPTH)
    }

    fn wild_member(&self, name: &str, schema: &'a Value, depth: u32) -> BoxedStrategy<Value> {
        let choices = self.choices(schema);
        let mut ways: Vec<(u32, BoxedStrategy<Value>)> = choices
            .into_iter()
            .map(|choice| (12, self.wild_choice(name, choice, depth)))
            .collect();
        ways.push((1, Just(Value::Null).boxed()));
        ways.push((2, nonsense().boxed()));
        Union::new_weighted(ways).boxed()
    }

    fn wild_choice(&self, name: &str, schema: &'a Value, depth: u32) -> BoxedStrategy<Value> {
        if let Some(words) = schema["enum"].as_array() {
            return prop_oneof![8 => proptest::sample::select(words.clone()), 1 => text().prop_map(Value::from)].boxed();
        }
        match kind(schema) {
            "object" if depth > 0 => self.wild_object(schema, depth),
            "array" if depth > 0 => {
                let item = self.wild_member(name, &schema["items"], depth - 1);
                prop_oneof![
                    8 => prop::collection::vec(item.clone(), 0..4),
                    1 => item.prop_map(|item| vec![item; 600]),
                ]
                .prop_map(Value::from)
                .boxed()
            }
            "boolean" => any::<bool>().prop_map(Value::from).boxed(),
            "integer" | "number" => {
                let low = schema["minimum"].as_i64().unwrap_or(0);
                let high = schema["maximum"].as_i64().unwrap_or(1_000);
                prop_oneof![4 => (low..=high).prop_map(Value::from), 2 => number()].boxed()
            }
            _ => {
                let plausible = plausible_text(name, schema["format"].as_str());
                prop_oneof![5 => Just(plausible), 3 => text(), 1 => any::<String>()]
                    .prop_map(Value::from)
                    .boxed()
            }
        }
    }

    fn wild_object(&self, schema: &'a Value, depth: u32) -> BoxedStrategy<Value> {
        let mut members: BoxedStrategy<Map<String, Value>> = Just(Map::new()).boxed();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let value = prop::option::weighted(0.85, self.wild_member(name, member, depth - 1));
            let name = name.clone();
            members = (members, value)
                .prop_map(move |(mut object, value)| {
                    object.extend(value.map(|value| (name.clone(), value)));
                    object
                })
                .boxed();
        }
        (members, prop::option::weighted(0.1, (text(), nonsense())))
            .prop_map(|(mut object, more)| {
                object.extend(more);
                Value::Object(object)
            })
            .boxed()
    }
}

fn kind(schema: &Value) -> &str {
    if schema["properties"].is_object() {
        return "object";
    }
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("string"),
        // Anything at all.
        _ => "any",
    }
}

fn plausible_text(name: &str, format: Option<&str>) -> String {
    match (name, format) {
        (_, Some("uuid")) => Uuid::now_v7().to_string(),
        (_, Some("date-time")) => "2026-01-05T10:00:00Z".to_owned(),
        (_, Some("email")) | ("email", _) => format!("{}@zencall.example", Uuid::now_v7()),
        ("phone" | "to" | "phone_number" | "transfer_number", _) => "+33639980042".to_owned(),
        ("type", _) => "info".to_owned(),
        ("request_type", _) => "data_deletion".to_owned(),
        ("scope", _) => "self".to_owned(),
        ("language", _) => "fr".to_owned(),
        ("timezone", _) => "Europe/Paris".to_owned(),
        ("days", _) => "mon".to_owned(),
        ("start", _) => "09:00".to_owned(),
        ("end", _) => "24:00".to_owned(),
        ("retry_on", _) => "busy".to_owned(),
        ("postal_code", _) => "75001".to_owned(),
        ("organization_type", _) => "b2b".to_owned(),
        ("company_registration" | "siren", _) => "732829320".to_owned(),
        ("password" | "current_password", _) => "correct horse battery".to_owned(),
        ("account_sid", _) => testkit::TWILIO_ACCOUNT_SID.to_owned(),
        ("auth_token", _) => testkit::TWILIO_AUTH_TOKEN.to_owned(),
        ("consent_type", _) => "marketing".to_owned(),
        ("max_cost", _) => "10.5".to_owned(),
        _ => "Bonjour".to_owned(),
    }
}

/// Texts that have broken something somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let long = [
        "x".repeat(20_000),
        "é".repeat(700),
        "9".repeat(400),
        "🦊".repeat(300),
    ];
    let short = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{1}\u{7f}\u{85}",
        "\u{feff}",
        "\u{202e}abc",
        "\u{fffd}",
        "🦊",
        "e\u{301}\u{301}",
        "' or 1=1 --",
        "\\",
        "\"",
        "%s%n",
        "{}",
        "${jndi:x}",
        "<b>",
        "\r\nSet-Cookie: a=b",
        "../../etc/passwd",
        "null",
        "true",
        "NaN",
        "-0",
        "1e999",
        "0x10",
        "-9223372036854775809",
        "99999999999999999999999999999999",
        "0.00000000000000000000000000000001",
        "2026-02-30T25:61:61Z",
        "9999-12-31T23:59:59.999999999Z",
        "-009999-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-01-05T10:00:00+99:99",
        "24:00",
        "99:99",
        "-1:00",
        "Etc/Unknown",
        "Europe/Paris\0",
        "+",
        "+33",
        "+999999999999999999999",
        "0639980042",
        "06 39 98 00 42",
        "a@b",
        "a@b.c\0",
        "\"a b\"@zencall.example",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "fr",
        "b2c",
        "732829320",
    ];
    let all: Vec<String> = short.iter().map(|text| (*text).to_owned()).chain(long).collect();
    proptest::sample::select(all)
}

fn number() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!(0),
        json!(-1),
        json!(-0.0),
        json!(1.5),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(i64::from(i32::MAX) + 1),
        json!(1e308),
        json!(5e-324),
        json!(65_536),
    ])
}

/// Any JSON at all.
fn nonsense() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Bytes that are hardly ever JSON: cut, doubled, with a mark before them, or anything.
pub(crate) fn raw(body: BoxedStrategy<Value>) -> impl Strategy<Value = Vec<u8>> {
    let written = body.prop_map(|body| body.to_string().into_bytes());
    prop_oneof![
        (written.clone(), any::<prop::sample::Index>()).prop_map(|(mut bytes, at)| {
            bytes.truncate(at.index(bytes.len() + 1));
            bytes
        }),
        (written.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        written
            .clone()
            .prop_map(|bytes| [b"\xef\xbb\xbf".to_vec(), bytes].concat()),
        written.prop_map(|bytes| [bytes.clone(), bytes].concat()),
        prop::collection::vec(any::<u8>(), 0..64),
        proptest::sample::select(vec![
            b"{\"name\": 1e400, \"max_cost\": 1e400}".to_vec(),
            format!("{{\"max_cost\": {}}}", "9".repeat(2_000)).into_bytes(),
            b"{\"phone\": \"a\", \"phone\": \"b\"}".to_vec(),
            b"{\"phone\": \"\\u0000\", \"name\": \"\\ud83d\\ude00\"}".to_vec(),
        ]),
    ]
}
