//! Sending a code, through the account of the organisation that last dealt with the number. The organisation sees that
//! a code was sent, but not which.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{ProofError, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Language;
use crate::kernel::ids::MessageId;
use crate::kernel::proof_code::HIDDEN;
use crate::messages::automatic;

/// Version of [`ProofCodeRequested`].
const VERSION: u8 = 1;
/// What this may cost an organisation in a day: beyond, somebody tries numbers out.
const MOST_A_DAY: i64 = 200;

/// A message on the queue `messages`: send the code with this id to the number that it was asked for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ProofCodeRequested {
    /// Version of this format.
    pub v: u8,
    /// Which code.
    pub proof_code_id: Uuid,
}

impl ProofCodeRequested {
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            v: VERSION,
            proof_code_id: id,
        }
    }
}

/// Sends a code, once, if anybody can; returns whether it is on its way.
pub async fn send(app: &App, request: &ProofCodeRequested) -> Result<bool, ProofError> {
    let (id, now) = (request.proof_code_id, app.clock.now());
    let Some((organization, phone)) = app.db.sender_of_proof_code(id, now).await? else {
        return Ok(false);
    };
    let (clock, phone) = (&app.clock, &phone);
    // The message has the id of the code, from which the code follows: a second delivery finds it there.
    let message = MessageId(id);
    let taken = app
        .db
        .write("proof.send", &Claims::platform(organization), async |tx| {
            let sent = store::codes_today(tx, message, now).await?;
            if sent.known || sent.today >= MOST_A_DAY {
                return Ok(false);
            }
            let taken = automatic::take_code(tx, clock, message, phone, text(sent.language)).await?;
            if let Err(why) = taken {
                tracing::info!(%organization, why = why.as_str(), "a code cannot be sent");
                return Ok(false);
            }
            let details = json!({ "message_id": message });
            audit::record(tx, clock, &Actor::default(), "proof.send_code", details).await?;
            Ok::<_, DbError>(true)
        })
        .await?;
    if taken {
        automatic::dispatch(app, organization, message).await;
    }
    Ok(taken)
}

fn text(language: Language) -> &'static str {
    const { assert!(HIDDEN.len() == 6) };
    match language {
        Language::Fr => {
            "Zencall : votre code est ******, valable 10 minutes. Il ouvre vos preuves de consentement : ne le donnez a personne."
        }
        _ => {
            "Zencall: your code is ******, valid for 10 minutes. It opens your proofs of consent: give it to nobody."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::segments;

    #[test]
    fn the_message_takes_one_segment_and_has_room_for_the_code() {
        for language in Language::ALL {
            let text = text(language);
            assert_eq!(segments::segments(text), 1, "{text}");
            assert_eq!(text.matches(HIDDEN).count(), 1);
        }
    }
}
