//! A forecast: whom a campaign could call, when and at what cost, and whom not and why. Nothing is called and nothing is
//! written; the gate is asked for every contact, some thousands at a time, so that memory stays flat.

mod tally;
mod warnings;

use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::time::Instant;

use super::budget::worst_case;
use super::gate::RefusalCode;
use super::solicitation::{self, Recent};
use super::store::forecast::Plan;
use super::store::release::Candidate;
use super::{CampaignError, objections, store};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::ids::{CampaignId, ContactId};
use crate::kernel::number_key::NumberKey;
use crate::kernel::{Caller, Text};
use tally::Tally;

/// How many contacts one look takes.
const BATCH: i64 = 5_000;
/// The API answers within 29 seconds: what was not looked at until then is said to be left.
const TIME: Duration = Duration::from_secs(20);
/// What would become of the contacts that wait.
#[derive(Debug, Clone, Default)]
pub struct Forecast {
    /// How many can be called, now or at their next lawful time.
    pub callable: i64,
    /// How many cannot, by rule.
    pub refused: Vec<RefusedGroup>,
    /// The same by clock.
    pub zones: Vec<ZoneGroup>,
    /// When the first call could be made.
    pub first_call_at: Option<Timestamp>,
    /// When the last one would end.
    pub estimated_end_at: Option<Timestamp>,
    /// How long all calls take together.
    pub estimated_minutes: f64,
    /// What they cost, in US dollars.
    pub estimated_cost: Decimal,
    /// What somebody should know before the start.
    pub warnings: Vec<Warning>,
}

/// Contacts that are refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGroup {
    /// Why.
    pub code: RefusalCode,
    /// The article or the setting that it comes from.
    pub rule: &'static str,
    /// How many.
    pub count: i64,
    /// When the first of them may be asked about again.
    pub retry_at: Option<Timestamp>,
}

/// Contacts on one clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneGroup {
    /// Its name; several where a postal code and a number differ; `unknown` where nothing tells.
    pub zone: String,
    /// How many of them can be called.
    pub callable: i64,
    /// How many cannot.
    pub refused: i64,
    /// When the first of them could be.
    pub first_call_at: Option<Timestamp>,
}

/// Something to know before the start.
#[derive(Debug, Clone)]
pub struct Warning {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: Text,
}

/// Asks the gate about every contact that waits.
pub async fn forecast(app: &App, caller: &Caller, id: CampaignId) -> Result<Forecast, CampaignError> {
    let (now, claims) = (app.clock.now(), &Claims::from(caller));
    let plan = &app
        .db
        .read("campaigns.forecast", claims, async |tx| {
            store::forecast::plan(tx, id).await
        })
        .await?
        .ok_or(CampaignError::NotFound)?;
    let key = &*app.number_key().await?;
    let next_call = worst_case(app.config.call_price_per_minute, plan.max_duration_seconds);
    let mut tally = Tally::new(plan, next_call, now);
    let deadline = Instant::now() + TIME;
    let mut after: Option<ContactId> = None;
    let mut is_whole = true;
    loop {
        let batch = look(app, claims, id, plan, key, after).await?;
        let (candidates, recent) = &batch;
        for candidate in candidates {
            tally.ask(candidate, recent.of(candidate));
        }
        after = candidates.last().map(|candidate| candidate.contact);
        if i64::try_from(candidates.len()).unwrap_or(0) < BATCH {
            break;
        }
        if Instant::now() >= deadline {
            is_whole = false;
            break;
        }
    }
    Ok(tally.finish(app.config.call_price_per_minute, is_whole))
}

async fn look(
    app: &App,
    claims: &Claims,
    id: CampaignId,
    plan: &Plan,
    key: &NumberKey,
    after: Option<ContactId>,
) -> Result<(Vec<Candidate>, Recent), CampaignError> {
    let now = app.clock.now();
    let mut candidates: Vec<Candidate> = app
        .db
        .read("campaigns.forecast_contacts", claims, async |tx| {
            store::forecast::contacts(tx, id, after, BATCH).await
        })
        .await?;
    objections::hash(key, &mut candidates);
    let (campaign, batch) = (&plan.gate, &candidates);
    let (recent, objections) = app
        .db
        .read("campaigns.forecast_history", claims, async |tx| {
            let (recent, objections) = join(
                solicitation::recent_of_one(tx, key, campaign, batch, now),
                objections::among(tx, Some(key), batch),
            )
            .await;
            Ok::<_, DbError>((recent?, objections?))
        })
        .await?;
    objections::note(&objections, &mut candidates);
    Ok((candidates, recent))
}
