//! What a wave was granted: which attempts got a line, and when each is dialled.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use super::get;
use crate::db::DbError;
use crate::kernel::ids::AttemptId;

/// The attempts of a wave that got a line, and when each is dialled.
#[derive(Default)]
pub(in crate::campaigns) struct Granted {
    pub(in crate::campaigns) attempts: Vec<AttemptId>,
    /// After how many seconds: as fast as the account at Twilio dials.
    pub(in crate::campaigns) delays: Vec<i32>,
    /// After how many seconds somebody should come back for those whom the account cannot dial now.
    pub(in crate::campaigns) wakes_in: Option<i32>,
}

impl Granted {
    /// Reads what the statement that writes a wave returns.
    pub(super) fn read(rows: &[Row], now: Timestamp) -> Result<Self, DbError> {
        let mut granted = Self::default();
        // A queue counts in whole seconds; a call that is early would be one too many.
        let seconds_until = |at: Timestamp| at.duration_since(now).as_secs_f64().ceil().max(0.0) as i32;
        for row in rows {
            let (first_at, apart): (Timestamp, f64) = (get(row, "first_at")?, get(row, "apart")?);
            let wakes_at: Option<Timestamp> = get(row, "wakes_at")?;
            granted.wakes_in = wakes_at.map(seconds_until);
            if let Some(attempt) = get::<Option<AttemptId>>(row, "attempt_id")? {
                let turn = apart * granted.attempts.len() as f64;
                let at = first_at.saturating_add(SignedDuration::from_secs_f64(turn));
                granted.delays.push(at.map_or(0, seconds_until));
                granted.attempts.push(attempt);
            }
        }
        Ok(granted)
    }
}
