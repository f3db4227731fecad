//! An administrator makes a key. It is shown once and kept nowhere: what is kept is its hash.

use futures_util::future::try_join;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{ApiKeyRecord, NewApiKey, store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::api_key::ApiKey;
use crate::kernel::class::{Classify, Failure};

/// A key that was made.
#[derive(Debug)]
pub struct MadeApiKey {
    /// What is known of it from now on.
    pub record: ApiKeyRecord,
    key: SecretString,
}

impl MadeApiKey {
    /// The key itself, this once.
    pub fn key(&self) -> &str {
        self.key.expose_secret()
    }
}

/// No key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A secret of the platform is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for CreateError {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Makes a key of the caller's organisation.
pub async fn create(app: &App, caller: &Caller, new: &NewApiKey) -> Result<MadeApiKey, CreateError> {
    let pepper = app.pepper().await?;
    let key = ApiKey::new(&app.clock, caller.organization);
    let hash = &key.hash(&pepper);
    let record = &ApiKeyRecord {
        id: key.id,
        name: new.name.as_str().to_owned(),
        scopes: new.scopes.clone(),
        created_by: caller.user(),
        created_at: app.clock.now(),
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let actor = &Actor::from(caller);
    app.db
        .write("api_keys.create", &Claims::from(caller), async |tx| {
            let details = json!({
                "api_key_id": record.id,
                "after": { "name": record.name, "scopes": record.scopes, "expires_at": record.expires_at },
            });
            try_join(
                store::insert(tx, record, hash),
                audit::record(tx, &app.clock, actor, "api_key.create", details),
            )
            .await
            .map(drop)
        })
        .await
        .map_err(CreateError::Db)?;
    Ok(MadeApiKey {
        record: record.clone(),
        key: key.text(),
    })
}
