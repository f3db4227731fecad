//! `make demo`: the product's main job through its public API, from sign-up to a finished campaign, texts, and the archive of
//! all of it, with every number checked against what the stand-ins of the providers really saw.

mod appointments;
mod archive;
mod ledger;
mod people;
mod show;
mod steps;
mod texts;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::client::{Control, Session, now};
use crate::stack::Stack;
use crate::terminal::say;
use crate::{bridge, functions};
use ledger::{Ledger, Placed};
use show::{Bar, chapter, fact};

/// The campaign must be over by then; the whole demo has two minutes.
const LONGEST: Duration = Duration::from_secs(100);
/// How many answered calls are listened to.
const LISTENED_TO: usize = 25;
/// How long after the last call its report may come.
const LATEST_REPORT: Duration = Duration::from_secs(15);
/// Calls to one contact.
const MAX_ATTEMPTS: usize = 2;

/// Runs it on a stack that is up.
pub async fn run(stack: &Stack) -> anyhow::Result<()> {
    let started = Instant::now();
    let control = Control::new(&stack.ports)?;
    control.behave(&behaviour()).await?;
    let outcome = tell(stack, &control).await;
    // Whoever uses the stand-ins next finds them as usual.
    control.behave(&json!({})).await?;
    let (email, checked) = outcome?;
    say(format!(
        "\n✓ {checked} numbers checked, all add up. The main job took {} s.",
        started.elapsed().as_secs()
    ));
    say("  Look around (`make up` or `make dev` serves it again after `make down`):");
    say(format!(
        "  {}/api/v1, log in as {email}, password in .local/secrets.json (seed_password)",
        functions::api_url(&stack.ports)
    ));
    Ok(())
}

/// Mixed outcomes, and a long call in a second or two.
fn behaviour() -> Value {
    json!({
        "outcomes": { "answered": 57, "transferred": 5, "busy": 11, "no_answer": 14, "voicemail": 8, "failed": 5 },
        "bookings": appointments::behaviour(),
        "call_seconds": 40,
        "speed": 30,
    })
}

async fn tell(stack: &Stack, control: &Control) -> anyhow::Result<(String, usize)> {
    let mut ledger = Ledger::default();
    chapter(1, "An agency signs up");
    let email = format!("demo-{}@atelier-horizon.example", now().strftime("%Y%m%d-%H%M%S"));
    let session = steps::sign_up(stack, &email).await.context("sign-up")?;
    chapter(2, "It connects its own Twilio account");
    steps::connect_twilio(stack, &session).await.context("Twilio")?;
    chapter(3, "It creates a voice assistant");
    let assistant = steps::create_assistant(&session).await.context("assistant")?;
    chapter(4, "It imports its contacts");
    let (called, contacts) = steps::import(&session, &mut ledger).await.context("import")?;
    chapter(5, "It starts a campaign");
    let before = calls_seen(control).await?;
    let campaign = steps::start(&session, &assistant, &contacts)
        .await
        .context("start")?;
    let report = follow(stack, &session, &campaign).await?;
    chapter(6, "The report");
    show::report(&report);
    let placed = Placed::read(&control.calls().await?, &before)?;
    placed.compare(&report, &called, steps::OPPOSED as u64, MAX_ATTEMPTS, &mut ledger);
    compare_calls(&session, &campaign, &report, &placed, &mut ledger).await?;
    chapter(7, "What was agreed to in the calls");
    let booked = appointments::compare(control, &session, &report, &placed, &mut ledger).await?;
    chapter(8, "It texts its contacts");
    let mut numbers = called.iter().map(String::as_str);
    let people = texts::People {
        french: numbers.next().context("nobody to text")?,
        english: numbers.next().context("nobody else to text")?,
    };
    let messages = texts::tell(stack, control, &session, &assistant, &people, &mut ledger)
        .await
        .context("texts")?;
    chapter(9, "It takes its data away");
    let made = [
        ("contacts", contacts.len()),
        ("campaigns", 2),
        ("calls", placed.ids.len()),
        ("appointments", booked),
        ("messages", messages),
        ("do_not_call", 2),
    ]
    .map(|(table, rows)| (table, rows as u64));
    archive::tell(&session, &made, &mut ledger)
        .await
        .context("archive")?;
    let (checked, wrong) = ledger.close();
    ensure!(
        wrong.is_empty(),
        "{} of {checked} numbers do not add up:\n  {}",
        wrong.len(),
        wrong.join("\n  ")
    );
    Ok((email, checked))
}

async fn calls_seen(control: &Control) -> anyhow::Result<BTreeSet<String>> {
    Ok(control
        .calls()
        .await?
        .iter()
        .filter_map(|call| call["id"].as_str().map(str::to_owned))
        .collect())
}

