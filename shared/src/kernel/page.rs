//! Keyset pages: newest first, from an opaque cursor on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::Invalid;
use super::ids::Id;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// 1 to 200.
    pub limit: u16,
    /// The last id of the page before.
    pub after: Option<Uuid>,
}

/// What a list answers.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Newest first.
    pub data: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next_cursor: Option<String>,
}

impl PageRequest {
    /// The page size where none is asked for.
    pub const DEFAULT_LIMIT: u16 = 50;
    /// The largest page.
    pub const MAXIMUM_LIMIT: u16 = 200;

    /// Reads `?limit=&cursor=`.
    pub fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, (&'static str, Invalid)> {
        let limit = match limit {
            None => Self::DEFAULT_LIMIT,
            Some(text) => match text.parse() {
                Ok(limit @ 1..=Self::MAXIMUM_LIMIT) => limit,
                _ => {
                    return Err((
                        "limit",
                        Invalid::new("out_of_range", "Entre 1 et 200.", "Must be between 1 and 200."),
                    ));
                }
            },
        };
        let after = match cursor {
            None => None,
            Some(text) => Some(decode(text).ok_or((
                "cursor",
                Invalid::new(
                    "cursor_invalid",
                    "Ce curseur n'existe pas.",
                    "There is no such cursor.",
                ),
            ))?),
        };
        Ok(Self { limit, after })
    }

    /// One row more than the page, which tells whether there is a next one.
    pub fn rows_to_fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

impl<T> Page<T> {
    /// Cuts the extra row of [`PageRequest::rows_to_fetch`] off and notes where the next page begins.
    pub fn from_rows<I: Id>(mut rows: Vec<T>, request: PageRequest, id_of: impl Fn(&T) -> I) -> Self {
        let more = rows.len() > usize::from(request.limit);
        rows.truncate(usize::from(request.limit));
        let next_cursor = rows.last().filter(|_| more).map(|row| encode(id_of(row).uuid()));
        Self {
            data: rows,
            next_cursor,
        }
    }
}

fn encode(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn decode(cursor: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
