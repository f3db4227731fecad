//! Forgetting what no longer has to be proved: three years after its collection an entry loses its content and its salt, and
//! keeps its place and its hash (R223-2 code de la consommation; RGPD, article 5(1)(e)).

use jiff::{Span, Timestamp, tz::TimeZone};

use crate::App;
use crate::db::DbError;

/// How many entries one sweep empties.
const AT_ONCE: i32 = 1_000;

/// Empties entries that are older than three years; returns how many.
pub async fn forget_old(app: &App, now: Timestamp) -> Result<i32, DbError> {
    let before = now
        .to_zoned(TimeZone::UTC)
        .checked_sub(Span::new().years(3))
        .map_or(Timestamp::MIN, |before| before.timestamp());
    app.db.forget_old_consents(before, AT_ONCE).await
}
