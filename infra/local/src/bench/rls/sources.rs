//! The text of a statement, as it stands in the sources: what is measured is what is deployed.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::measure::Example;

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

/// The statement as it would have to be where no policy chooses the rows: it names the organisation itself, in these places.
pub(super) fn without_policies(text: &str, own: &[(&str, &str)]) -> anyhow::Result<String> {
    own.iter().try_fold(text.to_owned(), |text, (place, filtered)| {
        anyhow::ensure!(text.matches(place).count() == 1, "not one `{place}` in {text}");
        Ok(text.replace(place, filtered))
    })
}

/// The statement with an example's literals in the place of its parameters.
pub(super) fn with_literals(text: &str, example: &Example) -> String {
    let own = format!("'{}'", example.organization);
    // From the last on, so that $1 is not found in $10.
    let numbered = example.literals.iter().enumerate().rev();
    numbered.fold(text.replace("{org}", &own), |text, (index, literal)| {
        text.replace(&format!("${}", index + 1), literal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rls::statements::{Kind, STATEMENTS};

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
            let none = statement.params.is_empty();
            assert!(
                (none || whole(&wanted)) && !whole(&beyond),
                "the parameters of {}",
                statement.name
            );
            // Of a read, the other side is held to the same organisation by itself; a write is so in any case.
            let other = without_policies(&text, statement.own).unwrap();
            assert_eq!(other != text, statement.kind == Kind::Read, "{}", statement.name);
        }
    }

    #[test]
    fn parameters_are_replaced_by_number() {
        let example = Example {
            organization: "o".to_owned(),
            literals: (1..=11).map(|number| format!("<{number}>")).collect(),
        };
        assert_eq!(with_literals("$1 {org} $11 $2", &example), "<1> 'o' <11> <2>");
    }
}
