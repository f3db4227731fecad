//! Release: hands contacts whose turn has come to the queue, as far as there are slots. Each wave is a constant number
//! of statements, whatever the size of the campaign.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use tokio::time::Instant;

use super::budget;
use super::evidence;
use super::gate::{self, Decision, History, Line, RefusalCode};
use super::lines::HELD;
use super::solicitation::{self, Recent};
use super::store::decision::DecisionRow;
use super::store::granted::Granted;
use super::store::release::{Candidate, UnderWay};
use super::store::wave::Wave;
use super::turns::Turns;
use super::{objections, offer, requests, store, upkeep};
use crate::App;
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::{AttemptId, CampaignId, OrganizationId};
use crate::kernel::number_key::NumberKey;

/// The most contacts that one wave looks at.
const WAVE: i32 = 500;
/// How many more contacts than there are slots a first wave looks at, since some will be refused; five times as many each
/// further one. Whoever is looked at is locked.
const SPARE: i32 = 4;
/// How long one release goes on before it leaves the rest to the next.
const TIME: Duration = Duration::from_secs(10);
/// How long a lease outlives the longest call, so that a late end finds its slot still held.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_mins(15);
/// A call that waits as long as it may still ends within its lease.
const _: () = assert!(HELD.as_secs() < LEASE_MARGIN.as_secs());

/// What a wave did.
#[derive(Default)]
struct Done {
    queued: Granted,
    /// Whether there may be more to do at once.
    go_on: bool,
}

/// Releases what may be called now, for one organisation, as far as its share of the free lines goes; returns how many
/// calls were queued.
pub async fn release(app: &App, organization: OrganizationId) -> Result<usize, DbError> {
    let up_to = offer::share_of(app, organization).await?;
    release_up_to(app, organization, up_to, Instant::now() + TIME).await
}

/// The same, until the organisation has `up_to` calls under way. At least one wave, whatever the time.
pub(super) async fn release_up_to(
    app: &App,
    organization: OrganizationId,
    up_to: i32,
    deadline: Instant,
) -> Result<usize, DbError> {
    let claims = &Claims::platform(organization).with_joins_as_written();
    let key = solicitation::number_key(app).await;
    let key = key.as_deref();
    let mut queued = 0;
    let mut spare = SPARE;
    loop {
        let now = app.clock.now();
        let done = app
            .db
            .write("campaigns.release", claims, async |tx| {
                release_wave(tx, app, key, (spare, up_to), now).await
            })
            .await?;
        queued += done.queued.attempts.len();
        requests::request_spread_calls(app, organization, &done.queued).await;
        if !done.go_on || Instant::now() >= deadline {
            break;
        }
        // Everybody was refused: look further at once.
        spare = (spare * 5).min(WAVE);
    }
    if queued > 0 {
        tracing::info!(organization_id = %organization, queued, "released calls");
    }
    Ok(queued)
}

async fn release_wave(
    tx: &TenantTx,
    app: &App,
    key: Option<&NumberKey>,
    (spare, up_to): (i32, i32),
    now: Timestamp,
) -> Result<Done, DbError> {
    let overview = upkeep::watch(tx, store::release::overview(tx, now).await?, now).await?;
    let under_way: Vec<_> = overview.campaigns.iter().map(|campaign| campaign.id).collect();
    if under_way.is_empty() {
        return Ok(Done::default());
    }
    let room = overview.free_slots.min(overview.organization_room);
    let share = up_to - overview.organization_leases;
    let free = room.min(share).min(overview.turns_left).max(0);
    let limits: Vec<i32> = overview
        .campaigns
        .iter()
        .map(|campaign| match key {
            // Without it nobody knows who objects, nor how often the law lets them be called.
            Some(_) => look_at(campaign, free, spare),
            None => 0,
        })
        .collect();
    let mut candidates = if free > 0 {
        store::release::candidates(tx, &under_way, &limits, now).await?
    } else {
        Vec::new()
    };
    if let Some(key) = key {
        objections::hash(key, &mut candidates);
    }
    let (recent, objections) = join(
        solicitation::recent(tx, key, &overview.campaigns, &candidates, now),
        objections::among(tx, key, &candidates),
    )
    .await;
    let (recent, objections) = (recent?, objections?);
    objections::note(&objections, &mut candidates);
    let mut turns = Turns::new(&overview, candidates, free);
    let wave = decide_wave(app, &mut turns, &recent, now);
    let wanted = wave.attempts.len();
    // Its account dials no more now, though there is room: somebody comes back.
    let more =
        overview.turns_left < room && i32::try_from(wanted).is_ok_and(|wanted| wanted >= overview.turns_left);
    // A campaign that gets a call has somebody left, and so, where any call is given out, has one with a call under way.
    let nobody_called = wave.attempts.is_empty();
    let idle: Vec<_> = overview
        .campaigns
        .iter()
        .filter(|campaign| {
            nobody_called || (campaign.leases == 0 && !wave.attempt_campaigns.contains(&campaign.id))
        })
        .map(|campaign| campaign.id)
        .collect();
    let queued = store::wave::write(tx, &wave, &idle, more, now).await?;
    Ok(Done {
        // Slots are left, and in some campaign there may be more contacts behind those that were refused.
        go_on: queued.attempts.len() == wanted && turns.may_find_more(&limits),
        queued,
    })
}

