//! What was agreed to in the calls: appointments, their confirmations by text message, and people put through. Each number is
//! compared with what the stand-ins of Vapi and Twilio saw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::ledger::{Ledger, Placed};
use super::show::fact;
use crate::client::{Control, Session, plain};
use crate::seed::id;

/// Whom the assistant puts people through to: a number that is kept for fiction.
pub(super) const TRANSFER_NUMBER: &str = "+33199001234";
/// How long after the last call its text message may leave.
const LATEST_TEXT: Duration = Duration::from_secs(20);
/// How the times of a booking are read.
const ZONE: &str = "Europe/Paris";

/// How often people want an appointment in these calls, and how often the model stumbles on the way.
pub(super) fn behaviour() -> Value {
    json!({ "share": 0.4, "nonsense": 0.15, "repeat": 0.2 })
}

/// Compares what was booked, confirmed and put through; returns how many appointments there are.
pub(super) async fn compare(
    control: &Control,
    session: &Session,
    report: &Value,
    placed: &Placed,
    ledger: &mut Ledger,
) -> anyhow::Result<usize> {
    let appointments = bookings(control, session, report, placed, ledger).await?;
    confirmations(control, session, &appointments, ledger).await?;
    transfers(session, report, placed, ledger).await?;
    Ok(appointments.len())
}

/// What the model was told is booked is booked, each at its own time.
async fn bookings(
    control: &Control,
    session: &Session,
    report: &Value,
    placed: &Placed,
    ledger: &mut Ledger,
) -> anyhow::Result<Vec<Value>> {
    let asked: Vec<Value> = control
        .tool_calls()
        .await?
        .into_iter()
        .filter(|asked| {
            asked["call"]
                .as_str()
                .is_some_and(|call| placed.ids.contains(call))
        })
        .collect();
    for asked in &asked {
        let faults = asked["faults"].as_array().map_or(0, Vec::len);
        ledger.holds(faults == 0, || {
            format!("an answer to a tool call is malformed: {asked}")
        });
    }
    let booked: Vec<_> = asked.iter().filter(|asked| asked["booked"] == true).collect();
    let appointments = session.list("/appointments").await?;
    let count = report["appointments"].as_u64().unwrap_or(u64::MAX);
    ledger.equal("appointments listed", appointments.len(), booked.len());
    ledger.equal("appointments in the report", count, booked.len() as u64);
    ledger.holds(!booked.is_empty(), || "nobody wanted an appointment".to_owned());
    let mut wanted: Vec<String> = booked
        .iter()
        .map(|booked| instant(&booked["arguments"]))
        .collect::<anyhow::Result<_>>()?;
    let mut found: Vec<String> = appointments
        .iter()
        .filter_map(|appointment| appointment["starts_at"].as_str().map(str::to_owned))
        .collect();
    wanted.sort();
    found.sort();
    ledger.holds(wanted == found, || {
        "appointments are at other times than were agreed".to_owned()
    });
    let different: BTreeSet<_> = found.iter().collect();
    ledger.equal("times given twice", found.len() - different.len(), 0);
    for appointment in appointments.iter().take(5) {
        let call = appointment["call_id"]
            .as_str()
            .context("an appointment without a call")?;
        let call = session.get(&format!("/calls/{call}")).await?;
        let timeline = call["call"]["timeline"].as_array().cloned().unwrap_or_default();
        let told = timeline
            .iter()
            .filter(|event| event["event"] == "appointment-booked")
            .count();
        ledger.equal("appointment-booked on the timeline", told, 1);
    }
    let refused = asked.len() - booked.len();
    fact(format!(
        "{} appointments booked during the calls, {refused} wishes refused with a sentence, no time given twice",
        booked.len()
    ));
    Ok(appointments)
}

fn instant(arguments: &Value) -> anyhow::Result<String> {
    let text = |member: &str| arguments[member].as_str().unwrap_or_default();
    let local: jiff::civil::DateTime = format!("{}T{}", text("date"), text("time")).parse()?;
    Ok(local.in_tz(ZONE)?.timestamp().to_string())
}

