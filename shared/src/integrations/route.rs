//! Where messages to an organisation's numbers go: to our webhook while it is connected, and where they went before
//! afterwards.

use serde::{Deserialize, Serialize};

use crate::App;
use crate::adapters::twilio::{MessageRoute, OwnedNumber, TwilioCredentials, TwilioError, callback};
use crate::kernel::ids::OrganizationId;

/// A number whose messages come to us, and where they went before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Former {
    /// Twilio's id of the number.
    pub(super) sid: String,
    before: MessageRoute,
}

/// Numbers whose messages were turned to us, and where they had gone a moment ago.
#[derive(Debug)]
pub(super) struct Turned {
    /// To be kept with the connection.
    pub(super) former: Vec<Former>,
    found: Vec<(String, MessageRoute)>,
}

fn ours(app: &App, organization: OrganizationId) -> MessageRoute {
    MessageRoute::to(callback::inbound(&app.config.twilio_webhook_url, organization))
}

/// Turns messages to these numbers to us: all of them, or none. `known` is what an earlier connection has found.
pub(super) async fn turn(
    app: &App,
    credentials: &TwilioCredentials,
    organization: OrganizationId,
    numbers: &[OwnedNumber],
    known: &[Former],
) -> Result<Turned, TwilioError> {
    let ours = ours(app, organization);
    let mut turned = Turned {
        former: Vec::new(),
        found: Vec::new(),
    };
    for number in numbers {
        if number.messages != ours {
            // Noted first: without an answer nobody knows whether it was changed.
            turned.found.push((number.sid.clone(), number.messages.clone()));
            let set = app
                .twilio()
                .set_message_route(credentials, &number.sid, &ours)
                .await;
            if let Err(error) = set {
                turned.undo(app, credentials).await;
                return Err(error);
            }
        }
        turned.former.push(former_of(number, organization, known));
    }
    Ok(turned)
}

/// What is put back one day is what was there before us: our own address, found a second time, says nothing about that.
fn former_of(number: &OwnedNumber, organization: OrganizationId, known: &[Former]) -> Former {
    if !callback::is_inbound_of(&number.messages.url, organization) {
        return Former {
            sid: number.sid.clone(),
            before: number.messages.clone(),
        };
    }
    let known = known.iter().find(|former| former.sid == number.sid);
    known.cloned().unwrap_or_else(|| Former {
        sid: number.sid.clone(),
        before: MessageRoute::to(String::new()),
    })
}

impl Turned {
    /// Takes it back, as far as Twilio lets us.
    pub(super) async fn undo(&self, app: &App, credentials: &TwilioCredentials) {
        for (sid, route) in &self.found {
            let undone = app.twilio().set_message_route(credentials, sid, route).await;
            if let Err(error) = undone {
                tracing::error!(sid, %error, "messages to a number still come to us");
            }
        }
    }
}

/// Puts back where messages went before us, except where somebody has sent them elsewhere since. Returns what was put
/// back. A number or an account that is gone is left alone; an error means that Twilio could not be asked.
pub(super) async fn give_back(
    app: &App,
    credentials: &TwilioCredentials,
    organization: OrganizationId,
    former: &[Former],
) -> Result<Vec<Former>, TwilioError> {
    let twilio = app.twilio();
    let mut given_back = Vec::new();
    for former in former {
        let put_back = async {
            let now = twilio.message_route(credentials, &former.sid).await?;
            if callback::is_inbound_of(&now.url, organization) {
                twilio
                    .set_message_route(credentials, &former.sid, &former.before)
                    .await?;
                given_back.push(former.clone());
            }
            Ok(())
        };
        match put_back.await {
            Ok(()) => {}
            Err(
                error @ (TwilioError::CredentialsRejected { .. }
                | TwilioError::Suspended
                | TwilioError::Refused { .. }),
            ) => tracing::warn!(sid = former.sid, %error, "a number is no longer ours to change"),
            Err(error) => return Err(error),
        }
    }
    Ok(given_back)
}

/// The same the other way round, where the disconnection that it was part of failed.
pub(super) async fn take_again(
    app: &App,
    credentials: &TwilioCredentials,
    organization: OrganizationId,
    given_back: &[Former],
) {
    let ours = ours(app, organization);
    for former in given_back {
        let taken = app
            .twilio()
            .set_message_route(credentials, &former.sid, &ours)
            .await;
        if let Err(error) = taken {
            tracing::error!(sid = former.sid, %error, "messages to a connected number do not come to us");
        }
    }
}
