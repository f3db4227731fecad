//! The list of an organisation's contacts, newest first.

use super::{Contact, store, values};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::shown::shows;
use crate::kernel::{Caller, Faults, Page, PageRequest};

const QUERY_LIMIT: usize = 100;
const TAG_LIMIT: usize = 50;
/// Fewer digits than this would find everybody.
const DIGITS_THAT_TELL: usize = 3;

/// Which contacts are wanted; a filter that is not set lets every contact through.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// A piece of a name, a company, an address or a number.
    pub text: Option<String>,
    /// A label.
    pub tag: Option<String>,
}

shows!(Filter, tag);

impl Filter {
    /// Reads `?q=&tag=`.
    pub fn parse(text: Option<&str>, tag: Option<&str>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let text = text.and_then(|text| faults.keep("q", values::line(text, QUERY_LIMIT)));
        let tag = tag.and_then(|tag| faults.keep("tag", values::line(tag, TAG_LIMIT)));
        faults.finish(|| {
            Some(Self {
                text: text.flatten(),
                tag: tag.flatten(),
            })
        })
    }

    /// For `ilike`: the text itself, whatever signs it holds.
    pub(super) fn text_pattern(&self) -> Option<String> {
        let escaped = self
            .text
            .as_ref()?
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        Some(format!("%{escaped}%"))
    }

    /// For `like` on numbers in E.164: the digits of a number as people write it, without the zeros in front.
    pub(super) fn number_pattern(&self) -> Option<String> {
        let text = self.text.as_ref()?;
        let written = |sign: char| sign.is_ascii_digit() || sign.is_whitespace() || "+-./()".contains(sign);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0');
        (text.chars().all(written) && digits.len() >= DIGITS_THAT_TELL).then(|| format!("%{digits}%"))
    }
}

/// The contacts that pass the filter, newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    page: PageRequest,
) -> Result<Page<Contact>, DbError> {
    let contacts = app
        .db
        .read("contacts.list", &Claims::from(caller), async |tx| {
            store::list(tx, filter, page).await
        })
        .await?;
    Ok(Page::from_rows(contacts, page, |contact| contact.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(text: &str) -> (Option<String>, Option<String>) {
        let filter = Filter::parse(Some(text), None).unwrap();
        (filter.text_pattern(), filter.number_pattern())
    }

    #[test]
    fn wildcards_stand_for_themselves() {
        assert_eq!(patterns(r"50%_\"), (Some(r"%50\%\_\\%".to_owned()), None));
    }

    #[test]
    fn a_number_is_found_as_people_write_it() {
        assert_eq!(patterns("06 39 98").1.as_deref(), Some("%63998%"));
        assert_eq!(patterns("0033 6").1.as_deref(), Some("%336%"));
        assert_eq!(patterns("06").1, None);
        assert_eq!(patterns("rue 123").1, None);
    }

    #[test]
    fn nothing_to_look_for_finds_everybody() {
        assert_eq!(Filter::parse(Some(" "), Some("")).unwrap(), Filter::default());
        assert_eq!(
            Filter::parse(Some("\0"), Some(&"x".repeat(51)))
                .unwrap_err()
                .iter()
                .count(),
            2
        );
    }
}
