//! Stand-ins of Vapi and Twilio: one process that checks what it is sent as strictly as the providers' contracts say, lets calls
//! happen over time, posts signed webhooks, and obeys `/_control`.
//!
//! Vapi's API lies under `/vapi`, Twilio's under `/twilio`. Nothing here depends on the product, so that both cannot share a mistake.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, middleware};
use tokio::{net::TcpListener, sync::oneshot};

mod behaviour;
pub(crate) mod chance;
mod control;
mod edge;
mod rules;
mod state;
mod target;
pub(crate) mod twilio;
mod validate;
mod vapi;
mod webhooks;

use behaviour::Provider;
use edge::Door;
use state::Stand;

/// What the stand-ins are told at their start.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// The private key that Vapi's API accepts.
    pub vapi_api_key: String,
    /// The key with which Vapi's webhooks are signed, when the server of an assistant names the credential.
    pub vapi_webhook_secret: String,
    /// The one webhook credential that exists at Vapi.
    pub vapi_credential_id: Option<String>,
    /// The same seed and the same order of calls give the same outcomes.
    pub seed: u64,
    /// Where accounts, assistants and numbers survive a restart; nowhere if none.
    pub state_file: Option<PathBuf>,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            vapi_api_key: "sandbox-vapi-key".to_owned(),
            vapi_webhook_secret: "sandbox-webhook-secret".to_owned(),
            vapi_credential_id: Some("5f0b6a52-9d5e-4d7c-9a53-0c7e1f2b8a11".to_owned()),
            seed: 1,
            state_file: None,
        }
    }
}

/// Running stand-ins; dropping it stops them.
pub struct Sandbox {
    address: SocketAddr,
    stand: Arc<Stand>,
    _running: oneshot::Sender<()>,
}

impl Sandbox {
    /// Starts on this address; port 0 takes a free one.
    pub async fn start(bind: SocketAddr, settings: SandboxSettings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let stand = Stand::new(settings);
        let (running, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, routes(Arc::clone(&stand)))
            // Ends when the sender is dropped.
            .with_graceful_shutdown(async move {
                let _ = stopped.await;
            });
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the stand-ins stopped");
            }
        });
        Ok(Self {
            address,
            stand,
            _running: running,
        })
    }

    /// The origin, for example `http://127.0.0.1:4010`: `SANDBOX_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stand.stop();
    }
}

/// The same as a router, for whoever serves it.
pub fn router(settings: SandboxSettings) -> Router {
    routes(Stand::new(settings))
}

fn routes(stand: Arc<Stand>) -> Router {
    let door = |provider| {
        let stand = Arc::clone(&stand);
        middleware::from_fn_with_state(Door { stand, provider }, edge::enter)
    };
    Router::new()
        .nest("/_control", control::routes())
        .nest("/vapi", vapi::routes(&stand).layer(door(Provider::Vapi)))
        .nest("/twilio", twilio::routes().layer(door(Provider::Twilio)))
        .merge(vapi::storage_routes())
        .with_state(stand)
}
