//! The verdict: what the database believes, held against what Vapi really received.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;
use zencall::App;
use zencall::campaigns::{report, verify};
use zencall::kernel::ended_reason::EndedReason;

use super::bounds;
use super::people::Silence;
use super::platform::{Platform, Started};
use super::vapi::{Call, Record};

/// Attempts per contact that the campaigns of a run allow, and faults of the platform that count as none.
const MOST_ATTEMPTS: usize = 3;
const MOST_UNCOUNTED: usize = 2;
/// What a run came to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What must be zero.
    pub(super) wrong: Vec<(&'static str, usize)>,
    /// What is told as it is.
    pub(super) told: Vec<(String, usize)>,
    /// An example of what is wrong, to look at.
    pub(super) examples: Vec<String>,
}

impl Verdict {
    /// Notes what was found of something that must not be.
    pub(super) fn judge(&mut self, what: &'static str, found: Vec<String>) {
        self.wrong.push((what, found.len()));
        self.examples.extend(
            found
                .into_iter()
                .take(2)
                .map(|example| format!("{what}: {example}")),
        );
    }

    /// Notes something as it is.
    pub(super) fn tell(&mut self, what: impl Into<String>, count: usize) {
        self.told.push((what.into(), count));
    }

    /// Whether everything that must be zero is.
    pub(super) fn is_good(&self) -> bool {
        self.wrong.iter().all(|(_, count)| *count == 0)
    }

    /// How many of what must be zero were found, by kind.
    pub(super) fn of(&self, what: &str) -> usize {
        let found = self.wrong.iter().find(|(name, _)| *name == what);
        found.map_or(0, |(_, count)| *count)
    }

    /// What is told under this name.
    pub(super) fn told_of(&self, what: &str) -> usize {
        let told = self.told.iter().find(|(name, _)| name == what);
        told.map_or(0, |(_, count)| *count)
    }
}

/// Holds one against the other.
pub(super) async fn judge(platform: &Platform, app: &App, started: &[Started]) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    database(platform, &mut verdict).await?;
    {
        let record = platform.vapi.record();
        calls(&record, platform.world.plan.slots, &mut verdict);
        silence(&record, &platform.world.silences(), &mut verdict);
    }
    bounds::judge(platform, &mut verdict).await?;
    attempts(platform, &mut verdict).await?;
    reports(platform, app, started, &mut verdict).await?;
    decisions(app, &mut verdict).await?;
    told(platform, &mut verdict);
    Ok(verdict)
}

/// What no database may hold after everything is through.
async fn database(platform: &Platform, verdict: &mut Verdict) -> anyhow::Result<()> {
    for (what, sql) in [
        (
            "contacts lost",
            "select k.contact_id || ' is ' || k.status || ' due at ' || k.due_at
               from campaign_contacts k join campaigns c on c.id = k.campaign_id
              where k.status not in ('completed', 'failed', 'skipped', 'cancelled')
                and not (k.status <> 'active' and c.pause_reason is not distinct from 'budget_exhausted')",
        ),
        (
            "campaigns that are not through",
            "select id || ' is ' || status from campaigns
              where status not in ('completed', 'cancelled') and pause_reason is distinct from 'budget_exhausted'",
        ),
        (
            "slots leaked",
            "select number || ' is held by ' || attempt_id from platform_slots where attempt_id is not null",
        ),
        (
            "attempts left open",
            "select id || ' is ' || status from call_attempts where status not in ('ended', 'released')",
        ),
        (
            "calls left open",
            "select id || ' is ' || status from calls where status <> 'ended'",
        ),
        (
            "budgets that are not what the calls cost",
            "select c.id || ' has ' || coalesce(s.spent, 0) || ' of ' || coalesce(d.cost, 0)
               from campaigns c
               left join (select campaign_id, sum(spent) as spent from campaign_accounts group by 1) s on s.campaign_id = c.id
               left join (select campaign_id, sum(cost) as cost from calls group by 1) d on d.campaign_id = c.id
              where coalesce(s.spent, 0) <> coalesce(d.cost, 0)",
        ),
        (
            "contacts whose attempts do not add up",
            "select k.contact_id || ' has ' || k.attempts || ' of ' || k.tries || ' with ' || count(a.id) || ' made'
               from campaign_contacts k
               left join call_attempts a on a.campaign_id = k.campaign_id and a.contact_id = k.contact_id
                                        and a.status = 'ended'
              group by k.campaign_id, k.contact_id
             having k.attempts > count(a.id) or k.attempts < count(a.id) - 2 or k.tries < count(a.id)",
        ),
    ] {
        let rows = platform.database.query(sql, &[]).await?;
        verdict.judge(what, rows.iter().map(|row| row.get(0)).collect());
    }
    Ok(())
}

