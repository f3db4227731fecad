//! The one reply to somebody who wants no more messages. Twilio replies to the words that it knows and blocks what
//! would follow; the French ones are ours to answer. If Twilio did understand one after all, it refuses our reply
//! (21610), so there is never more than one.

use jiff::Timestamp;

use super::event_store::{self, Confirmation, Inbound, Taken};
use super::segments;
use crate::db::{DbError, TenantTx};
use crate::kernel::ids::MessageId;
use crate::kernel::{Clock, Country, Language, PhoneNumber};

/// As much of a name as leaves the text in one segment.
const LONGEST_NAME: usize = 40;

/// Writes the answer, to be sent; none to short codes and names, which nobody can write to.
pub(super) async fn write(
    tx: &TenantTx,
    clock: &Clock,
    inbound: &Inbound<'_>,
    taken: &Taken,
    now: Timestamp,
) -> Result<Option<MessageId>, DbError> {
    if PhoneNumber::parse(inbound.from.as_str(), Country::FR).is_err() {
        return Ok(None);
    }
    let body = text(&taken.organization_name, taken.language);
    let confirmation = Confirmation {
        id: MessageId::new(clock),
        to: inbound.from,
        from: inbound.to,
        body: &body,
        segments: segments::segments(&body),
    };
    event_store::insert_confirmation(tx, &confirmation, now).await?;
    Ok(Some(confirmation.id))
}

/// Without the letters that would more than double what it costs.
fn text(organization: &str, language: Language) -> String {
    let name: String = organization.chars().take(LONGEST_NAME).collect();
    match language {
        Language::Fr => {
            format!("{name} : demande enregistrée. Vous ne recevrez plus ni SMS ni appel de notre part.")
        }
        _ => format!("{name}: your request is noted. You will get no more texts or calls from us."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_takes_one_segment() {
        for language in Language::ALL {
            let text = text(&"a".repeat(200), language);
            assert_eq!(segments::segments(&text), 1, "{text}");
        }
    }
}
