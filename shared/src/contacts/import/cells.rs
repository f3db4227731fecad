//! Lines and cells (RFC 4180, and what spreadsheets make of it). Not the `csv` crate: it never fails, so one quote that
//! is not closed would swallow every line behind it, and a bad line must never cost a good one.

/// The longest text in quotes that is looked through for its end.
const QUOTED_LIMIT: usize = 16 * 1024;

/// One line of a table, or why it cannot be cut into cells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    /// Its cells; `None` where a quote is not closed.
    pub(super) cells: Option<Vec<String>>,
}

/// Which sign stands between the cells: the one that the first line has most of.
pub(super) fn separator(first_line: &str) -> char {
    let mut quoted = false;
    let mut counts = [(';', 0), ('\t', 0), (',', 0)];
    for sign in first_line.chars() {
        quoted ^= sign == '"';
        if let Some((_, count)) = counts
            .iter_mut()
            .find(|(separator, _)| *separator == sign && !quoted)
        {
            *count += 1;
        }
    }
    // The first of equals: `max_by_key` would give the last.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(',', |(separator, _)| *separator)
}

/// The lines of a text; empty ones are left out.
pub(super) fn lines(text: &str, separator: char) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text;
    let mut number = 1;
    while !rest.is_empty() {
        let (cells, after) = match cut(rest, separator) {
            Some((cells, after)) => (Some(cells), after),
            // Its first physical line alone is lost.
            None => (None, behind_line_end(rest, physical_line(rest).len())),
        };
        let blank = cells
            .as_ref()
            .is_some_and(|cells| cells.iter().all(|cell| cell.trim().is_empty()));
        if !blank {
            lines.push(Line { number, cells });
        }
        number += line_ends(&rest[..rest.len() - after.len()]);
        rest = after;
    }
    lines
}

/// The text up to the end of its first line.
pub(super) fn physical_line(text: &str) -> &str {
    &text[..text.find(['\r', '\n']).unwrap_or(text.len())]
}

/// The cells of the first line and what follows it; `None` where a quote is not closed as it should be.
fn cut(text: &str, separator: char) -> Option<(Vec<String>, &str)> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let (cell, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = rest.find([separator, '\r', '\n']).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        cells.push(cell);
        let after = after.trim_start_matches(' ');
        match after.chars().next() {
            Some(sign) if sign == separator => rest = &after[sign.len_utf8()..],
            Some('\r' | '\n') | None => return Some((cells, behind_line_end(after, 0))),
            Some(_) => return None,
        }
    }
}

/// A text behind its opening quote: what stands before the closing one, and what follows that.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('"').filter(|at| cell.len() + at <= QUOTED_LIMIT) {
        cell.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Some((cell, rest)),
        }
    }
    None
}

/// What follows the end of line at `at`.
fn behind_line_end(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    rest.strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix(['\r', '\n']))
        .unwrap_or(rest)
}

fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(|&at| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n')))
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<(usize, Option<Vec<String>>)> {
        lines(text, ';')
            .into_iter()
            .map(|line| (line.number, line.cells))
            .collect()
    }

    fn good(number: usize, cells: &[&str]) -> (usize, Option<Vec<String>>) {
        (number, Some(cells.iter().map(|&cell| cell.to_owned()).collect()))
    }

    #[test]
    fn the_separator_is_what_the_first_line_has_most_of() {
        for (line, expected) in [
            ("a;b;c", ';'),
            ("a,b,c", ','),
            ("a\tb", '\t'),
            ("a", ';'),
            ("\"a;b;c\",d", ','),
        ] {
            assert_eq!(separator(line), expected, "{line}");
        }
    }

    #[test]
    fn cells_may_be_quoted_hold_lines_and_end_in_any_way() {
        assert_eq!(
            cells("a;b\r\n\"x;\"\"y\"\"\";\"1\n2\"\r;;\r\nc;\n\nd"),
            [
                good(1, &["a", "b"]),
                good(2, &["x;\"y\"", "1\n2"]),
                good(5, &["c", ""]),
                good(7, &["d"])
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_own_line_only() {
        assert_eq!(
            cells("a;b\n1;\"x\n2;y\n3;\"z\"\n"),
            [
                good(1, &["a", "b"]),
                (2, None),
                good(3, &["2", "y"]),
                good(4, &["3", "z"])
            ]
        );
        assert_eq!(cells("\"Jo \"x\" Roy\"\nb"), [(1, None), good(2, &["b"])]);
        assert_eq!(cells("5\" pipe;b"), [good(1, &["5\" pipe", "b"])]);
    }

    proptest! {
        #[test]
        fn no_text_panics_or_loses_its_place(text in "[a;\"\r\né \\t]{0,60}") {
            let numbers: Vec<_> = lines(&text, ';').iter().map(|line| line.number).collect();
            prop_assert!(numbers.is_sorted());
        }
    }
}
