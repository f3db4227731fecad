//! Lines and cells (RFC 4180, and what spreadsheets make of it). Not the `csv` crate: it never fails, so one quote that
//! is not closed would swallow every line behind it, and a bad line must never cost a good one.

/// The longest text in quotes that is looked through for its end.
const QUOTED_LIMIT: usize = 16 * 1024;

/// Why a line cannot be cut into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote is not closed as it should be.
    Quote,
    /// It is longer than any row.
    TooLong,
}

/// One line of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    /// Its cells.
    pub(super) cells: Result<Vec<String>, Broken>,
}

impl Line {
    /// Whether nothing is in it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells
            .as_ref()
            .is_ok_and(|cells| cells.iter().all(|cell| cell.trim().is_empty()))
    }
}

/// What the beginning of a text is cut into.
enum Cut<'a> {
    /// The cells of a line, and what follows it.
    Line(Vec<String>, &'a str),
    /// No line; one that no text behind it could mend.
    Broken,
    /// A quote, whose end did not come yet.
    Unfinished,
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

/// The cells of the first line of a text, and what follows it; none where that takes more of the text. `is_all`: no more
/// will come.
pub(super) fn first_line(
    text: &str,
    separator: char,
    is_all: bool,
) -> Option<(Result<Vec<String>, Broken>, &str)> {
    match cut(text, separator) {
        // An end of line, or a quote, at the very end of the text may have a second half.
        Cut::Line(cells, after) => (is_all || !after.is_empty()).then_some((Ok(cells), after)),
        Cut::Unfinished if !is_all => None,
        // Its first physical line alone is lost.
        Cut::Broken | Cut::Unfinished => {
            behind_first_end(text, is_all).map(|after| (Err(Broken::Quote), after))
        }
    }
}

/// What follows the first physical line; none where that takes more of the text.
pub(super) fn behind_first_end(text: &str, is_all: bool) -> Option<&str> {
    let after = behind_line_end(text, physical_line(text).len());
    (is_all || !after.is_empty()).then_some(after)
}

/// The text up to the end of its first line.
pub(super) fn physical_line(text: &str) -> &str {
    &text[..text.find(['\r', '\n']).unwrap_or(text.len())]
}

fn cut(text: &str, separator: char) -> Cut<'_> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let (cell, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => match unquote(quoted) {
                Ok(found) => found,
                Err(cut) => return cut,
            },
            None => {
                let end = rest.find([separator, '\r', '\n']).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        cells.push(cell);
        let after = after.trim_start_matches(' ');
        match after.chars().next() {
            Some(sign) if sign == separator => rest = &after[sign.len_utf8()..],
            Some('\r' | '\n') | None => return Cut::Line(cells, behind_line_end(after, 0)),
            Some(_) => return Cut::Broken,
        }
    }
}

/// A text behind its opening quote: what stands before the closing one, and what follows that.
fn unquote(text: &str) -> Result<(String, &str), Cut<'_>> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let at = match rest.find('"') {
            Some(at) if cell.len() + at <= QUOTED_LIMIT => at,
            None if cell.len() + rest.len() <= QUOTED_LIMIT => return Err(Cut::Unfinished),
            _ => return Err(Cut::Broken),
        };
        cell.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Ok((cell, rest)),
        }
    }
}

/// What follows the end of line at `at`.
fn behind_line_end(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    rest.strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix(['\r', '\n']))
        .unwrap_or(rest)
}

/// How many lines end in a text.
pub(super) fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(|&at| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n')))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn whole(text: &str) -> (Result<Vec<String>, Broken>, &str) {
        first_line(text, ';', true).unwrap()
    }

    #[test]
    fn a_line_is_known_when_what_follows_is() {
        for (text, expected) in [
            ("a;b\n", None),
            ("a;b\nc", Some((Ok(vec!["a".to_owned(), "b".to_owned()]), "c"))),
            ("a;b\r\n", None),
            ("\"a\"", None),
            ("\"a\nb", None),
            ("\"a\"b\n", None),
            ("\"a\"b\nc", Some((Err(Broken::Quote), "c"))),
        ] {
            assert_eq!(first_line(text, ';', false), expected, "{text:?}");
        }
        let open = format!("\"{}\nb", "x".repeat(QUOTED_LIMIT));
        assert_eq!(first_line(&open, ';', false), Some((Err(Broken::Quote), "b")));
        assert_eq!(whole("\"a\nb"), (Err(Broken::Quote), "b"));
        assert_eq!(whole("a"), (Ok(vec!["a".to_owned()]), ""));
    }
}
