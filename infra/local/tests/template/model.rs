//! The template as JSON, its short intrinsics (`!Ref`, `!Sub` …) in their long form; and the functions in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};

/// The top of the checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the checkout.
pub(crate) fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `Cargo.toml`, `samconfig.toml`.
pub(crate) fn toml(path: &str) -> toml::Table {
    read(path).parse().unwrap()
}

/// The folders of `functions/`.
pub(crate) fn folders() -> BTreeSet<String> {
    std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// `infra/aws/template.yaml`.
pub(crate) struct Template(pub(crate) Value);

/// A function of the template.
pub(crate) struct Function {
    /// Its logical id.
    pub(crate) id: String,
    /// Its properties, with `Globals` under them.
    pub(crate) properties: Value,
}

impl Template {
    /// Reads it.
    pub(crate) fn load() -> Self {
        let text = read("infra/aws/template.yaml");
        let documents = Yaml::load_from_str(&text).expect("YAML");
        Self(json_of(&documents[0]))
    }

    /// A resource's properties.
    pub(crate) fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }

    /// The resources of a type, by their logical ids.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_object().expect("Resources");
        resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), resource))
            .collect()
    }

    /// The functions, by the names of their folders.
    pub(crate) fn functions(&self) -> BTreeMap<String, Function> {
        let defaults = &self.0["Globals"]["Function"];
        self.resources("AWS::Serverless::Function")
            .into_iter()
            .map(|(id, resource)| {
                let mut properties = defaults.clone();
                lay_over(&mut properties, &resource["Properties"]);
                let name = properties["FunctionName"]["Fn::Sub"].as_str();
                let name = name.and_then(|name| name.strip_prefix("zencall-${Stage}-"));
                let name = name.unwrap_or_else(|| panic!("{id} is not named zencall-${{Stage}}-<name>"));
                let id = id.to_owned();
                (name.to_owned(), Function { id, properties })
            })
            .collect()
    }
}

impl Function {
    /// Its variables; what is `AWS::NoValue` is not there.
    pub(crate) fn environment(&self) -> BTreeMap<&str, &Value> {
        let variables = self.properties["Environment"]["Variables"].as_object();
        variables
            .expect("an environment")
            .iter()
            .filter(|(_, value)| value["Ref"] != "AWS::NoValue")
            .map(|(name, value)| (name.as_str(), value))
            .collect()
    }

    /// Its triggers of a type.
    pub(crate) fn events(&self, kind: &str) -> Vec<&Value> {
        let events = self.properties["Events"].as_object();
        let events = events.into_iter().flat_map(|events| events.values());
        events
            .filter(|event| event["Type"] == kind)
            .map(|event| &event["Properties"])
            .collect()
    }

    /// The statements of its role, without what every role may.
    pub(crate) fn statements<'a>(&self, template: &'a Template) -> Vec<&'a Value> {
        let role = self.properties["Role"]["Fn::GetAtt"][0].as_str();
        let policies = template.properties(role.expect("a role"))["Policies"].as_array();
        let policies = policies.expect("policies");
        policies
            .iter()
            .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
            .collect()
    }
}

/// A list, or the one that stands for itself.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

/// The resource that `!Ref X` or `!GetAtt X.Arn` speaks of.
pub(crate) fn target(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())
}

fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) if !is_intrinsic(over) && !is_intrinsic(under) => {
            for (key, value) in over {
                lay_over(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn is_intrinsic(object: &serde_json::Map<String, Value>) -> bool {
    object.keys().any(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn json_of(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(value) => json!(value),
        },
        Yaml::Sequence(nodes) => nodes.iter().map(json_of).collect(),
        Yaml::Mapping(mapping) => mapping
            .iter()
            .map(|(key, value)| (key.as_str().expect("a plain key").to_owned(), json_of(value)))
            .collect(),
        Yaml::Tagged(tag, node) => intrinsic(&tag.suffix, json_of(node)),
        other => panic!("{other:?} in a template"),
    }
}

fn intrinsic(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref", value) => json!({ "Ref": value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').expect("Resource.Attribute");
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (tag, value) => Value::Object([(format!("Fn::{tag}"), value)].into_iter().collect()),
    }
}
