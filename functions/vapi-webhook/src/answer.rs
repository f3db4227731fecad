//! Answers to the messages that want one. Each comes in time and is safe: what we cannot do is said in a sentence, and
//! nobody is dialled or put through by mistake.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use zencall::adapters::vapi::webhook::{Objection, Predial, Projection, Question, ToolCall};
use zencall::appointments::{self, Answer, BOOKING_TOOL};
use zencall::assistants::Objected;
use zencall::campaigns::predial::is_eligible;
use zencall::kernel::{Language, PhoneNumber};
use zencall::{App, assistants, calls};

/// What the caller hears when no assistant of ours takes the call.
const NOBODY_TAKES_IT: &str =
    "Bonjour. Ce numéro ne prend pas d'appel pour le moment. Merci de rappeler plus tard. Au revoir.";
/// How long all answers of a message may take together. Vapi would wait 20 s, the person on the telephone does not.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the gate may take to say whether somebody may be dialled. Nobody is on the telephone yet, and a line waits.
const PREDIAL_PATIENCE: Duration = Duration::from_secs(3);

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// What we keep of the message.
    pub(crate) event: &'a Projection,
    /// What is spoken where our rows cannot be asked.
    pub(crate) language: Language,
}

/// The answer to a question; always with status 200, since Vapi discards any other.
/// `kept` tells whether the question itself is safe on the queue.
pub(crate) async fn to(
    app: &App,
    asking: Asking<'_>,
    question: Question,
    kept: impl Future<Output = bool> + Clone,
) -> Value {
    let deadline = Instant::now() + PATIENCE;
    match question {
        Question::ToolCalls(calls) => {
            let mut results = Vec::with_capacity(calls.len());
            for call in &calls {
                let (member, said) = said(app, asking, call, deadline, kept.clone()).await;
                results.push(json!({ "name": call.name, "toolCallId": call.id, member: said }));
            }
            json!({ "results": results })
        }
        Question::FunctionCall(call) => {
            let (_, said) = said(app, asking, &call, deadline, kept).await;
            json!({ "result": said })
        }
        Question::Assistant => json!({ "error": NOBODY_TAKES_IT }),
        Question::TransferDestination => transfer(app, asking, deadline).await,
        Question::Predial(asked) => predial(app, asked.as_deref()).await,
    }
}

/// Anything but a clear yes in time is "do not dial".
async fn predial(app: &App, asked: Option<&Predial>) -> Value {
    let Some(asked) = asked else {
        tracing::warn!("vapi asks whether somebody may be dialled and does not say who");
        return nobody_is_dialled();
    };
    match timeout_at(Instant::now() + PREDIAL_PATIENCE, is_eligible(app, asked)).await {
        Ok(Ok(eligible)) => json!({ "eligible": eligible }),
        Ok(Err(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "nobody can tell whether somebody may be dialled"
            );
            nobody_is_dialled()
        }
        Err(_) => {
            tracing::error!("nobody could tell in time whether somebody may be dialled");
            nobody_is_dialled()
        }
    }
}

/// The answer that dials nobody.
pub(crate) fn nobody_is_dialled() -> Value {
    json!({ "eligible": false })
}

/// One line for the model, which tells the caller in its own words, and the member that it belongs in.
async fn said(
    app: &App,
    asking: Asking<'_>,
    call: &ToolCall,
    deadline: Instant,
    kept: impl Future<Output = bool>,
) -> (&'static str, String) {
    if let Some(objection) = Objection::of(call) {
        let (objected, language) = objected(app, asking, &objection, deadline, kept).await;
        let member = if objected.is_settled() { "result" } else { "error" };
        return (
            member,
            assistants::answer_to_objection(objected, language).to_owned(),
        );
    }
    if call.name != BOOKING_TOOL {
        return ("error", unknown(call));
    }
    let booking = appointments::book(app, asking.event, call, asking.language);
    let answer = timeout_at(deadline, booking).await.unwrap_or_else(|_| {
        tracing::error!("an appointment could not be booked in time");
        appointments::cannot_book(app, asking.language)
    });
    match answer {
        Answer::Booked(said) => ("result", said),
        Answer::Refused(said) => ("error", said),
    }
}

/// What became of an objection. Where the database cannot be asked, the record on the queue is applied when it can.
async fn objected(
    app: &App,
    asking: Asking<'_>,
    objection: &Objection,
    deadline: Instant,
    kept: impl Future<Output = bool>,
) -> (Objected, Language) {
    match timeout_at(deadline, calls::object(app, asking.event, objection)).await {
        Ok(Ok(Some(done))) => return done,
        Ok(Ok(None)) => return (Objected::NotNoted, asking.language),
        Ok(Err(error)) => tracing::error!(
            error = &error as &dyn std::error::Error,
            "an objection could not be noted at once"
        ),
        Err(_) => tracing::error!("an objection could not be noted in time"),
    }
    let objected = if kept.await {
        Objected::Kept
    } else {
        Objected::NotNoted
    };
    (objected, asking.language)
}

/// For the model alone: it called what it was never told of.
fn unknown(call: &ToolCall) -> String {
    match call.arguments {
        Some(_) => format!("There is no tool named {:?}.", call.name),
        None => format!("The arguments of {:?} are not a JSON object.", call.name),
    }
}

/// To whom the assistant of this call hands over, by our own rows.
async fn transfer(app: &App, asking: Asking<'_>, deadline: Instant) -> Value {
    let asked = timeout_at(deadline, calls::transfer_of(app, asking.event)).await;
    match asked {
        Ok(Ok(Some((language, Some(number))))) => destination(&number, language),
        Ok(Ok(Some((language, None)))) => json!({ "error": assistants::nobody_to_transfer_to(language) }),
        Ok(Ok(None)) => json!({ "error": assistants::nobody_to_transfer_to(asking.language) }),
        Ok(Err(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "nobody can tell whom to transfer to"
            );
            json!({ "error": assistants::nobody_to_transfer_to(asking.language) })
        }
        Err(_) => {
            tracing::error!("nobody could tell in time whom to transfer to");
            json!({ "error": assistants::nobody_to_transfer_to(asking.language) })
        }
    }
}

fn destination(number: &PhoneNumber, language: Language) -> Value {
    json!({ "destination": {
        "type": "number",
        "number": number.e164(),
        "message": assistants::transferring(language),
    } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_on_one_line() {
        let call = ToolCall {
            id: "c".to_owned(),
            name: "a\u{2028}\r\nb".to_owned(),
            arguments: None,
        };
        assert!(!unknown(&call).contains(['\n', '\r', '\u{2028}']));
    }
}
