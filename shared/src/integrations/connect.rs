//! Connecting an account at Twilio: checked first; then the token is kept, the number imported into Vapi, messages turned
//! to us, and all of it noted, in this order. Whatever fails, the steps before it are undone: the token comes first, since
//! our webhook proves with it what comes; messages come after the import, which could turn them elsewhere.

use serde_json::json;

use super::import::Import;
use super::route::{self, Turned};
use super::store::{self, Claim};
use super::{IntegrationError, NewConnection, SmsSender, TwilioConnection};
use crate::App;
use crate::adapters::twilio::{Keyring, OwnedNumber, TwilioCredentials, secret};
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;

/// Connects the caller's organisation, instead of what it was connected with.
pub async fn connect(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
) -> Result<TwilioConnection, IntegrationError> {
    let numbers = check(app, new).await?;
    let claims = Claims::from(caller);
    let now = app.clock.now();
    let claim = app
        .db
        .write("integrations.claim", &claims, async |tx| {
            store::claim(tx, now).await
        })
        .await?;
    let connected = replace(app, caller, new, &numbers, &claim).await;
    if connected.is_err() {
        give_back(app, &claims, &claim).await;
    }
    connected
}

/// Asks Twilio whether all of it is true; changes nothing. Returns the numbers that messages may come to.
async fn check(app: &App, new: &NewConnection) -> Result<Vec<OwnedNumber>, IntegrationError> {
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
    let mut numbers = vec![owned];
    // A number for calls that has no messages is the usual case in France: sending is what fails then, not this.
    if let SmsSender::Number(sender) = &new.sms_sender
        && *sender != new.phone_number
    {
        let sender = twilio.find_number(&new.credentials, sender).await?;
        let usable = sender.filter(|sender| sender.sms);
        numbers.push(usable.ok_or(IntegrationError::SmsSenderNotAllowed)?);
    }
    numbers.retain(|number| number.sms);
    Ok(numbers)
}

/// The steps that change something. Each undoes those before it when it fails.
async fn replace(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
    numbers: &[OwnedNumber],
    claim: &Claim,
) -> Result<TwilioConnection, IntegrationError> {
    let vapi = &app.vapi().await?;
    let (secrets, stage, organization) = (app.secrets().await, &app.config.stage, caller.organization);
    let former = secret::load_keyring(secrets, stage, organization).await?;
    let former = former.filter(|_| claim.before.configured);
    let now = app.clock.now();
    let keyring = match &former {
        Some(former) => former.replaced_by(&new.credentials, now),
        None => new.credentials.clone().into(),
    };
    let before = former.as_ref().map(|former| &former.current);
    let name = organization.to_string();
    let import = async {
        secret::store_keyring(secrets, stage, organization, &keyring).await?;
        Import::carry_out(app, vapi, &name, new, claim, before).await
    };
    let import = match import.await {
        Ok(import) => import,
        Err(error) => {
            restore_secret(app, caller, former.as_ref()).await;
            return Err(error);
        }
    };
    let turned = match route::turn(app, &new.credentials, organization, numbers, &claim.former).await {
        Ok(turned) => turned,
        Err(error) => {
            import.undo(vapi, &name, claim, before).await;
            restore_secret(app, caller, former.as_ref()).await;
            return Err(error.into());
        }
    };
    match note(app, caller, new, claim, import.id(), &turned).await {
        Ok(connected) => {
            import.drop_former(vapi).await;
            let_former_numbers_go(app, caller, claim, &turned, before).await;
            Ok(connected)
        }
        // Perhaps it is all in place: undoing it could break what is. Doing it again mends either.
        Err(error @ IntegrationError::Db(DbError::CommitUnknown(_))) => Err(error),
        Err(error) => {
            turned.undo(app, &new.credentials).await;
            import.undo(vapi, &name, claim, before).await;
            restore_secret(app, caller, former.as_ref()).await;
            Err(error)
        }
    }
}

/// After the commit: messages to numbers that are no longer connected go where they went before.
async fn let_former_numbers_go(
    app: &App,
    caller: &Caller,
    claim: &Claim,
    turned: &Turned,
    credentials: Option<&TwilioCredentials>,
) {
    let gone: Vec<_> = claim
        .former
        .iter()
        .filter(|former| !turned.former.iter().any(|kept| kept.sid == former.sid))
        .cloned()
        .collect();
    if let Some(credentials) = credentials
        && !gone.is_empty()
    {
        let given_back = route::give_back(app, credentials, caller.organization, &gone).await;
        log_failure(
            "messages to a former number still come to us",
            given_back.map(drop),
        );
    }
}

async fn note(
    app: &App,
    caller: &Caller,
    new: &NewConnection,
    claim: &Claim,
    vapi_phone_number_id: &str,
    turned: &Turned,
) -> Result<TwilioConnection, IntegrationError> {
    let claims = Claims::from(caller);
    let (now, actor) = (app.clock.now(), &Actor::from(caller));
    app.db
        .write("integrations.connect", &claims, async |tx| {
            let connected = store::connect(tx, claim, new, vapi_phone_number_id, &turned.former, now).await?;
            let details = json!({
                "account_sid": new.credentials.account_sid.as_str(),
                "vapi_phone_number_id": vapi_phone_number_id,
            });
            audit::record(tx, &app.clock, actor, "twilio.connect", details).await?;
            Ok::<_, IntegrationError>(connected)
        })
        .await
}

async fn restore_secret(app: &App, caller: &Caller, former: Option<&Keyring>) {
    let (secrets, stage, organization) = (app.secrets().await, &app.config.stage, caller.organization);
    let restored = match former {
        Some(former) => secret::store_keyring(secrets, stage, organization, former).await,
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

pub(super) fn log_failure<E: std::error::Error + 'static>(what: &'static str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "undoing a change failed: {what}"
        );
    }
}
