//! Connecting an account at Twilio: checked first, then kept, imported and noted; undone if one of those fails.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::store::{self, Claim};
use super::{IntegrationError, NewConnection, SmsSender, TwilioConnection};
use crate::App;
use crate::adapters::twilio::{TwilioCredentials, secret};
use crate::adapters::vapi::{NumberAtTwilio, Vapi, VapiError};
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;

/// How far Vapi's clock may be from ours when an import without an answer is looked for.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// Connects the caller's organisation, instead of what it was connected with.
pub async fn connect(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
) -> Result<TwilioConnection, IntegrationError> {
    check(app, new).await?;
    let claims = Claims::from(caller);
    let now = app.clock.now();
    let claim = app
        .db
        .write("integrations.claim", &claims, async |tx| {
            store::claim(tx, now).await
        })
        .await?;
    let connected = replace(app, caller, new, &claim).await;
    if connected.is_err() {
        give_back(app, &claims, &claim).await;
    }
    connected
}

/// Asks Twilio whether all of it is true; changes nothing.
async fn check(app: &App, new: &NewConnection) -> Result<(), IntegrationError> {
    let twilio = app.twilio();
    let account = twilio.check_account(&new.credentials).await?;
    if account.trial {
        tracing::info!("a trial account is being connected: it reaches verified numbers only");
    }
    let owned = twilio
        .find_number(&new.credentials, &new.phone_number)
        .await?
        .ok_or(IntegrationError::NumberNotOwned)?;
    if !owned.voice {
        return Err(IntegrationError::NumberWithoutVoice);
    }
    match &new.sms_sender {
        // A number for calls that has no messages is the usual case in France: sending is what fails then, not this.
        SmsSender::Number(sender) if *sender != new.phone_number => {
            let sender = twilio.find_number(&new.credentials, sender).await?;
            let usable = sender.is_some_and(|sender| sender.sms);
            usable.then_some(()).ok_or(IntegrationError::SmsSenderNotAllowed)
        }
        _ => Ok(()),
    }
}

/// The steps that change something. Each undoes those before it when it fails.
async fn replace(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
    claim: &Claim,
) -> Result<TwilioConnection, IntegrationError> {
    let vapi = &app.vapi().await?;
    let (secrets, stage, organization) = (app.secrets().await, &app.config.stage, caller.organization);
    let former = secret::load(secrets, stage, organization).await?;
    let former = former.filter(|_| claim.before.configured);
    let name = organization.to_string();
    let import = async {
        secret::store(secrets, stage, organization, &new.credentials).await?;
        Import::carry_out(app, vapi, &name, new, claim, former.as_ref()).await
    };
    let import = match import.await {
        Ok(import) => import,
        Err(error) => {
            restore_secret(app, caller, former.as_ref()).await;
            return Err(error);
        }
    };
    match note(app, caller, new, claim, import.id()).await {
        Ok(connected) => {
            import.drop_former(vapi).await;
            Ok(connected)
        }
        // Perhaps it is all in place: undoing it could break what is. Doing it again mends either.
        Err(error @ IntegrationError::Db(DbError::CommitUnknown(_))) => Err(error),
        Err(error) => {
            import.undo(vapi, &name, claim, former.as_ref()).await;
            restore_secret(app, caller, former.as_ref()).await;
            Err(error)
        }
    }
}

async fn note(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
    claim: &Claim,
    vapi_phone_number_id: &str,
) -> Result<TwilioConnection, IntegrationError> {
    let claims = Claims::from(caller);
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("integrations.connect", &claims, async |tx| {
            let connected = store::connect(tx, claim, new, vapi_phone_number_id, now).await?;
            let details = json!({
                "account_sid": new.credentials.account_sid.as_str(),
                "vapi_phone_number_id": vapi_phone_number_id,
            });
            audit::record(tx, &app.clock, actor, "twilio.connect", details).await?;
            Ok::<_, IntegrationError>(connected)
        })
        .await
}

/// What became of the number at Vapi.
enum Import {
    /// The import that was there got the new credentials.
    Updated(String),
    /// There is a new import; the one before is still there.
    New { id: String, former: Option<String> },
}

impl Import {
    async fn carry_out(
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

    fn id(&self) -> &str {
        match self {
            Self::Updated(id) | Self::New { id, .. } => id,
        }
    }

    /// After the commit: the number before is no longer ours to keep.
    async fn drop_former(&self, vapi: &Vapi) {
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

    async fn undo(&self, vapi: &Vapi, name: &str, claim: &Claim, former: Option<&TwilioCredentials>) {
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

async fn restore_secret(app: &App, caller: &Caller, former: Option<&TwilioCredentials>) {
    let (secrets, stage, organization) = (app.secrets().await, &app.config.stage, caller.organization);
    let restored = match former {
        Some(former) => secret::store(secrets, stage, organization, former).await,
        None => secret::delete(secrets, stage, organization).await,
    };
    log_failure("the credentials could not be put back", restored);
}

/// Gives the claim back; if even that fails, it runs out.
pub(super) async fn give_back(app: &App, claims: &Claims, claim: &Claim) {
    let released = app
        .db
        .write("integrations.release", claims, async |tx| {
            store::release(tx, claim).await
        })
        .await;
    log_failure("the claim runs out by itself", released);
}

fn log_failure<E: std::error::Error + 'static>(what: &'static str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "undoing a change failed: {what}"
        );
    }
}
