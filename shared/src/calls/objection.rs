//! Somebody says in a call that they do not want to be called any more (R223-3 code de la consommation: orally is enough;
//! RGPD, article 21(2)). One transaction puts their number on the list, ends what waits for it in every campaign and on
//! every channel, and leaves the receipt in the ledger, with their words and the call.
//!
//! It is told up to three times, and takes effect once: by the tool call, at once and while they wait; by the record of that
//! tool call on the queue, which a database that was down finds when it is back; and by the transcript, where the model
//! was deaf to the one word that every assistant announces.

use jiff::Timestamp;
use serde_json::json;

use super::during::{self, Happened, UnderWay};
use super::{during_store, event};
use crate::App;
use crate::adapters::vapi::webhook::{Fact, Objection, Projection, Role};
use crate::assistants::Objected;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::do_not_call::{self, Suppression};
use crate::kernel::Language;
use crate::kernel::ids::OrganizationId;

/// The word that every assistant announces, as it is understood: `stop` in four languages, and the Arabic one.
const ANNOUNCED: [&str; 2] = ["stop", "توقف"];
/// No such utterance is longer, however often it is repeated.
const LONGEST: usize = 80;

/// What somebody said against being called, and where we have it from.
pub(super) struct Heard<'a> {
    quote: Option<&'a str>,
    tool_call: Option<&'a str>,
    said_at: Timestamp,
}

/// What an event holds against being called, if anything.
pub(super) fn heard(event: &Projection) -> Option<Heard<'_>> {
    let said =
        |turn: &'_ crate::adapters::vapi::webhook::Turn| turn.role == Role::User && is_announced(&turn.text);
    let turn = match &event.fact {
        Fact::ToolCalls {
            objection: Some(objection),
            ..
        } => return Some(Heard::passed_on(event, objection)),
        Fact::Said(turn) => Some(turn).filter(|turn| said(turn)),
        Fact::Report(report) => report.turns.iter().find(|turn| said(turn)),
        _ => None,
    }?;
    Some(Heard {
        quote: Some(&turn.text),
        tool_call: None,
        said_at: turn.at,
    })
}

impl<'a> Heard<'a> {
    fn passed_on(event: &Projection, objection: &'a Objection) -> Self {
        Self {
            quote: objection.quote.as_deref(),
            tool_call: Some(&objection.tool_call)
                .filter(|id| !id.is_empty())
                .map(String::as_str),
            said_at: event.at(),
        }
    }
}

/// Whether an utterance is nothing but the announced word, once or several times.
fn is_announced(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let mut words = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .peekable();
    words.peek().is_some() && words.all(|word| ANNOUNCED.contains(&word.to_lowercase().as_str()))
}

/// Notes an objection while the person waits for the answer. `None` for a call that is not ours.
pub async fn object(
    app: &App,
    event: &Projection,
    objection: &Objection,
) -> Result<Option<(Objected, Language)>, DbError> {
    let Some(organization) = during::organization_of(app, event).await? else {
        tracing::warn!("an objection in a call of an assistant that we do not know");
        return Ok(None);
    };
    let mut done = in_one_transaction(app, organization, event, objection).await;
    if let Err(error) = &done
        && error.lacks_partition()
    {
        // The first event of a month whose partition the schedule has not made.
        let today = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        app.db.ensure_partitions(today).await?;
        done = in_one_transaction(app, organization, event, objection).await;
    }
    done.map(Some)
}

async fn in_one_transaction(
    app: &App,
    organization: OrganizationId,
    event: &Projection,
    objection: &Objection,
) -> Result<(Objected, Language), DbError> {
    app.db
        .write("calls.object", &Claims::platform(organization), async |tx| {
            let call = during::lock(tx, app, event).await?;
            during::keep(tx, &call, event, app.clock.now()).await?;
            let objected = note(tx, app, &call, &Heard::passed_on(event, objection)).await?;
            Ok::<_, DbError>((objected, call.language))
        })
        .await
}

/// The same for what an event holds, in the transaction that applies it, which has its turn among those of the call.
pub(super) async fn apply(tx: &TenantTx, app: &App, event: &Projection) -> Result<(), DbError> {
    let Some(heard) = heard(event) else { return Ok(()) };
    let call = during_store::find(tx, event).await?;
    note(tx, app, &call, &heard).await.map(drop)
}

async fn note(tx: &TenantTx, app: &App, call: &UnderWay, heard: &Heard<'_>) -> Result<Objected, DbError> {
    let Some(phone) = &call.phone else {
        return Ok(Objected::HiddenNumber);
    };
    let mut evidence = json!({ "said_at": heard.said_at });
    for (name, id) in [
        ("call_id", call.id.map(|id| id.to_string())),
        ("campaign_id", call.campaign.map(|id| id.to_string())),
        ("assistant_id", call.assistant.map(|id| id.to_string())),
        ("tool_call_id", heard.tool_call.map(str::to_owned)),
    ] {
        if let Some(id) = id {
            evidence[name] = id.into();
        }
    }
    let suppression = Suppression::in_call(phone, heard.quote, evidence);
    let (entry, new) = do_not_call::suppress(tx, &app.clock, &suppression, app.clock.now()).await?;
    if new {
        let details = json!({ "do_not_call_id": entry.id, "call_id": call.id });
        let key = format!("objection:{}", entry.id);
        let happened = Happened {
            event: event::OBJECTION,
            dedupe_key: &key,
            details: &details,
        };
        during::note(tx, app, call, &happened).await?;
        audit::record(
            tx,
            &app.clock,
            &Actor::default(),
            "do_not_call.add",
            details.clone(),
        )
        .await?;
        tracing::info!(do_not_call_id = %entry.id, call_id = ?call.id, "somebody objected in a call");
    }
    Ok(Objected::Noted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_word_alone_is_understood() {
        for said in [
            "Stop",
            "stop.",
            "STOP !",
            "Stop, stop, stop.",
            "« stop »",
            "توقف",
            "توقف.",
        ] {
            assert!(is_announced(said), "{said}");
        }
        let novel = "stop ".repeat(100);
        for said in [
            "",
            "...",
            "Je descends au stop",
            "non-stop",
            "annuler",
            "cancel",
            "stopper",
            "Oui",
            novel.as_str(),
        ] {
            assert!(!is_announced(said), "{said}");
        }
    }
}
