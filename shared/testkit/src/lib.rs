//! For tests only: an application on the real database, the real emulator and stand-ins of its own, and organisations
//! that are fresh for every test.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "code of tests: it fails by panicking, and reads the environment and the machine's clock"
)]

pub mod client;
pub mod environment;
pub mod events;
pub mod mail;
pub mod organization;
pub mod proxy;
pub mod queues;
pub mod supabase;
pub mod vapi;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use local::sandbox::{Sandbox, SandboxSettings};
use utoipa_axum::router::OpenApiRouter;
use zencall::App;
use zencall::app::Aws;
use zencall::config::Config;
use zencall::db::Bytes;
use zencall::kernel::meter::Meter;
use zencall::kernel::{Clock, Country, PhoneNumber};
use zencall::oppositions::platform;

pub use client::{Client, Reply, some_address, some_origin};
pub use environment::Environment;
pub use mail::SentMail;
pub use organization::{TestOrganization, advertiser, consent};
pub use proxy::CountingProxy;
pub use queues::{QueueKind, TestQueues};
pub use vapi::CallingOrganization;

/// The key of Vapi's stand-in.
pub const VAPI_API_KEY: &str = "test-vapi-key";
/// What Vapi's stand-in signs its webhooks with.
pub const VAPI_WEBHOOK_SECRET: &str = "test-vapi-webhook-secret";
/// A Twilio account that every stand-in knows.
pub const TWILIO_ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
/// Its token.
pub const TWILIO_AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// A number of its own that automated calls may present (ARCEP, verified polyvalent numbers).
pub const TWILIO_NUMBER: &str = "+33162000001";

/// An application as a function has it, with queues and provider stand-ins of its own.
pub struct TestApp {
    /// The application.
    pub app: App,
    /// The stand-ins of Vapi and Twilio that it talks to.
    pub sandbox: Sandbox,
    /// Its queues.
    pub queues: TestQueues,
    settings: Config,
}

/// A change to the settings.
pub type Configure = Box<dyn FnOnce(&mut Config)>;

/// How a [`TestApp`] differs from the usual one.
#[derive(Default)]
pub struct Options {
    /// A clock that stands still at this instant, instead of the machine's.
    pub held_at: Option<Timestamp>,
    /// The database behind this address (a counting proxy, a dead port) instead of the usual one.
    pub database_url: Option<String>,
    /// A database of its own, for tests of what looks at every organisation: another test's campaigns would be called here.
    pub alone: bool,
    /// AWS behind this address (a counting proxy, a dead port) instead of the emulator.
    pub aws_endpoint: Option<String>,
    /// Changes to the settings.
    pub configure: Option<Configure>,
}

impl TestApp {
    /// An application on the machine's clock.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// An application whose clock stands still at `now`.
    pub async fn held_at(now: Timestamp) -> Self {
        Self::with(Options {
            held_at: Some(now),
            ..Options::default()
        })
        .await
    }

    /// An application with a database of its own.
    pub async fn alone() -> Self {
        Self::with(Options {
            alone: true,
            ..Options::default()
        })
        .await
    }

    /// An application with a database of its own, whose clock stands still at `now`.
    pub async fn alone_at(now: Timestamp) -> Self {
        Self::with(Options {
            held_at: Some(now),
            alone: true,
            ..Options::default()
        })
        .await
    }

    /// An application that differs from the usual one.
    pub async fn with(options: Options) -> Self {
        let environment = Environment::get().await;
        let settings = SandboxSettings {
            vapi_api_key: VAPI_API_KEY.to_owned(),
            vapi_webhook_secret: VAPI_WEBHOOK_SECRET.to_owned(),
            ..SandboxSettings::default()
        };
        let sandbox = Sandbox::start("127.0.0.1:0".parse().unwrap(), settings)
            .await
            .unwrap();
        let queues = TestQueues::create().await;
        let mut config = environment.config(&sandbox.url(), &queues);
        let own = if options.alone {
            Some(environment.own_database().await)
        } else {
            None
        };
        if let Some(url) = options.database_url.or(own) {
            config.database_secret = environment.store_secret(&url).await;
        }
        if let Some(configure) = options.configure {
            configure(&mut config);
        }
        let clock = options.held_at.map_or_else(Clock::system, Clock::held_at);
        let app = match options.aws_endpoint {
            None => App::new(config.clone(), clock, 4),
            Some(endpoint) => {
                let aws = Aws::with(zencall::adapters::aws_config_at(&endpoint).await);
                App::on(aws, config.clone(), clock, 4)
            }
        };
        let test = Self {
            app,
            sandbox,
            queues,
            settings: config,
        };
        test.set_twilio_account(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, &[TWILIO_NUMBER])
            .await;
        test
    }

    /// The routes of a function, behind everything that they have in common.
    pub fn serving(&self, routes: OpenApiRouter<App>) -> Router {
        zencall::http::with_edge(routes, self.app.clone())
    }

    /// A second container of the same deployment: same settings, clients and pool of its own.
    pub fn another_container(&self) -> App {
        App::new(self.settings.clone(), self.app.clock.clone(), 1)
    }

    /// A fresh organisation, with an administrator and a member.
    pub async fn organization(&self) -> TestOrganization {
        TestOrganization::create(&self.app).await
    }

    /// The holder of this number tells everybody to leave them alone.
    ///
    /// # Panics
    ///
    /// When the list cannot be written.
    pub async fn object_everywhere(&self, phone: &str) {
        let phone = &PhoneNumber::parse(phone, Country::FR).expect("a number");
        let (db, now) = (&self.app.db, self.app.clock.now());
        let key = self.app.number_key().await.expect("the key");
        let (hash, fingerprint) = (platform::hash(&key, phone), Bytes(key.fingerprint().to_vec()));
        // As on the proof page: whoever shows the code that came to the number.
        let (id, code, meter) = (self.app.clock.uuid(), Bytes(vec![1]), &Meter::default());
        let until = now + SignedDuration::from_mins(10);
        db.ask_proof_code(meter, id, phone, &code, (now, until))
            .await
            .expect("a code");
        let proven = db.prove_code(meter, phone, &code, now).await.expect("its proof");
        assert_eq!(proven, Some(id));
        let suppressed = db.suppress_everywhere(id, &hash, &fingerprint, now).await;
        assert!(suppressed.expect("the list"), "a code that was shown is good");
    }

    /// Tells the stand-ins how to behave (`PUT /_control/behaviour`).
    pub async fn set_behaviour(&self, behaviour: serde_json::Value) {
        self.control("PUT", "/_control/behaviour", Some(behaviour)).await;
    }

    /// Gives Twilio's stand-in an account.
    pub async fn set_twilio_account(&self, sid: &str, token: &str, numbers: &[&str]) {
        let account = serde_json::json!({ "auth_token": token, "numbers": numbers, "status": "active" });
        self.control("PUT", &format!("/_control/twilio/accounts/{sid}"), Some(account))
            .await;
    }

    /// What a stand-in was asked: `vapi` or `twilio`.
    pub async fn provider_requests(&self, provider: &str) -> Vec<serde_json::Value> {
        let answer = self
            .control("GET", &format!("/_control/requests?provider={provider}"), None)
            .await;
        serde_json::from_value(answer).unwrap()
    }

    /// The calls that were really placed.
    pub async fn placed_calls(&self) -> Vec<serde_json::Value> {
        serde_json::from_value(self.control("GET", "/_control/calls", None).await).unwrap()
    }

    async fn control(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> serde_json::Value {
        let client = zencall::adapters::http_client();
        let mut request = client.request(method.parse().unwrap(), format!("{}{path}", self.sandbox.url()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