/// How many contacts of a campaign a wave looks at: none where it has no room.
fn look_at(campaign: &UnderWay, free: i32, spare: i32) -> i32 {
    let room = campaign.room.min(free);
    if room <= 0 { 0 } else { (room + spare).min(WAVE) }
}

/// Asks the gate for each candidate, until there is no room left.
fn decide_wave(app: &App, turns: &mut Turns<'_>, recent: &Recent, now: Timestamp) -> Wave {
    let mut wave = Wave::default();
    let mut set_aside: HashMap<CampaignId, Decimal> = HashMap::new();
    while let Some((campaign, candidate)) = turns.next() {
        let history = History {
            campaign_attempts: candidate.attempts,
            spent: campaign.spent + set_aside.get(&campaign.id).copied().unwrap_or_default(),
            next_call: budget::worst_case(app.config.call_price_per_minute, campaign.max_duration_seconds),
            solicitations: recent.of(&candidate),
            // It is leased with what is decided, and nobody is queued without one.
            line: Line::ToCome,
        };
        let decision = gate::decide(&candidate.gate, &campaign.gate, &history, now);
        let inputs = evidence::inputs(&candidate.gate, &campaign.gate, &history, now);
        let about = (candidate.campaign, candidate.contact);
        let mut attempt = None;
        match &decision {
            Decision::Allow { .. } => {
                let id = AttemptId::new(&app.clock);
                allow(&mut wave, campaign, &candidate, id, now);
                wave.reserved.push(history.next_call);
                *set_aside.entry(campaign.id).or_default() += history.next_call;
                wave.solicitation_keys.push(recent.key(&candidate));
                turns.take(campaign.id);
                attempt = Some(id);
            }
            // That is the campaign's fault, and nobody else's: its contacts keep their turn.
            Decision::Refuse(refusal) if refusal.code == RefusalCode::CallerIdNotAllowed => {
                wave.stopped.push(campaign.id);
                wave.stop_reasons.push(match campaign.gate.caller_number {
                    None => "twilio_not_configured",
                    Some(_) => refusal.code.as_str(),
                });
                turns.close(campaign.id);
            }
            // Calls under way may cost less than was set aside for them: only without any is the campaign stopped.
            Decision::Refuse(refusal) if refusal.code == RefusalCode::BudgetExhausted => {
                if campaign.is_settling || set_aside.contains_key(&campaign.id) {
                    wave.resting.push(campaign.id);
                } else {
                    wave.stopped.push(campaign.id);
                    wave.stop_reasons.push(budget::EXHAUSTED);
                }
                turns.close(campaign.id);
            }
            // Whoever looks at assistants brings that in order, or stops the campaign.
            Decision::Refuse(refusal) if refusal.code == RefusalCode::AssistantNotCompliant => {
                wave.resting.push(campaign.id);
                turns.close(campaign.id);
            }
            Decision::Refuse(refusal) => {
                wave.refused_campaigns.push(candidate.campaign);
                wave.refused_contacts.push(candidate.contact);
                wave.refusal_codes.push(refusal.code.as_str());
                wave.refusal_rules.push(refusal.rule);
                wave.retry_at.push(refusal.retry_at);
            }
        }
        wave.decisions
            .push(DecisionRow::new(&app.clock, about, attempt, decision, inputs));
    }
    wave
}

fn allow(wave: &mut Wave, campaign: &UnderWay, candidate: &Candidate, attempt: AttemptId, now: Timestamp) {
    let longest = SignedDuration::from_secs(i64::from(campaign.max_duration_seconds));
    wave.attempts.push(attempt);
    wave.attempt_campaigns.push(candidate.campaign);
    wave.attempt_contacts.push(candidate.contact);
    wave.attempt_assistants.push(campaign.assistant);
    wave.attempt_numbers.push(candidate.tries + 1);
    wave.number_hashes.push(candidate.number_hash.clone());
    wave.leased_until.push(
        now.saturating_add(longest + LEASE_MARGIN)
            .unwrap_or(Timestamp::MAX),
    );
}