/// What may never happen to anybody's telephone.
fn calls(record: &Record, slots: i32, verdict: &mut Verdict) {
    let twice = record.requests.iter().filter(|(_, requests)| **requests > 1);
    verdict.judge(
        "attempts that were requested twice",
        twice.map(|(attempt, _)| attempt.clone()).collect(),
    );
    let placed = || record.calls.iter().filter(|call| !call.blocked);
    let mut by_person: HashMap<(&str, &str), Vec<&Call>> = HashMap::new();
    for call in placed() {
        by_person
            .entry((&call.campaign, &call.phone))
            .or_default()
            .push(call);
    }
    let (mut at_once, mut beyond, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for ((_, phone), calls) in &by_person {
        for pair in calls.windows(2) {
            if pair[1].placed_at < pair[0].ended_at() {
                at_once.push(format!("{phone}: {} and {}", pair[0].attempt, pair[1].attempt));
            }
            let reason = EndedReason::read(pair[0].course.reason).outcome;
            if matches!(reason.as_str(), "answered" | "transferred") {
                after.push(format!("{phone}: {} after {}", pair[1].attempt, pair[0].attempt));
            }
        }
        let rang = calls.iter().filter(|call| call.course.rang()).count();
        if rang > MOST_ATTEMPTS || calls.len() > MOST_ATTEMPTS + MOST_UNCOUNTED {
            beyond.push(format!("{phone}: {rang} of {}", calls.len()));
        }
    }
    verdict.judge("two calls of one contact at once", at_once);
    verdict.judge("calls beyond a contact's attempts", beyond);
    verdict.judge("calls to somebody who had answered", after);
    let most = most_at_once(placed());
    let limit = usize::try_from(slots).unwrap_or_default();
    let over = (most > limit).then(|| format!("{most} of {limit}"));
    verdict.judge(
        "instants with more calls than Vapi allows",
        over.into_iter().collect(),
    );
    verdict.tell(super::CALLS, placed().count());
    verdict.tell("most calls at once", most);
    for (reception, count) in record.receptions.iter().collect::<BTreeMap<_, _>>() {
        verdict.tell(format!("requests: {reception}"), *count);
    }
}

/// Nobody is called after it was acknowledged that they, or their campaign, are not to be.
fn silence(record: &Record, silences: &[Silence], verdict: &mut Verdict) {
    let broken = record.calls.iter().filter(|call| !call.blocked).filter(|call| {
        silences.iter().any(|silence| {
            silence.campaign == call.campaign
                && silence.phone.as_ref().is_none_or(|phone| *phone == call.phone)
                && call.placed_at > silence.from
                && call.placed_at < silence.until
        })
    });
    let broken = broken.map(|call| call.attempt.clone()).collect();
    verdict.judge("calls after a pause, an end or an objection", broken);
}

/// The most calls that ever were under way together.
fn most_at_once<'a>(calls: impl Iterator<Item = &'a Call>) -> usize {
    let mut changes: Vec<(Timestamp, i64)> = calls
        .flat_map(|call| [(call.placed_at, 1), (call.ended_at(), -1)])
        .collect();
    // An end comes before a beginning in the same instant.
    changes.sort();
    let mut now = 0_i64;
    let counts = changes.into_iter().map(|(_, change)| {
        now += change;
        now
    });
    counts
        .max()
        .and_then(|most| most.try_into().ok())
        .unwrap_or_default()
}

