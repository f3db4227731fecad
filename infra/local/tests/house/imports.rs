//! Who may import whom, read from the sources: every path that begins with `crate::` in the shared crate, or with
//! `zencall::` in a function.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{function_name, functions, name, root, rust_files, text};

/// Everything in the shared crate that is not an aggregate.
const LAYERS: [&str; 8] = [
    "adapters",
    "app",
    "config",
    "db",
    "http",
    "kernel",
    "telemetry",
    "worker",
];

/// What a layer may import besides itself.
fn allowed(layer: &str) -> &'static [&'static str] {
    match layer {
        "kernel" | "telemetry" => &[],
        "config" | "db" | "adapters" => &["kernel"],
        "app" => &["config", "db", "adapters", "kernel"],
        "http" | "worker" => &["app", "kernel"],
        // An aggregate: the public functions of others as well.
        _ => &["app", "config", "db", "adapters", "kernel"],
    }
}

/// What a function may import besides aggregates.
fn allowed_in_functions(function: &str, path: &str) -> bool {
    let provider = |provider: &str| {
        let webhook = format!("adapters::{provider}::webhook");
        path == webhook || path.starts_with(&format!("{webhook}::"))
    };
    match path.split("::").next().unwrap_or_default() {
        "app" | "config" | "http" | "kernel" | "telemetry" | "worker" => true,
        "db" => path.starts_with("db::migrate") && function == "migrate",
        "adapters" => match function {
            "vapi-webhook" => provider("vapi") || path.starts_with("adapters::storage::"),
            "twilio-webhook" => provider("twilio"),
            // The one function that pays for the mail client.
            "mailer" => path == "adapters::mail" || path.starts_with("adapters::mail::"),
            // And those that pay for the bucket's: archives, files to import, events that no queue takes.
            "contacts" | "contact-importer" | "gdpr-export" | "gdpr-worker" | "provider-events" => {
                path.starts_with("adapters::storage::")
            }
            _ => false,
        },
        _ => true,
    }
}

/// The paths behind `root::` in a source, as far as their modules go: `use root::{App, db::{self, Db}}` gives `app`,
/// `db` and `db::Db`. Comments and texts are left out, as is what only tests see.
fn paths(source: &str, root: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(&format!("{root}::")) {
        let before = code[..at].chars().next_back();
        if before.is_none_or(|sign| !sign.is_alphanumeric() && sign != '_' && sign != ':') {
            expand("", &code[at + root.len() + 2..], &mut found);
        }
    }
    // What the crate re-exports at its top.
    if found.remove("App") {
        found.insert("app".to_owned());
    }
    found
}

/// Adds the paths of one use tree and returns what follows it.
fn expand<'a>(prefix: &str, tree: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut inside) = tree.strip_prefix('{') {
        loop {
            inside = expand(prefix, inside, found).trim_start();
            match inside.strip_prefix(',') {
                Some(rest) if !rest.trim_start().starts_with('}') => inside = rest,
                _ => break,
            }
        }
        return inside
            .trim_start_matches([',', ' ', '\n'])
            .strip_prefix('}')
            .unwrap_or(inside);
    }
    let end = tree
        .find(|sign: char| !sign.is_alphanumeric() && sign != '_' && sign != '*')
        .unwrap_or(tree.len());
    let (word, rest) = tree.split_at(end);
    let path = match (prefix, word) {
        (prefix, "self") => prefix.to_owned(),
        ("", word) => word.to_owned(),
        (prefix, word) => format!("{prefix}::{word}"),
    };
    if let Some(deeper) = rest.strip_prefix("::") {
        return expand(&path, deeper, found);
    }
    found.insert(path);
    match rest.trim_start().strip_prefix("as ") {
        Some(renamed) => renamed.trim_start_matches(|sign: char| sign.is_alphanumeric() || sign == '_'),
        None => rest,
    }
}

