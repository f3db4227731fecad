//! The text of a statement, as it stands in the sources: what is measured is what is deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The statement that opens with this name.
pub(super) fn text_of(name: &str) -> anyhow::Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/src");
    let opening = format!("\"-- {name}\n");
    for file in files(&root)? {
        let source = std::fs::read_to_string(&file)?;
        let Some((_, rest)) = source.split_once(&opening) else {
            continue;
        };
        let (text, _) = rest.split_once('"').context("a statement without an end")?;
        if text.contains(['{', '\\']) && !text.contains("'{") {
            bail!("the statement {name} is put together from parts: choose another");
        }
        return Ok(text.to_owned());
    }
    bail!("there is no statement {name} any more: choose another for the measure")
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
