//! What bounds the calls to a person: the law's attempts and hours, the campaign's delay and budget. Reckoned from what Vapi
//! really received, without any code of the engine.

use std::collections::HashMap;

use jiff::civil::{Weekday, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::platform::Platform;
use super::vapi::{Call, Record};
use super::verdict::Verdict;

/// Attempts per advertiser and person that the law allows on a day and the thirty before it (D223-9 code de la consommation).
const LEGAL: usize = 4;
const LEGAL_PERIOD_DAYS: i64 = 30;
/// Its hours, on the clock of Paris, in minutes of the day (the same article); nobody is called in their last two minutes.
const LEGAL_MINUTES: [(i32, i32); 2] = [(10 * 60, 13 * 60 - 2), (14 * 60, 20 * 60 - 2)];
/// The numbers of those who are canvassed, by two organisations for one advertiser.
const CANVASSED: &str = "+3363";

/// Holds the calls against what bounds them.
pub(super) async fn judge(platform: &Platform, verdict: &mut Verdict) -> anyhow::Result<()> {
    let rows = platform
        .database
        .query(
            "select id::text, retry_delay_minutes from campaigns where status <> 'draft'",
            &[],
        )
        .await?;
    let delays: HashMap<String, SignedDuration> = rows
        .iter()
        .map(|row| (row.get(0), SignedDuration::from_mins(row.get::<_, i32>(1).into())))
        .collect();
    {
        let record = platform.vapi.record();
        calls(&record, &delays, verdict)?;
    }
    let rows = platform
        .database
        .query(
            "select c.id || ' cost ' || sum(d.cost) || ' of ' || c.max_cost
               from campaigns c join calls d on d.campaign_id = c.id
              group by c.id having sum(d.cost) > c.max_cost",
            &[],
        )
        .await?;
    verdict.judge(
        "campaigns that cost more than their budget",
        rows.iter().map(|row| row.get(0)).collect(),
    );
    Ok(())
}

/// The law's attempts and hours, and the campaigns' delays.
pub(super) fn calls(
    record: &Record,
    delays: &HashMap<String, SignedDuration>,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let rang = || {
        let placed = record.calls.iter().filter(|call| !call.blocked);
        placed.filter(|call| call.course.rang())
    };
    let (mut by_phone, mut by_contact) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<&Call>>::new());
    let mut at_night = Vec::new();
    for call in rang() {
        by_contact
            .entry((&call.campaign, &call.phone))
            .or_default()
            .push(call);
        if call.phone.starts_with(CANVASSED) {
            let day = call.placed_at.in_tz("Europe/Paris")?.date();
            by_phone.entry(&call.phone).or_default().push(day);
            if !is_legal(call.placed_at)? {
                at_night.push(format!("{} at {}", call.phone, call.placed_at));
            }
        }
    }
    let unlawful = by_phone.iter().filter(|(_, days)| {
        let mut some = days.windows(LEGAL + 1);
        some.any(|some| some[LEGAL] <= some[0].saturating_add(LEGAL_PERIOD_DAYS.days()))
    });
    verdict.judge(
        "people called more than four times in thirty days",
        unlawful.map(|(phone, _)| (*phone).clone()).collect(),
    );
    verdict.judge("people called when the law forbids it", at_night);
    let mut early = Vec::new();
    for ((campaign, phone), calls) in &by_contact {
        let delay = delays.get(*campaign).copied().unwrap_or_default();
        for pair in calls.windows(2) {
            if pair[1].placed_at.duration_since(pair[0].ended_at()) < delay {
                early.push(format!("{phone}: {} after {}", pair[1].attempt, pair[0].attempt));
            }
        }
    }
    verdict.judge("people called again before the campaign's delay", early);
    let most = by_phone.values().filter(|days| days.len() > LEGAL).count();
    verdict.tell("people called more than four times in all", most);
    Ok(())
}

fn is_legal(at: Timestamp) -> anyhow::Result<bool> {
    let paris = at.in_tz("Europe/Paris")?;
    let minute = i32::from(paris.hour()) * 60 + i32::from(paris.minute());
    let is_open = LEGAL_MINUTES
        .iter()
        .any(|(from, until)| (*from..*until).contains(&minute));
    let holidays = [date(2026, 12, 25), date(2027, 1, 1)];
    let is_free =
        matches!(paris.weekday(), Weekday::Saturday | Weekday::Sunday) || holidays.contains(&paris.date());
    Ok(is_open && !is_free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_the_law_are_those_of_paris() {
        let legal = |at: &str| is_legal(at.parse().unwrap()).unwrap();
        assert!(legal("2026-11-24T09:00:00Z"));
        assert!(!legal("2026-11-24T08:59:59Z"));
        assert!(legal("2026-11-24T11:57:59Z"));
        assert!(!legal("2026-11-24T11:58:00Z"), "two minutes before the end");
        assert!(!legal("2026-11-24T12:30:00Z"), "at lunch");
        assert!(!legal("2026-11-28T09:30:00Z"), "on a Saturday");
        assert!(!legal("2026-12-25T09:30:00Z"), "on a holiday");
    }

    fn found(calls: Vec<Call>, delay: i64) -> Vec<&'static str> {
        let mut record = Record::default();
        record.calls.extend(calls);
        let delays = HashMap::from([("campaign".to_owned(), SignedDuration::from_mins(delay))]);
        let mut verdict = Verdict::default();
        super::calls(&record, &delays, &mut verdict).unwrap();
        let wrong = verdict.wrong.iter().filter(|(_, count)| *count > 0);
        wrong.map(|(what, _)| *what).collect()
    }

    /// Calls to somebody who is canvassed, one an hour.
    fn every_hour(count: i64) -> Vec<Call> {
        let begin: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        let call = |hour| {
            Call::example(
                &format!("attempt {hour}"),
                "+336300",
                begin + SignedDuration::from_hours(hour),
            )
        };
        (0..count).map(call).collect()
    }

    #[test]
    fn a_fifth_call_within_thirty_days_is_found() {
        assert_eq!(found(every_hour(4), 20), Vec::<&str>::new());
        let unlawful = ["people called more than four times in thirty days"];
        assert_eq!(found(every_hour(5), 20), unlawful);
        let with_a_fifth = |placed_at: &str| {
            let mut calls = every_hour(4);
            calls.push(Call::example("the fifth", "+336300", placed_at.parse().unwrap()));
            found(calls, 20)
        };
        // More than 720 hours later, and on the thirtieth day still.
        assert_eq!(with_a_fifth("2026-12-24T17:00:00Z"), unlawful);
        assert_eq!(with_a_fifth("2026-12-28T10:00:00Z"), Vec::<&str>::new());
    }

    #[test]
    fn a_call_before_its_time_is_found() {
        assert_eq!(
            found(every_hour(2), 90),
            ["people called again before the campaign's delay"]
        );
    }
}
