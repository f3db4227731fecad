//! What the tick heals: messages that were lost, calls of which nothing was heard, times that have come.
//!
//! A tick looks after every organisation of the database, so these tests take turns; and what other tests left behind may
//! come first, so they tick until what they wait for has happened.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod assistants;
mod budget;
mod due;
mod reconciliation;
mod reports;
mod upkeep;

use serde_json::{Value, json};
use testkit::vapi::message;
use testkit::{CallingOrganization, TestApp};
use tokio::sync::{Mutex, MutexGuard};
use zencall::kernel::Clock;
use zencall::kernel::ids::CampaignId;

static TURN: Mutex<()> = Mutex::const_new(());

/// An application whose clock stands still now, an organisation that can call, and the turn.
struct Fixture {
    test: TestApp,
    calling: CallingOrganization,
    _turn: MutexGuard<'static, ()>,
}

impl Fixture {
    async fn start() -> Self {
        let turn = TURN.lock().await;
        let test = TestApp::alone_at(Clock::system().now()).await;
        let calling = CallingOrganization::create(&test).await;
        Self {
            test,
            calling,
            _turn: turn,
        }
    }

    /// Ticks until this is so.
    async fn tick_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        for _ in 0..40 {
            minute_tick::run(&self.test.app).await.unwrap();
            if is_so().await {
                return;
            }
        }
        panic!("the tick does not bring it about: {what}");
    }

    async fn dial(&self, body: &Value) {
        call_dialer::handle(&self.test.app, &message(body)).await.unwrap();
    }

    /// The message of the attempt that is queued now.
    async fn queued_message(&self) -> Value {
        let rows = self
            .calling
            .organization
            .rows("select id from call_attempts where status = 'queued'", &[])
            .await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        json!({ "v": 1, "organization_id": self.calling.organization.id, "attempt_id": rows[0]["id"] })
    }

    /// A running campaign with one contact, which is queued, and its message.
    async fn queued(&self) -> (CampaignId, Value) {
        let (campaign, messages) = self.calling.running(&self.test, 1).await;
        (campaign, messages[0].clone())
    }

    async fn status(&self) -> Value {
        self.calling.contact().await["status"].clone()
    }
}