/// Shows the campaign until it is over. The schedule runs faster than once a minute, so that nothing waits for it.
async fn follow(stack: &Stack, session: &Session, campaign: &str) -> anyhow::Result<Value> {
    let ticking = tokio::spawn({
        let ports = stack.ports;
        let http = crate::client::plain(Duration::from_secs(30))?;
        async move {
            loop {
                tokio::time::sleep(Duration::from_secs(2)).await;
                if let Err(error) = bridge::invoke(&http, &ports, "minute-tick", &bridge::tick()).await {
                    say(format!("\n   the schedule: {error:#}"));
                }
            }
        }
    });
    let started = Instant::now();
    let mut bar = Bar::new();
    let outcome = loop {
        let report = session.get(&format!("/campaigns/{campaign}/report")).await?;
        if report["status"] == "completed" {
            bar.finish(&report, started.elapsed());
            break settled(session, campaign).await;
        }
        if started.elapsed() > LONGEST {
            bar.finish(&report, started.elapsed());
            break Err(anyhow::anyhow!(
                "the campaign is {} after {} s: {report}",
                report["status"],
                LONGEST.as_secs()
            ));
        }
        bar.draw(&report, started.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    ticking.abort();
    outcome
}

/// A campaign is over with its last call; that call's cost and sentiment come a moment later, in the provider's report.
async fn settled(session: &Session, campaign: &str) -> anyhow::Result<Value> {
    let reported = |call: &Value| {
        let answered = call["outcome"] == "answered" || call["outcome"] == "transferred";
        call["status"] == "ended"
            && (call["started_at"].is_null() || !call["cost"].is_null())
            && (!answered || !call["sentiment"].is_null())
    };
    let waiting = Instant::now();
    loop {
        let calls = session.list(&format!("/calls?campaign_id={campaign}")).await?;
        if calls.iter().all(reported) {
            return session.get(&format!("/campaigns/{campaign}/report")).await;
        }
        ensure!(
            waiting.elapsed() < LATEST_REPORT,
            "calls are over and were never reported on"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Compares the list of calls and the contacts' states with the report and with the stand-in.
async fn compare_calls(
    session: &Session,
    campaign: &str,
    report: &Value,
    placed: &Placed,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let calls = session.list(&format!("/calls?campaign_id={campaign}")).await?;
    let ids: BTreeSet<String> = calls
        .iter()
        .filter_map(|call| call["vapi_call_id"].as_str().map(str::to_owned))
        .collect();
    ledger.equal("calls listed", calls.len(), placed.ids.len());
    ledger.holds(ids == placed.ids, || {
        "the calls listed are not those that were placed".to_owned()
    });
    let mut cost = rust_decimal::Decimal::ZERO;
    for call in &calls {
        if let Some(amount) = call["cost"]["amount"].as_str() {
            cost += amount
                .parse::<rust_decimal::Decimal>()
                .with_context(|| format!("a cost of {amount}"))?;
        }
    }
    let total: rust_decimal::Decimal = match report["total_cost"]["amount"].as_str() {
        Some(amount) => amount
            .parse()
            .with_context(|| format!("a total cost of {amount}"))?,
        None => bail!("the report has no total cost: {report}"),
    };
    ledger.equal("sum of the calls' costs", cost, total);
    ledger.holds(!total.is_zero(), || "the campaign cost nothing".to_owned());
    for mood in ["positive", "neutral", "negative"] {
        let counted = report["sentiment"][mood].as_u64().unwrap_or(u64::MAX);
        let listed = calls.iter().filter(|call| call["sentiment"] == mood).count();
        ledger.equal(&format!("sentiment {mood}"), counted, listed as u64);
    }
    let contacts = session.list(&format!("/campaigns/{campaign}/contacts")).await?;
    let total = report["total_contacts"].as_u64().unwrap_or(u64::MAX);
    ledger.equal("contacts of the campaign", contacts.len() as u64, total);
    fact(format!(
        "compared with the {} calls that the stand-in of Vapi saw",
        placed.ids.len()
    ));
    hear(session, &calls, ledger).await
}

/// Looks whether everything that must be said was found in the transcripts of some answered calls.
async fn hear(session: &Session, calls: &[Value], ledger: &mut Ledger) -> anyhow::Result<()> {
    let answered = calls.iter().filter(|call| call["outcome"] == "answered");
    let (mut looked_at, mut whole) = (0, 0);
    for call in answered.take(LISTENED_TO) {
        let id = call["id"].as_str().unwrap_or_default();
        let call = session.get(&format!("/calls/{id}")).await?;
        let said = call["call"]["disclosures"].as_object();
        looked_at += 1;
        whole += usize::from(said.is_some_and(|said| said.values().all(|found| found != "missing")));
    }
    ledger.equal("calls in which everything was said", whole, looked_at);
    fact(format!(
        "said in each of {looked_at} calls, by their transcripts: a machine, on whose behalf, why, and how to object"
    ));
    Ok(())
}
