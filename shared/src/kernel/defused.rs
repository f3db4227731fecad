//! Texts that a spreadsheet must not run.

use std::borrow::Cow;

/// A text as the cell of a CSV file. One that a spreadsheet would run as a formula is kept from it by an apostrophe (OWASP,
/// "CSV injection"); one that begins with an apostrophe gets another, so that taking one away gives every text back.
pub fn defused(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for (text, expected) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+33639980001", "'+33639980001"),
            ("@SUM(1)", "'@SUM(1)"),
            ("-1", "'-1"),
            ("\t=1", "'\t=1"),
            ("'quoted", "''quoted"),
            ("Zoé", "Zoé"),
            ("", ""),
        ] {
            assert_eq!(defused(text), expected);
        }
    }
}
