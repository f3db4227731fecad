//! The text of a statement, as it stands in the sources: what is measured is what is deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Between the parts of a `concat!`.
const SEPARATORS: &[char] = &[',', ' ', '\n'];

/// The statement that opens with this name.
pub(super) fn text_of(name: &str) -> anyhow::Result<String> {
    let sources = sources()?;
    let opening = format!("\"-- {name}\n");
    let Some((before, rest)) = sources.iter().find_map(|source| source.split_once(&opening)) else {
        bail!("there is no statement {name} any more: choose another for the measure")
    };
    let (text, rest) = rest.split_once('"').context("a statement without an end")?;
    let mut text = text.to_owned();
    if before.trim_end().ends_with("concat!(") {
        let mut rest = rest.trim_start_matches(SEPARATORS);
        while !rest.starts_with(')') {
            let (part, after) = match rest.strip_prefix('"') {
                Some(literal) => literal
                    .split_once('"')
                    .map(|(text, after)| (text.to_owned(), after)),
                None => match rest.split_once("!()") {
                    Some((name, after)) => Some((part_of(&sources, name)?, after)),
                    None => None,
                },
            }
            .with_context(|| format!("the parts of {name} cannot be read"))?;
            text += &part;
            rest = after.trim_start_matches(SEPARATORS);
        }
    }
    if text.contains('\\') || text.contains('{') && !text.contains("'{") {
        bail!("the statement {name} is put together while it runs: choose another");
    }
    Ok(text)
}

/// What statements share: the one literal of a macro.
fn part_of(sources: &[String], name: &str) -> anyhow::Result<String> {
    let opening = format!("macro_rules! {name} {{\n    () => {{");
    sources
        .iter()
        .find_map(|source| source.split_once(&opening)?.1.split('"').nth(1))
        .map(str::to_owned)
        .with_context(|| format!("there is no macro {name}"))
}

fn sources() -> anyhow::Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/src");
    let files = files(&root)?.into_iter();
    files.map(|file| Ok(std::fs::read_to_string(file)?)).collect()
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// The statement with these literals in the place of its parameters.
pub(super) fn with_literals(text: &str, literals: &[String]) -> String {
    // From the last on, so that $1 is not found in $10.
    let numbered = literals.iter().enumerate().rev();
    numbered.fold(text.to_owned(), |text, (index, literal)| {
        text.replace(&format!("${}", index + 1), literal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rls::statements::STATEMENTS;

    #[test]
    fn every_statement_that_is_measured_is_still_one_of_ours() {
        for statement in STATEMENTS {
            let text = text_of(statement.name).unwrap();
            let wanted = format!("${}", statement.params.len());
            let beyond = format!("${}", statement.params.len() + 1);
            let whole = |number: &str| {
                text.match_indices(number)
                    .any(|(at, _)| !text[at + number.len()..].starts_with(|next: char| next.is_ascii_digit()))
            };
            assert!(
                whole(&wanted) && !whole(&beyond),
                "the parameters of {}",
                statement.name
            );
        }
    }

    #[test]
    fn parameters_are_replaced_by_number() {
        let literals: Vec<_> = (1..=11).map(|number| format!("<{number}>")).collect();
        assert_eq!(with_literals("$1 $11 $2", &literals), "<1> <11> <2>");
    }
}
