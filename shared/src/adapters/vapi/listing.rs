//! Vapi's lists: at most 1,000 rows of a stretch of time, in no promised order and without a cursor.

use jiff::Timestamp;
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::client::Vapi;
use super::error::VapiError;

/// The most rows that one request gives.
const PAGE: usize = 1000;
/// How many requests one list may take: beyond it, something else is wrong than a busy day.
const MOST_REQUESTS: usize = 64;

impl Vapi {
    /// Everything created in `[from, to)`. A full page is asked for again in two halves of its time, which needs no order
    /// of the rows and loses none that were created in the same instant as a page's last.
    pub(super) async fn list_between<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &[(&str, &str)],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<T>, VapiError> {
        let mut rows = Vec::new();
        let mut stretches = vec![(from.as_millisecond(), to.as_millisecond())];
        for _ in 0..MOST_REQUESTS {
            let Some((from, to)) = stretches.pop() else {
                return Ok(rows);
            };
            let mut page: Vec<T> = self.page(path, filter, from, to).await?;
            let middle = from.midpoint(to);
            if page.len() < PAGE || middle == from {
                rows.append(&mut page);
            } else {
                stretches.extend([(from, middle), (middle, to)]);
            }
        }
        if stretches.is_empty() {
            Ok(rows)
        } else {
            Err(VapiError::Unreadable)
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &[(&str, &str)],
        from: i64,
        to: i64,
    ) -> Result<Vec<T>, VapiError> {
        let instant = |millisecond| {
            let instant = Timestamp::from_millisecond(millisecond).map_err(|_| VapiError::Unreadable);
            instant.map(|instant| format!("{instant:.3}"))
        };
        let (from, to) = (instant(from)?, instant(to)?);
        self.repeat(|vapi| {
            vapi.request(Method::GET, path)
                .query(filter)
                .query(&[("createdAtGe", &from), ("createdAtLt", &to)])
                .query(&[("limit", PAGE)])
        })
        .await
    }
}
