//! Reading the log.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Entry, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::UserId;
use crate::kernel::{self, Caller, Faults, Invalid, Page, PageRequest};

/// Which entries are wanted; a filter that is not set lets every entry through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this action.
    pub action: Option<String>,
    /// What this person or program did; ids are unique over both.
    pub actor: Option<Uuid>,
    /// What was done at this instant or later.
    pub from: Option<Timestamp>,
    /// What was done before this instant.
    pub to: Option<Timestamp>,
}

/// The filters as they stand in an address.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypedFilter<'a> {
    /// `resource.verb`.
    pub action: Option<&'a str>,
    /// An id.
    pub actor: Option<&'a str>,
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
            action: read(&mut faults, "action", typed.action, action),
            actor: read(&mut faults, "actor", typed.actor, id),
            from: read(&mut faults, "from", typed.from, instant),
            to: read(&mut faults, "to", typed.to, instant),
        };
        if let (Some(from), Some(to)) = (filter.from, filter.to)
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
        faults.finish(|| Some(filter))
    }
}

fn read<T>(
    faults: &mut Faults,
    field: &str,
    typed: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Option<T> {
    // `?action=` is what a form sends for "any".
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty())?;
    faults.keep(field, parse(typed))
}

fn action(typed: &str) -> Result<String, Invalid> {
    let is_action = typed.len() <= 60
        && typed.contains('.')
        && typed
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'));
    is_action.then(|| typed.to_owned()).ok_or(Invalid::new(
        "action_invalid",
        "Une action s'écrit comme contact.create.",
        "An action is written like contact.create.",
    ))
}

fn id(typed: &str) -> Result<Uuid, Invalid> {
    UserId::parse(typed).map(|id| id.0)
}

fn instant(typed: &str) -> Result<Timestamp, Invalid> {
    // An address decodes `+02:00` to ` 02:00`.
    kernel::instant::parse(&typed.replace(' ', "+"))
}

/// The entries that pass the filter, newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    page: PageRequest,
) -> Result<Page<Entry>, DbError> {
    let entries = app
        .db
        .read("audit.list", &Claims::from(caller), async |tx| {
            store::list(tx, filter, page).await
        })
        .await?;
    Ok(Page::from_rows(entries, page, |entry| entry.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_filters_is_reported_at_once() {
        let faults = Filter::parse(TypedFilter {
            action: Some("Contact"),
            actor: Some("7"),
            from: Some("yesterday"),
            to: Some("-009000-01-01T00:00:00Z"),
        })
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["action", "actor", "from", "to"]);
        let empty = TypedFilter {
            action: Some(" "),
            ..TypedFilter::default()
        };
        assert_eq!(Filter::parse(empty).unwrap(), Filter::default());
        let backwards = TypedFilter {
            from: Some("2026-11-05T08:00:00Z"),
            to: Some("2026-11-04T08:00:00Z"),
            ..TypedFilter::default()
        };
        assert!(Filter::parse(backwards).is_err());
    }
}
