//! The report of a campaign: each contact counts once, so that the counts always add up.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{CampaignError, Status, store};
use crate::App;
use crate::db::Claims;
use crate::kernel::Caller;
use crate::kernel::ids::CampaignId;

/// How a campaign went, so far.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where it stands.
    pub status: Status,
    /// All its contacts.
    pub total_contacts: i64,
    /// To be called, for the first time or again.
    pub pending: i64,
    /// Being called.
    pub in_progress: i64,
    /// Contacts that are final, by their last outcome, from here to `failed`: somebody answered.
    pub answered: i64,
    /// Handed over to a person.
    pub transferred: i64,
    /// Nobody picked up.
    pub no_answer: i64,
    /// Engaged.
    pub busy: i64,
    /// A machine picked up.
    pub voicemail: i64,
    /// Something broke.
    pub failed: i64,
    /// Not called, because the campaign was cancelled.
    pub cancelled: i64,
    /// Not called, by reason.
    pub skipped: BTreeMap<String, i64>,
    /// Contacts in a final state.
    pub completed: i64,
    /// Attempts that were made.
    pub attempts: i64,
    /// (answered + transferred) / contacts attempted; none before the first attempt.
    pub success_rate: Option<f64>,
    /// Of calls that were answered.
    pub average_duration_seconds: Option<f64>,
    /// Of all calls, in US dollars.
    pub total_cost: Decimal,
    /// Sentiments of answered calls: positive, neutral, negative, unknown.
    pub sentiment: [i64; 4],
    /// Made in its calls, and not cancelled since.
    pub appointments: i64,
    /// When it may be through, by its own pace; windows are not looked at.
    pub estimated_end_at: Option<Timestamp>,
}

/// The report, in one round trip.
pub async fn report(app: &App, caller: &Caller, id: CampaignId) -> Result<Report, CampaignError> {
    let counts = app
        .db
        .read("campaigns.report", &Claims::from(caller), async |tx| {
            store::report::counts(tx, id).await
        })
        .await?
        .ok_or(CampaignError::NotFound)?;
    let of = |status: &str, outcome: Option<&str>| -> i64 {
        let matches = |group: &&store::report::Group| {
            group.status == status
                && outcome.is_none_or(|outcome| group.last_outcome.as_deref() == Some(outcome))
        };
        counts
            .groups
            .iter()
            .filter(matches)
            .map(|group| group.contacts)
            .sum()
    };
    let last = |outcome| of("completed", Some(outcome)) + of("failed", Some(outcome));
    let mut skipped = BTreeMap::new();
    for group in counts.groups.iter().filter(|group| group.status == "skipped") {
        let code = group
            .refusal_code
            .clone()
            .unwrap_or_else(|| "no_legal_basis".to_owned());
        *skipped.entry(code).or_insert(0) += group.contacts;
    }
    let total_contacts: i64 = counts.groups.iter().map(|group| group.contacts).sum();
    let pending = of("pending", None) + of("waiting", None);
    let in_progress = of("active", None);
    let (answered, transferred) = (last("answered"), last("transferred"));
    let attempted: i64 = counts.groups.iter().map(|group| group.attempted).sum();
    Ok(Report {
        status: counts.status,
        total_contacts,
        pending,
        in_progress,
        answered,
        transferred,
        no_answer: last("no_answer"),
        busy: last("busy"),
        voicemail: last("voicemail"),
        failed: last("failed"),
        cancelled: of("cancelled", None) + last("cancelled"),
        skipped,
        completed: total_contacts - pending - in_progress,
        attempts: counts.groups.iter().map(|group| group.attempts).sum(),
        success_rate: ratio(answered + transferred, attempted),
        average_duration_seconds: counts.average_duration_seconds,
        total_cost: counts.total_cost,
        sentiment: counts.sentiment,
        appointments: counts.appointments,
        estimated_end_at: estimate(&counts, pending + in_progress, total_contacts, app.clock.now()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^52")]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// At the pace so far, from the start until now.
fn estimate(counts: &store::report::Counts, left: i64, total: i64, now: Timestamp) -> Option<Timestamp> {
    let started_at = counts.started_at.filter(|_| counts.status == Status::Running)?;
    let done = total - left;
    if done == 0 {
        return None;
    }
    let so_far = now.duration_since(started_at).as_secs();
    now.checked_add(SignedDuration::from_secs(so_far.checked_mul(left)? / done))
        .ok()
}