/// Every call is one attempt of ours with the outcome that it had, and the other way round.
async fn attempts(platform: &Platform, verdict: &mut Verdict) -> anyhow::Result<()> {
    let rows = platform
        .database
        .query(
            "select id, status, vapi_call_id, outcome, released_reason from call_attempts",
            &[],
        )
        .await?;
    let record = platform.vapi.record();
    let calls: HashMap<&str, &Call> = record
        .calls
        .iter()
        .map(|call| (call.attempt.as_str(), call))
        .collect();
    let (mut given_back, mut invented, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    let mut known = HashSet::new();
    let mut released: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        let (id, status): (Uuid, &str) = (row.get(0), row.get(1));
        let (vapi_id, outcome, reason): (Option<&str>, Option<&str>, Option<&str>) =
            (row.get(2), row.get(3), row.get(4));
        let id = id.to_string();
        let call = calls.get(id.as_str());
        match (status, call) {
            ("released", Some(call)) if !call.blocked => {
                given_back.push(format!("{id} ({reason:?}) was {}", call.id));
            }
            ("ended", None) => invented.push(id.clone()),
            ("ended", Some(call)) => {
                let really = EndedReason::read(call.course.reason).outcome.as_str();
                if vapi_id != Some(call.id.as_str()) || outcome != Some(really) {
                    wrong.push(format!("{id} is {outcome:?} and was {really}"));
                }
            }
            _ => {}
        }
        if status == "released" {
            *released.entry(reason.unwrap_or("?").to_owned()).or_default() += 1;
        }
        known.insert(id);
    }
    let strange = record.calls.iter().filter(|call| !known.contains(&call.attempt));
    let strange: Vec<_> = strange.map(|call| call.attempt.clone()).collect();
    verdict.judge("calls that were given back as if there were none", given_back);
    verdict.judge("calls that nobody made", invented);
    verdict.judge("calls that we know nothing of", strange);
    verdict.judge("calls with another outcome than they had", wrong);
    verdict.tell("attempts", rows.len());
    for (reason, count) in released {
        verdict.tell(format!("given back: {reason}"), count);
    }
    Ok(())
}

/// The counts of each report add up, and are those of the calls.
async fn reports(
    platform: &Platform,
    app: &App,
    started: &[Started],
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for campaign in started {
        let report = report::report(app, &campaign.caller, campaign.campaign).await?;
        let final_ones = report.answered
            + report.transferred
            + report.no_answer
            + report.busy
            + report.voicemail
            + report.failed
            + report.cancelled
            + report.skipped.values().sum::<i64>();
        let sum = report.pending + report.in_progress + final_ones;
        let reached = {
            let record = platform.vapi.record();
            let id = campaign.campaign.to_string();
            let people: HashSet<String> = record
                .calls
                .iter()
                .filter(|call| call.campaign == id && !call.blocked)
                .filter(|call| {
                    let outcome = EndedReason::read(call.course.reason).outcome;
                    matches!(outcome.as_str(), "answered" | "transferred")
                })
                .map(|call| call.phone.clone())
                .collect();
            i64::try_from(people.len())?
        };
        if sum != report.total_contacts || report.answered + report.transferred != reached {
            wrong.push(format!(
                "{}: {sum} of {}, {} + {} reached of {reached}",
                campaign.campaign, report.total_contacts, report.answered, report.transferred
            ));
        }
    }
    verdict.judge("reports that do not add up", wrong);
    Ok(())
}

/// Every decision is what the gate answers when it is asked again.
async fn decisions(app: &App, verdict: &mut Verdict) -> anyhow::Result<()> {
    let report = verify::verify_all(&app.db).await?;
    let differing = report.differing.iter();
    let differing = differing.map(|found| format!("{}: {}", found.decision_id, found.difference.told()));
    verdict.judge("decisions that the gate does not give again", differing.collect());
    verdict.tell("decisions of the gate", usize::try_from(report.decisions)?);
    Ok(())
}

fn told(platform: &Platform, verdict: &mut Verdict) {
    for (what, count) in platform.world.tallies() {
        verdict.tell(what, count);
    }
    let (calls, events) = platform.world.dead_letters();
    verdict.tell("messages of calls given up by the queue", calls);
    verdict.tell("messages of events given up by the queue", events);
    verdict.tell("connections cut at a commit", platform.pooler.cuts());
    verdict.tell("requests to SQS", platform.aws.sends());
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
