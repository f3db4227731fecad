//! The list of an organisation's appointments, newest first.

use jiff::Timestamp;

use super::{Appointment, Status, store};
use crate::App;
use crate::calls::list::{check_range, instant, read};
use crate::db::{Claims, DbError};
use crate::kernel::{Caller, Faults, Page, PageRequest};

/// Which appointments are wanted; a filter that is not set lets every one through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that begin at this instant or later.
    pub from: Option<Timestamp>,
    /// Those that begin before this instant.
    pub to: Option<Timestamp>,
    /// Those in this state.
    pub status: Option<Status>,
}

/// The filters as they stand in an address.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypedFilter<'a> {
    /// An instant.
    pub from: Option<&'a str>,
    /// An instant.
    pub to: Option<&'a str>,
    /// A state.
    pub status: Option<&'a str>,
}

impl Filter {
    /// Reads the filters of an address; every fault is reported at once.
    pub fn parse(typed: TypedFilter<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let filter = Self {
            from: read(&mut faults, "from", typed.from, instant),
            to: read(&mut faults, "to", typed.to, instant),
            status: read(&mut faults, "status", typed.status, Status::parse),
        };
        check_range(&mut faults, filter.from, filter.to);
        faults.finish(|| Some(filter))
    }
}

/// The appointments that pass the filter, those made last first.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    page: PageRequest,
) -> Result<Page<Appointment>, DbError> {
    let appointments = app
        .db
        .read("appointments.list", &Claims::from(caller), async |tx| {
            store::list(tx, filter, page).await
        })
        .await?;
    Ok(Page::from_rows(appointments, page, |appointment| appointment.id))
}
