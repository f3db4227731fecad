//! French, unless the client prefers English (RFC 9110, 12.5.4).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::kernel::{Language, Text};

/// The language that answers are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefers {
    /// The default.
    #[default]
    French,
    /// Asked for, and ranked above French.
    English,
}

impl Prefers {
    /// Reads `Accept-Language`.
    pub fn of(headers: &HeaderMap) -> Self {
        let Some(wanted) = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
        else {
            return Self::French;
        };
        let rank = |language: &str| {
            wanted
                .split(',')
                .filter_map(|range| {
                    let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
                    let primary = tag.trim().split('-').next().unwrap_or_default();
                    primary.eq_ignore_ascii_case(language).then(|| weigh(weight))
                })
                .fold(0.0, f32::max)
        };
        if rank("en") > rank("fr") {
            Self::English
        } else {
            Self::French
        }
    }

    /// The sentence in this language.
    pub fn choose(self, text: &Text) -> &str {
        match self {
            Self::French => &text.fr,
            Self::English => &text.en,
        }
    }
}

/// `q=0.8`, spaces around it allowed; nothing is 1.
fn weigh(weight: &str) -> f32 {
    match weight.trim().split_once('=') {
        None => 1.0,
        Some((_, number)) => number.trim().parse().unwrap_or(0.0),
    }
}

impl From<Prefers> for Language {
    fn from(prefers: Prefers) -> Self {
        match prefers {
            Prefers::French => Self::Fr,
            Prefers::English => Self::En,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Prefers {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn prefers(value: &'static str) -> Prefers {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        Prefers::of(&headers)
    }

    #[test]
    fn english_only_where_it_ranks_above_french() {
        assert_eq!(prefers("en-GB,en;q=0.9"), Prefers::English);
        assert_eq!(prefers("fr-FR,fr;q=0.9,en;q=0.8"), Prefers::French);
        assert_eq!(prefers("fr;q=0.5, en;q=0.7"), Prefers::English);
        assert_eq!(prefers("fr; q=0.5, en; q=0.7"), Prefers::English);
        assert_eq!(prefers("en; q=0.4, fr; q = 0.9"), Prefers::French);
        assert_eq!(prefers("de, *"), Prefers::French);
        assert_eq!(Prefers::of(&HeaderMap::new()), Prefers::French);
    }
}
