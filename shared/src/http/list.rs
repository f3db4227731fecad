//! Lists: `?limit=&cursor=` in, `{ data, next_cursor }` out.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::kernel::class::{Class, Failure};
use crate::kernel::{Faults, Page, PageRequest};

/// The page that is wanted, and the filters `F` of the route.
#[derive(Debug)]
pub struct ListQuery<F> {
    /// Which part of the list.
    pub page: PageRequest,
    /// Which rows.
    pub filter: F,
}

/// The filter of a list that has none.
#[derive(Debug, Default, Deserialize)]
pub struct NoFilter {}

#[derive(Deserialize)]
struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

impl<S: Sync, F: DeserializeOwned> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let unreadable = || {
            Problem::from(Failure::new(
                Class::Unreadable,
                "query_unreadable",
                "Les paramètres de l'adresse sont illisibles.",
                "The query of the address is unreadable.",
            ))
        };
        let Query(query) = Query::<PageQuery>::try_from_uri(&parts.uri).map_err(|_| unreadable())?;
        let Query(filter) = Query::<F>::try_from_uri(&parts.uri).map_err(|_| unreadable())?;
        let page = PageRequest::parse(query.limit.as_deref(), query.cursor.as_deref()).map_err(
            |(field, invalid)| {
                let mut faults = Faults::default();
                faults.add(field, invalid);
                Problem::from(faults)
            },
        )?;
        Ok(Self { page, filter })
    }
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListOf<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> ListOf<T> {
    /// A page, each row as the outside sees it.
    pub fn from_page<R>(page: Page<R>, view: impl Fn(R) -> T) -> Self {
        Self {
            data: page.data.into_iter().map(view).collect(),
            next_cursor: page.next_cursor,
        }
    }
}