/// The module of the shared crate that a file belongs to.
fn module(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("shared/src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Which module imports which, with the file that does.
fn imports() -> BTreeMap<(String, String), String> {
    let mut imports = BTreeMap::new();
    for file in rust_files(&root().join("shared/src")) {
        let here = module(&file);
        if here == "lib" {
            continue;
        }
        for path in paths(&text(&file), "crate") {
            let there = path.split("::").next().unwrap_or_default().to_owned();
            imports.insert((here.clone(), there), format!("{} imports {path}", name(&file)));
        }
    }
    imports
}

#[test]
fn use_trees_are_read() {
    let source = "use crate::{App, db::{self, Claims as C}, kernel::ids::{A, B},};\n\
                  // use crate::http;\nlet x = crate::audit::record(y); use mycrate::worker;\n\
                  #[cfg(test)]\nmod tests { use crate::http; }";
    let expected = [
        "app",
        "audit::record",
        "db",
        "db::Claims",
        "kernel::ids::A",
        "kernel::ids::B",
    ];
    assert_eq!(paths(source, "crate"), expected.map(str::to_owned).into());
}

#[test]
fn layers_import_only_what_lies_below_them() {
    let wrong: Vec<_> = imports()
        .into_iter()
        .filter(|((here, there), _)| {
            let below = allowed(here).contains(&there.as_str());
            let aggregates = !LAYERS.contains(&here.as_str()) && !LAYERS.contains(&there.as_str());
            here != there && !below && !aggregates
        })
        .map(|(_, import)| import)
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn aggregates_do_not_import_each_other_in_a_circle() {
    let edges: BTreeSet<_> = imports()
        .into_keys()
        .filter(|(here, there)| here != there)
        .collect();
    let mut left: BTreeSet<_> = edges.iter().flat_map(|(here, there)| [here, there]).collect();
    loop {
        // Whoever imports nobody that is left stands at the bottom.
        let bottom: Vec<_> = left
            .iter()
            .copied()
            .filter(|&module| {
                !edges
                    .iter()
                    .any(|(here, there)| here == module && left.contains(there))
            })
            .collect();
        if bottom.is_empty() {
            break;
        }
        for module in bottom {
            left.remove(module);
        }
    }
    let circle: Vec<_> = imports()
        .into_iter()
        .filter(|((a, b), _)| a != b && left.contains(a) && left.contains(b))
        .collect();
    assert_eq!(circle, Vec::new());
}

#[test]
fn functions_import_aggregates_and_their_edge() {
    let mut wrong = Vec::new();
    for folder in functions() {
        let function = function_name(&folder);
        for file in rust_files(&folder.join("src")) {
            for path in paths(&text(&file), "zencall") {
                if !allowed_in_functions(&function, &path) {
                    wrong.push(format!("{} imports {path}", name(&file)));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_sql_of_an_aggregate_is_its_own() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("shared/src")) {
        let source = text(&file);
        let module = module(&file);
        if source.lines().any(|line| {
            let line = line.trim();
            line.starts_with("pub") && line.contains("mod ") && line.ends_with("store;")
        }) {
            wrong.push(format!("{} shows its store", name(&file)));
        }
        let is_store = file
            .components()
            .any(|part| part.as_os_str().to_string_lossy().contains("store"));
        let runs_sql = ["tx.query", "tx.execute"]
            .iter()
            .any(|call| source.contains(call));
        // Their whole business is one statement each.
        let exempt = LAYERS.contains(&module.as_str()) || matches!(module.as_str(), "audit" | "outbox");
        if runs_sql && !is_store && !exempt {
            wrong.push(format!("{} holds SQL outside a store", name(&file)));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_mail_client_is_reached_from_the_mailer_only() {
    let mut users = BTreeSet::new();
    for folder in ["shared/src", "functions"] {
        for file in rust_files(&root().join(folder)) {
            let source = text(&file);
            let reaches = |root: &str| {
                paths(&source, root)
                    .iter()
                    .any(|path| path.starts_with("adapters::mail"))
            };
            if source.contains("aws_sdk_sesv2") || reaches("crate") || reaches("zencall") {
                users.insert(name(&file));
            }
        }
    }
    users.retain(|file| !file.starts_with("functions/mailer/"));
    assert_eq!(users, BTreeSet::from(["shared/src/adapters/mail.rs".to_owned()]));
}

#[test]
fn the_client_of_the_bucket_is_made_where_it_is_needed_only() {
    let mut makers = BTreeSet::new();
    for folder in ["shared/src", "functions"] {
        for file in rust_files(&root().join(folder)) {
            let source = text(&file);
            if source.contains("Storage::new(") || source.contains("use object_store") {
                makers.insert(name(&file));
            }
        }
    }
    makers.retain(|file| !file.contains("/tests/"));
    assert_eq!(
        makers,
        [
            "functions/contact-importer/src/main.rs",
            "functions/contacts/src/imports.rs",
            "functions/gdpr-export/src/lib.rs",
            "functions/gdpr-worker/src/main.rs",
            "functions/provider-events/src/lib.rs",
            "functions/vapi-webhook/src/lib.rs",
            "shared/src/adapters/storage.rs",
        ]
        .map(str::to_owned)
        .into()
    );
}