/// Everybody who has an appointment gets one text message with a link that opens, and hears of its cancellation.
async fn confirmations(
    control: &Control,
    session: &Session,
    appointments: &[Value],
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let mine: BTreeSet<String> = appointments.iter().map(id).collect::<anyhow::Result<_>>()?;
    let sent = texts(control, &mine, mine.len()).await?;
    ledger.equal("confirmations by text message", sent.len(), mine.len());
    let repeated = sent.values().filter(|texts| texts.len() > 1).count();
    ledger.equal("confirmations sent twice", repeated, 0);
    let Some((appointment, link)) = sent
        .iter()
        .find_map(|(id, texts)| Some((id, link(texts.first()?)?)))
    else {
        ledger.holds(false, || "no text message has a link".to_owned());
        return Ok(());
    };
    let http = plain(Duration::from_secs(10))?;
    let opened = http.get(link).send().await?;
    let status = opened.status().as_u16();
    let file = opened.text().await?;
    ledger.equal("status of the link in a confirmation", status, 200);
    ledger.holds(
        file.starts_with("BEGIN:VCALENDAR\r\n") && file.contains(appointment),
        || "the link opens no calendar file".to_owned(),
    );
    let forged = http.get(&link[..link.len() - 2]).send().await?.status().as_u16();
    ledger.equal("status of a forged link", forged, 401);
    let path = format!("/appointments/{appointment}");
    let cancel = json!({ "status": "cancelled" });
    let cancelled = session
        .send(Method::PATCH, &path, Some(&cancel))
        .await?
        .expect(200)?;
    ensure!(
        cancelled["appointment"]["status"] == "cancelled",
        "not cancelled: {cancelled}"
    );
    let waiting = Instant::now();
    let told = loop {
        let told = texts(control, &mine, mine.len()).await?[appointment].len();
        if told > 1 || waiting.elapsed() > LATEST_TEXT {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    ledger.equal("text messages about a cancelled appointment", told, 2);
    fact(format!(
        "{} confirmations by text message, their link opens the appointment; one was cancelled, and the person told",
        sent.len()
    ));
    Ok(())
}

/// The text messages about these appointments that reached Twilio, once there are so many, or after a while.
async fn texts(
    control: &Control,
    appointments: &BTreeSet<String>,
    wanted: usize,
) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let waiting = Instant::now();
    loop {
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for request in control.requests("twilio").await? {
            let Some(body) = request["body"]["Body"]
                .as_str()
                .filter(|_| request["status"] == 201)
            else {
                continue;
            };
            let about = body
                .split_once("/appointments/")
                .and_then(|(_, rest)| rest.split('/').next());
            if let Some(about) = about.filter(|about| appointments.contains(*about)) {
                texts.entry(about.to_owned()).or_default().push(body.to_owned());
            }
        }
        if texts.len() >= wanted || waiting.elapsed() > LATEST_TEXT {
            return Ok(texts);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn link(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| word.starts_with("http"))
}

/// Everybody who was put through was put through to the assistant's number, and somebody took the call there.
async fn transfers(
    session: &Session,
    report: &Value,
    placed: &Placed,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let calls = session.list("/calls").await?;
    let transferred: Vec<_> = calls
        .iter()
        .filter(|call| call["outcome"] == "transferred")
        .filter(|call| {
            call["vapi_call_id"]
                .as_str()
                .is_some_and(|id| placed.ids.contains(id))
        })
        .collect();
    let count = report["transferred"].as_u64().unwrap_or(u64::MAX);
    ledger.equal("people put through", transferred.len() as u64, count);
    for call in &transferred {
        let call = session.get(&format!("/calls/{}", id(call)?)).await?["call"].clone();
        let expected = json!({ "destination": TRANSFER_NUMBER, "outcome": "connected" });
        ledger.holds(call["transfer"] == expected, || {
            format!("a transfer is recorded as {}", call["transfer"])
        });
        let timeline = call["timeline"].as_array().cloned().unwrap_or_default();
        ledger.holds(timeline.iter().any(|event| event["event"] == "transfer"), || {
            "a transfer is not on its timeline".to_owned()
        });
    }
    fact(format!(
        "{} people put through to {TRANSFER_NUMBER}",
        transferred.len()
    ));
    Ok(())
}
