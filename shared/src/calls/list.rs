//! The list of an organisation's calls, newest first.

use jiff::Timestamp;

use super::{Call, Direction, SentimentFilter, Status, read_store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::CampaignId;
use crate::kernel::{self, Caller, Faults, Invalid, Page, PageRequest};

/// Which calls are wanted; a filter that is not set lets every call through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this campaign.
    pub campaign: Option<CampaignId>,
    /// Those in this state.
    pub status: Option<Status>,
    /// Those in this mood.
    pub sentiment: Option<SentimentFilter>,
    /// Those that went this way.
    pub direction: Option<Direction>,
    /// Those that began at this instant or later.
    pub from: Option<Timestamp>,
    /// Those that began before this instant.
    pub to: Option<Timestamp>,
}

/// The filters as they stand in an address.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypedFilter<'a> {
    /// An id.
    pub campaign_id: Option<&'a str>,
    /// A state.
    pub status: Option<&'a str>,
    /// A mood.
    pub sentiment: Option<&'a str>,
    /// A direction.
    pub direction: Option<&'a str>,
    /// An instant.
    pub from: Option<&'a str>,
    /// An instant.
    pub to: Option<&'a str>,
}

impl Filter {
    /// Reads the filters of an address; every fault is reported at once.
    pub fn parse(typed: TypedFilter<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let filter = Self {
            campaign: read(&mut faults, "campaign_id", typed.campaign_id, CampaignId::parse),
            status: read(&mut faults, "status", typed.status, Status::parse),
            sentiment: read(&mut faults, "sentiment", typed.sentiment, SentimentFilter::parse),
            direction: read(&mut faults, "direction", typed.direction, Direction::parse),
            from: read(&mut faults, "from", typed.from, instant),
            to: read(&mut faults, "to", typed.to, instant),
        };
        check_range(&mut faults, filter.from, filter.to);
        faults.finish(|| Some(filter))
    }
}

/// A range ends after it begins.
pub(crate) fn check_range(faults: &mut Faults, from: Option<Timestamp>, to: Option<Timestamp>) {
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        faults.add(
            "to",
            Invalid::new(
                "range_invalid",
                "La fin de la période précède son début.",
                "The range ends before it begins.",
            ),
        );
    }
}

/// Reads a filter of an address, if it is set.
pub(crate) fn read<T>(
    faults: &mut Faults,
    field: &str,
    typed: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Option<T> {
    // `?status=` is what a form sends for "any".
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty())?;
    faults.keep(field, parse(typed))
}

/// An instant as it stands in an address.
pub(crate) fn instant(typed: &str) -> Result<Timestamp, Invalid> {
    // An address decodes `+02:00` to ` 02:00`.
    kernel::instant::parse(&typed.replace(' ', "+"))
}

/// The calls that pass the filter, newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    page: PageRequest,
) -> Result<Page<Call>, DbError> {
    let calls = app
        .db
        .read("calls.list", &Claims::from(caller), async |tx| {
            read_store::list(tx, filter, page).await
        })
        .await?;
    Ok(Page::from_rows(calls, page, |call| call.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_filters_is_reported_at_once() {
        let faults = Filter::parse(TypedFilter {
            campaign_id: Some("7"),
            status: Some("done"),
            sentiment: Some("angry"),
            direction: Some("up"),
            from: Some("yesterday"),
            to: Some("-009000-01-01T00:00:00Z"),
        })
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["campaign_id", "status", "sentiment", "direction", "from", "to"]
        );
    }

    #[test]
    fn a_range_ends_after_it_begins_and_may_be_in_any_zone() {
        let range = |from, to| {
            Filter::parse(TypedFilter {
                from: Some(from),
                to: Some(to),
                ..TypedFilter::default()
            })
        };
        let filter = range("2026-11-05T08:00:00 01:00", "2026-11-05T08:00:00Z").unwrap();
        assert_eq!(filter.from, Some("2026-11-05T07:00:00Z".parse().unwrap()));
        assert!(range("2026-11-05T08:00:00Z", "2026-11-04T08:00:00Z").is_err());
        assert_eq!(range("", "").unwrap(), Filter::default());
    }
}
