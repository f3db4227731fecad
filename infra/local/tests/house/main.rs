//! The house: who may import whom, what a function's package may hold, and that what is
//! generated or listed elsewhere agrees with the code.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod api;
mod audit;
mod cells;
mod doors;
mod functions;
mod imports;
mod logs;
mod openapi;
mod proofs;
mod rights;
mod sources;

use std::path::{Path, PathBuf};

/// The top of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file as a person names it: from the top of the checkout on.
fn name(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}

/// Every Rust file below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The folders of the functions: one Lambda each.
fn functions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("functions")).unwrap();
    let mut folders: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn function_name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

/// The local routes: path and function.
fn router() -> Vec<(String, String)> {
    let manifest: toml::Table = text(root().join("Cargo.toml")).parse().unwrap();
    let table = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"]
        .as_table()
        .unwrap();
    let entry =
        |(path, function): (&String, &toml::Value)| (path.clone(), function.as_str().unwrap().to_owned());
    table.iter().map(entry).collect()
}
