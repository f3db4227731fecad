//! A report that was lost: Vapi is asked what a call was, some minutes after its end and at growing distances. What it says
//! goes the way of the report, so that one that comes late changes nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::apply::{Applied, ApplyError, apply};
use super::report_store::{self, Unreported};
use crate::App;
use crate::adapters::vapi::{AskedCall, VapiError};
use crate::campaigns::end::release_next;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{CallId, OrganizationId};

/// How many organisations, and calls of each, one run asks about, and how long it goes on.
const ORGANIZATIONS: i32 = 50;
const CALLS: i64 = 20;
const TIME: Duration = Duration::from_secs(20);
/// When Vapi is asked again that had no time.
const PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// From this question on, a report is taken although something of it is missing.
const ENOUGH: i32 = 3;

/// Asks for the reports of calls that have ended without one; returns how many were told.
pub async fn ask_for_reports(app: &App, now: Timestamp) -> Result<usize, ApplyError> {
    let organizations = app
        .db
        .organizations_with_unreported_calls(now, ORGANIZATIONS)
        .await?;
    let deadline = tokio::time::Instant::now() + TIME;
    let mut told = 0;
    for organization in organizations {
        if tokio::time::Instant::now() >= deadline {
            break;
        }
        let calls = take(app, organization, now).await?;
        for (index, call) in calls.iter().enumerate() {
            let in_time = tokio::time::Instant::now() < deadline;
            let asked = if in_time {
                ask(app, organization, call).await?
            } else {
                Outcome::NoTime
            };
            match asked {
                Outcome::Told => told += 1,
                Outcome::Nothing => {}
                // One key serves every organisation: who comes next would hear the same.
                Outcome::NoTime => {
                    let rest: Vec<_> = calls[index..].iter().map(|call| call.id).collect();
                    give_back(app, organization, &rest, now).await?;
                    return Ok(told);
                }
            }
        }
    }
    Ok(told)
}

enum Outcome {
    Told,
    Nothing,
    NoTime,
}

async fn ask(app: &App, organization: OrganizationId, call: &Unreported) -> Result<Outcome, ApplyError> {
    let now = app.clock.now();
    let asked = match app.vapi().await {
        Ok(vapi) => vapi.call_report(&call.vapi_call_id, now).await,
        Err(error) => {
            tracing::warn!(%error, "the key of vapi is not to be had");
            return Ok(Outcome::NoTime);
        }
    };
    match asked {
        Ok(AskedCall::Ended { report, is_complete }) if is_complete || call.asks >= ENOUGH => {
            tracing::info!(call_id = %call.id, "a report that did not come was asked for");
            if let Applied::Stored { freed: Some(freed) } = apply(app, &report).await? {
                release_next(app, freed).await;
            }
            Ok(Outcome::Told)
        }
        Ok(AskedCall::Ended { .. } | AskedCall::Running) => Ok(Outcome::Nothing),
        Ok(AskedCall::Absent) => {
            tracing::info!(call_id = %call.id, "vapi has forgotten a call that was never reported on");
            stop_asking(app, organization, call.id, now).await?;
            Ok(Outcome::Nothing)
        }
        // This call alone: the others may be told.
        Err(error @ (VapiError::Refused { status: 400 } | VapiError::Unreadable)) => {
            tracing::warn!(call_id = %call.id, %error, "vapi was asked for a report and said nothing");
            Ok(Outcome::Nothing)
        }
        Err(error) => {
            tracing::warn!(%error, "vapi could not be asked for reports");
            Ok(Outcome::NoTime)
        }
    }
}

async fn take(app: &App, organization: OrganizationId, now: Timestamp) -> Result<Vec<Unreported>, DbError> {
    app.db
        .write(
            "calls.take_unreported",
            &Claims::platform(organization),
            async |tx| report_store::take(tx, now, CALLS).await,
        )
        .await
}

async fn stop_asking(
    app: &App,
    organization: OrganizationId,
    call: CallId,
    now: Timestamp,
) -> Result<(), DbError> {
    app.db
        .write("calls.stop_asking", &Claims::platform(organization), async |tx| {
            report_store::stop_asking(tx, call, now).await
        })
        .await
}

async fn give_back(
    app: &App,
    organization: OrganizationId,
    calls: &[CallId],
    now: Timestamp,
) -> Result<(), DbError> {
    let at = now.saturating_add(PAUSE).unwrap_or(now);
    app.db
        .write(
            "calls.give_unreported_back",
            &Claims::platform(organization),
            async |tx| report_store::give_back(tx, calls, at).await,
        )
        .await
}
