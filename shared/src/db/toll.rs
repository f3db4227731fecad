//! The transaction ahead of a request's own: it counts the request, and proves its API key.
//!
//! It is one simple query, so one message and one implicit transaction, sent ahead of `BEGIN` in the same packet: no round
//! trip more, and what it counted stays counted when the request's transaction is undone. Its values are ours (hashes, ids,
//! numbers, times), so they are written into it.
//!
//! If counting fails by itself, an authenticated request goes on: who asks is proven, and a limiter that is broken must not
//! be an outage. Where the limit itself is the protection (login, sign-up, mails), whoever opens the door asks
//! [`super::Db::pay`] for strictness, and nothing is done uncounted.

use std::fmt::Write as _;

use tokio_postgres::SimpleQueryMessage;

use super::error::DbError;
use crate::kernel::hex;
use crate::kernel::meter::{Bill, Charge, Meter, Standing, Subject, UNLIMITED};

/// The statements that pay a bill.
pub(super) fn statements(bill: &Bill) -> String {
    let mut sql = String::from("-- edge.pay\nselect set_config('role', 'zencall_app', true)");
    if !bill.charges.is_empty() {
        let (counted, at) = (arrays(&bill.charges), bill.at);
        match &bill.key {
            Some(key) => {
                let scope = key.scope.map_or("null".to_owned(), |scope| format!("'{scope}'"));
                write!(
                    sql,
                    "; select encode(spent_subject, 'hex'), spent, seconds_left, is_over, is_granted
                       from zencall.use_or_refuse_api_key('{}', '{}', {}, {scope}, {counted}, {}, {}, {}, '{at}'::timestamptz)",
                    key.id,
                    key.organization,
                    literal(Some(Subject(key.hash.0))),
                    arrays(&key.guesses.limits),
                    literal(Some(key.guesses.known.subject)),
                    key.guesses.known.seconds,
                )
            }
            None => write!(
                sql,
                "; select encode(spent_subject, 'hex'), spent, seconds_left, is_over, true
                   from zencall.spend({counted}, '{at}'::timestamptz)"
            ),
        }
        .unwrap_or_default();
    }
    if !bill.returns.is_empty() {
        let subjects = array(&bill.returns, "bytea", |subject| literal(Some(*subject)));
        write!(sql, "; select zencall.give_back({subjects})").unwrap_or_default();
    }
    sql
}

/// Subjects, how many of each are allowed, in how many seconds, and for whom it does not stop.
fn arrays(charges: &[Charge]) -> String {
    format!(
        "{}, {}, {}, {}",
        array(charges, "bytea", |charge| literal(Some(charge.subject))),
        array(charges, "int", |charge| charge.allowed.to_string()),
        array(charges, "int", |charge| charge.seconds.to_string()),
        array(charges, "bytea", |charge| literal(charge.waiver)),
    )
}

fn array<T>(items: &[T], sql_type: &str, write: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = items.iter().map(write).collect();
    format!("array[{}]::{sql_type}[]", items.join(", "))
}

fn literal(subject: Option<Subject>) -> String {
    subject.map_or("null".to_owned(), |subject| format!("'\\x{}'", hex(&subject.0)))
}

/// Reads what was counted into the meter; refuses a request that is over a limit, or whose key is not good, or lacks the
/// scope.
pub(super) fn settle(meter: &Meter, bill: &Bill, answer: &[SimpleQueryMessage]) -> Result<(), DbError> {
    let mut retry_after = None;
    let (mut granted, mut refused) = (true, false);
    let guesses = bill.key.iter().flat_map(|key| &key.guesses.limits);
    let charges: Vec<_> = bill.charges.iter().chain(guesses).collect();
    for row in answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }) {
        // The other statements' rows have one column.
        if row.len() != 5 {
            continue;
        }
        let subject = row.get(0).unwrap_or_default();
        let number = |column| row.get(column).and_then(|text| text.parse::<u32>().ok());
        let (Some(spent), Some(seconds)) = (number(1), number(2)) else {
            continue;
        };
        let charge = charges.iter().find(|charge| hex(&charge.subject.0) == subject);
        let Some(Charge { allowed, waiver, .. }) = charge else {
            continue;
        };
        let over = row.get(3) == Some("t");
        match row.get(4) {
            Some(word) => granted &= word == "t",
            None => refused = true,
        }
        if over {
            retry_after = retry_after.max(Some(seconds));
        }
        // What may be waived says nothing of this request.
        if over || (waiver.is_none() && *allowed < UNLIMITED) {
            meter.note(Standing {
                limit: *allowed,
                remaining: allowed.saturating_sub(spent),
                reset_seconds: seconds,
            });
        }
    }
    match retry_after {
        Some(seconds) => Err(DbError::TooMany(seconds.max(1))),
        None if refused => Err(DbError::ApiKeyRefused),
        None if !granted => Err(DbError::ScopeMissing(bill.key.as_ref().and_then(|key| key.scope))),
        None => {
            if bill.key.is_some() && !bill.charges.is_empty() {
                meter.prove_key();
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_values_of_ours_stand_in_the_statements() {
        let charge = Charge {
            subject: Subject::of_id("organization", Uuid::nil()),
            allowed: 1200,
            seconds: 60,
            waiver: None,
        };
        let bill = Bill {
            charges: vec![charge],
            returns: vec![charge.subject],
            key: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let sql = statements(&bill);
        assert!(
            sql.contains(
                "array[1200]::int[], array[60]::int[], array[null]::bytea[], '1970-01-01T00:00:00Z'"
            )
        );
        assert!(sql.ends_with("::bytea[])"), "{sql}");
        assert_eq!(sql.matches('\'').count() % 2, 0);
    }
}
