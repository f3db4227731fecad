//! The demo's text messages: one that arrives, and people who want no more of them, in a word that Twilio knows and in one
//! that only we know. Each number is compared with what the stand-in of Twilio saw.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::show::fact;
use crate::bridge;
use crate::client::{Control, Session};
use crate::seed::id;
use crate::settings::TWILIO_NUMBER;
use crate::stack::Stack;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);
const CONFIRMATION: &str =
    "Votre livraison est confirmée pour mardi. Répondez ARRET pour ne plus recevoir de messages.";
/// The text, its answers, and the answer to one of them.
const MESSAGES: usize = 5;

/// Whom the story is about; their numbers stand in the spreadsheet and were called before.
pub(super) struct People<'a> {
    /// Writes ARRÊT, which Twilio does not understand.
    pub(super) french: &'a str,
    /// Writes STOP, which Twilio answers by itself.
    pub(super) english: &'a str,
}

/// Tells it; returns how many messages the organisation has then.
pub(super) async fn tell(
    stack: &Stack,
    control: &Control,
    session: &Session,
    assistant: &str,
    people: &People<'_>,
    ledger: &mut Ledger,
) -> anyhow::Result<usize> {
    let known = session.list("/messages").await?.len();
    let before = sent_to(control, people.french).await?;
    deliver(session, people.french).await?;
    let sent = sent_to(control, people.french).await?;
    ledger.equal("texts that Twilio took", sent - before, 1);

    let reply = control.write(people.french, TWILIO_NUMBER, "Arrêt !").await?;
    ledger.holds(reply["webhook_status"] == 200, || {
        format!("the webhook of the number answered {}", reply["webhook_status"])
    });
    suppressed(session, people.french).await?;
    fact("a contact answers ARRÊT, and is on the list of those whom nobody texts or calls again");
    refused(session, people.french, ledger).await?;
    let confirmed = settled(control, people.french, sent + 1).await?;
    ledger.equal(
        "confirmations of ARRÊT, Twilio's own included",
        confirmed - sent + answers(&reply),
        1,
    );
    // The same person, once more: nobody answers twice.
    control.write(people.french, TWILIO_NUMBER, "arret").await?;

    let before = sent_to(control, people.english).await?;
    let reply = control.write(people.english, TWILIO_NUMBER, "STOP").await?;
    suppressed(session, people.english).await?;
    refused(session, people.english, ledger).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ours = sent_to(control, people.english).await? - before;
    ledger.equal(
        "confirmations of STOP, Twilio's own included",
        ours + answers(&reply),
        1,
    );
    ledger.equal(
        "answers to ARRÊT, written twice",
        sent_to(control, people.french).await?,
        confirmed,
    );
    fact(
        "another answers STOP, which Twilio confirms by itself: one confirmation each, and no text after it",
    );

    no_more_calls(stack, control, session, assistant, people, ledger).await?;
    until("every message to be kept", async || {
        let kept = session.list("/messages").await?.len();
        Ok((kept == known + MESSAGES).then_some(kept))
    })
    .await
}

/// One text, from the request to the operator's receipt.
async fn deliver(session: &Session, to: &str) -> anyhow::Result<()> {
    let body = json!({ "to": to, "body": CONFIRMATION });
    let taken = session.post("/messages", &body, 202).await?;
    let path = format!("/messages/{}", id(&taken["message"])?);
    let message = until("the text to be delivered", async || {
        let message = session.get(&path).await?["message"].clone();
        Ok((message["status"] == "delivered").then_some(message))
    })
    .await?;
    let steps: Vec<_> = message["history"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| step["status"].as_str())
        .collect();
    fact(format!(
        "a text of {} segment(s) to a contact: {}",
        message["segments"],
        steps.join(" → ")
    ));
    Ok(())
}

async fn refused(session: &Session, to: &str, ledger: &mut Ledger) -> anyhow::Result<()> {
    let body = json!({ "to": to, "body": "Encore une chose…" });
    let answer = session.send(Method::POST, "/messages", Some(&body)).await?;
    ledger.holds(
        answer.status == 422 && answer.code() == "recipient_opted_out",
        || format!("a text after STOP answered {}: {}", answer.status, answer.body),
    );
    Ok(())
}

/// A campaign with both of them places no call.
async fn no_more_calls(
    stack: &Stack,
    control: &Control,
    session: &Session,
    assistant: &str,
    people: &People<'_>,
    ledger: &mut Ledger,
) -> anyhow::Result<()> {
    let mut contacts = Vec::new();
    for number in [people.french, people.english] {
        let found = session
            .list(&format!("/contacts?q={}", number.trim_start_matches('+')))
            .await?;
        contacts.push(id(found.first().context("a contact is gone")?)?);
    }
    let wanted = json!({
        "name": "Seconde relance", "assistant_id": assistant, "object": "confirmer la livraison de votre commande",
        "legal_basis": "service", "contact_ids": contacts,
        "settings": { "call_windows": [{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }] },
    });
    let campaign = id(&session.post("/campaigns", &wanted, 201).await?["campaign"])?;
    let before = control.calls().await?.len();
    session
        .post("/campaigns/start", &json!({ "campaign_id": campaign }), 202)
        .await?;
    let http = crate::client::plain(PATIENCE)?;
    let report = until("the second campaign to end", async || {
        bridge::invoke(&http, &stack.ports, "minute-tick", &bridge::tick()).await?;
        let report = session.get(&format!("/campaigns/{campaign}/report")).await?;
        Ok((report["status"] == "completed").then_some(report))
    })
    .await?;
    ledger.equal(
        "people skipped",
        report["skipped"]["suppressed"].as_u64().unwrap_or(0),
        2,
    );
    ledger.equal("calls after STOP", control.calls().await?.len() - before, 0);
    fact("a second campaign skips both (suppressed), and Vapi is asked for no call");
    Ok(())
}

async fn suppressed(session: &Session, number: &str) -> anyhow::Result<()> {
    let path = format!("/do-not-call?phone={}", number.replace('+', "%2B"));
    until("STOP to be understood", async || {
        let found = session.list(&path).await?;
        Ok(found
            .iter()
            .any(|entry| entry["source"] == "sms_stop")
            .then_some(()))
    })
    .await
}

/// How many texts to this number Twilio took, from us.
async fn sent_to(control: &Control, number: &str) -> anyhow::Result<usize> {
    let requests = control.requests("twilio").await?;
    let is_text = |request: &&Value| {
        request["method"] == "POST"
            && request["status"] == 201
            && request["path"]
                .as_str()
                .is_some_and(|path| path.ends_with("/Messages.json"))
            && request["body"]["To"] == number
    };
    Ok(requests.iter().filter(is_text).count())
}

/// The same, once it is as many as expected; or what it is when patience ends.
async fn settled(control: &Control, number: &str, expected: usize) -> anyhow::Result<usize> {
    let started = Instant::now();
    loop {
        let sent = sent_to(control, number).await?;
        if sent >= expected || started.elapsed() > PATIENCE {
            return Ok(sent);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How often Twilio, or our webhook's answer, has written back.
fn answers(reply: &Value) -> usize {
    reply["replies"].as_array().map_or(0, Vec::len)
}

async fn until<T>(what: &str, ask: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        ensure!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
