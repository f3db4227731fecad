//! What holds for every source.

use crate::{name, root, rust_files, text};

const SOURCE_LINES: usize = 400;

fn sources() -> Vec<std::path::PathBuf> {
    ["functions", "shared", "infra/local"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .collect()
}

#[test]
fn a_file_can_be_read_in_one_go() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|file| file.components().any(|part| part.as_os_str() == "src"))
        // The tests of a rule stand beside it and are read apart.
        .map(|file| {
            (
                text(&file)
                    .split("#[cfg(test)]\nmod ")
                    .next()
                    .unwrap()
                    .lines()
                    .count(),
                name(&file),
            )
        })
        .filter(|(lines, _)| *lines > SOURCE_LINES)
        .collect();
    assert_eq!(long, Vec::new());
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|file| !text(file).starts_with("//!"))
        .map(|file| name(&file))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn no_setting_of_a_session_outlives_its_transaction() {
    // the next tenant on the connection would have it.
    let migrations = std::fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut wrong = Vec::new();
    for file in sources().into_iter().chain(migrations) {
        // This file has to name what it looks for.
        if file.ends_with("house/sources.rs") {
            continue;
        }
        let source = text(&file).to_lowercase();
        let lasting = source.match_indices("set_config(").any(|(at, _)| {
            let call = source[at..].split(')').next().unwrap_or_default();
            call.split(',').nth(2).is_none_or(|local| local.trim() != "true")
        });
        let plain = source.lines().any(|line| {
            let line = line.trim().trim_start_matches('"');
            line.starts_with("set app.")
                || line.starts_with("set role")
                || line.starts_with("set request.")
                || line.starts_with("set zencall.")
        });
        if lasting || plain {
            wrong.push(name(&file));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
