//! Where a recording can be listened to: Vapi has it, and makes an address that holds for a short time.

use serde_json::json;

use super::{ReadError, read_store};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::adapters::vapi::VapiError;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Class, Classify, Failure};
use crate::kernel::ids::CallId;

/// Why a recording cannot be listened to.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is no such call.
    #[error(transparent)]
    Call(#[from] ReadError),
    /// It was not recorded, or Vapi has it no more.
    #[error("no recording")]
    NotFound,
    /// The platform's key at Vapi.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Vapi.
    #[error(transparent)]
    Vapi(#[from] VapiError),
}

impl From<DbError> for RecordingError {
    fn from(error: DbError) -> Self {
        Self::Call(error.into())
    }
}

impl Classify for RecordingError {
    fn failure(&self) -> Failure {
        match self {
            Self::Call(error) => error.failure(),
            Self::NotFound => Failure::new(
                Class::NotFound,
                "recording_not_found",
                "Cet appel n'a pas d'enregistrement, ou il n'est plus conservé.",
                "This call has no recording, or it is not kept any more.",
            ),
            Self::Secrets(error) => error.failure(),
            Self::Vapi(error) => error.failure(),
        }
    }
}

/// An address from which the recording of this call can be had for a short time. Who asked for it is written down: it is
/// somebody's voice.
pub async fn recording(app: &App, caller: &Caller, id: &str) -> Result<String, RecordingError> {
    let id = CallId::parse(id).map_err(|_| ReadError::NotFound)?;
    let claims = &Claims::from(caller);
    let recorded = app
        .db
        .read("calls.recorded", claims, async |tx| {
            read_store::recorded(tx, id).await
        })
        .await?
        .ok_or(ReadError::NotFound)?;
    let vapi_call_id = recorded.ok_or(RecordingError::NotFound)?;
    let vapi = app.vapi().await?;
    let link = vapi.recording_link(&vapi_call_id).await?;
    let link = link.ok_or(RecordingError::NotFound)?;
    let actor = &Actor::from(caller);
    app.db
        .write("calls.listen", claims, async |tx| {
            let details = json!({ "call_id": id });
            audit::record(tx, &app.clock, actor, "call.listen", details).await
        })
        .await?;
    Ok(link)
}
