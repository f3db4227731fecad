//! The number at Vapi, for voice: imported with the organisation's own credentials, updated, or taken back.

use jiff::{SignedDuration, Timestamp};

use super::connect::log_failure;
use super::store::Claim;
use super::{IntegrationError, NewConnection};
use crate::App;
use crate::adapters::twilio::TwilioCredentials;
use crate::adapters::vapi::{NumberAtTwilio, Vapi, VapiError};

/// How far Vapi's clock may be from ours when an import without an answer is looked for.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// What became of the number at Vapi.
pub(super) enum Import {
    /// The import that was there got the new credentials.
    Updated(String),
    /// There is a new import; the one before is still there.
    New { id: String, former: Option<String> },
}

impl Import {
    /// Imports the number, or gives the import that is there the new credentials.
    pub(super) async fn carry_out(
        app: &App,
        vapi: &Vapi,
        name: &str,
        new: &NewConnection,
        claim: &Claim,
        former: Option<&TwilioCredentials>,
    ) -> Result<Self, IntegrationError> {
        let number = NumberAtTwilio {
            number: &new.phone_number,
            credentials: &new.credentials,
            name,
        };
        let before = claim.before.vapi_phone_number_id.clone();
        if let Some(id) = &before
            && claim.before.phone_number.as_ref() == Some(&new.phone_number)
        {
            let former = former.unwrap_or(&new.credentials);
            match vapi.update_phone_number(id, &number, former).await {
                Ok(()) => return Ok(Self::Updated(id.clone())),
                Err(VapiError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let asked_at = app.clock.now();
        match vapi.import_phone_number(&number).await {
            Ok(id) => Ok(Self::New { id, former: before }),
            Err(error) => {
                // Without an answer nobody knows whether there is an import now; it carries our name if there is.
                if !matches!(error, VapiError::Refused { .. }) {
                    sweep(app, vapi, name, before.as_deref(), asked_at).await;
                }
                Err(error.into())
            }
        }
    }

    /// Vapi's id of it.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Updated(id) | Self::New { id, .. } => id,
        }
    }

    /// After the commit: the number before is no longer ours to keep.
    pub(super) async fn drop_former(&self, vapi: &Vapi) {
        if let Self::New {
            former: Some(former), ..
        } = self
        {
            log_failure(
                "the import of the former number remains",
                vapi.delete_phone_number(former).await,
            );
        }
    }

    /// Takes it back.
    pub(super) async fn undo(
        &self,
        vapi: &Vapi,
        name: &str,
        claim: &Claim,
        former: Option<&TwilioCredentials>,
    ) {
        match (self, former, &claim.before.phone_number) {
            (Self::New { id, .. }, _, _) => {
                log_failure("a new import remains", vapi.delete_phone_number(id).await);
            }
            (Self::Updated(id), Some(credentials), Some(number)) => {
                let before = NumberAtTwilio {
                    number,
                    credentials,
                    name,
                };
                let undone = vapi.update_phone_number(id, &before, credentials).await;
                log_failure("the import keeps the new credentials", undone);
            }
            (Self::Updated(_), _, _) => {}
        }
    }
}

/// Deletes what an import without an answer may have left, except the one that is in use.
async fn sweep(app: &App, vapi: &Vapi, name: &str, in_use: Option<&str>, asked_at: Timestamp) {
    let from = asked_at.saturating_sub(CLOCKS_APART).unwrap_or(asked_at);
    let to = app.clock.now().saturating_add(CLOCKS_APART).unwrap_or(asked_at);
    let found = match vapi.phone_numbers_named(name, from, to).await {
        Ok(found) => found,
        Err(error) => return log_failure("it is unknown whether an import remains", Err(error)),
    };
    for id in found.iter().filter(|id| Some(id.as_str()) != in_use) {
        log_failure("an import remains", vapi.delete_phone_number(id).await);
    }
}
