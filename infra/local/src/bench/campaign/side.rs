//! One campaign of one size: a database of its own, a container of each function on it, and what each of them did, counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;
use zencall::App;
use zencall::campaigns::{CallRequested, forecast, release, start};
use zencall::kernel::ids::{CampaignId, OrganizationId, SessionId, UserId};
use zencall::kernel::{Caller, Clock, Origin, Person, Principal, Role};

use crate::loopback::aws::{Aws, Queues};
use crate::loopback::container::{CALLS, Containers, kept};
use crate::loopback::counting::CountingProxy;
use crate::loopback::http::{self, Answer, Request, Serve};
use crate::postgres;
use crate::settings::{Ports, Secrets};
use crate::terminal::step;

/// The messages that wait to be handled.
#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<Vec<String>>);

impl Inbox {
    fn next(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn empty(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Queues for Inbox {
    fn take(&self, queue_url: &str, body: &str) -> bool {
        if queue_url == CALLS {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(body.to_owned());
        }
        true
    }
}

/// Vapi, which places every call.
struct Willing;

impl Serve for Willing {
    async fn answer(&self, request: Request) -> Option<Answer> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        // An id that tells whose call it is.
        let id = format!(
            "call of {}",
            body["customer"]["externalId"].as_str().unwrap_or_default()
        );
        Some(Answer::json(201, &json!({ "id": id })))
    }
}

/// What something did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Did {
    pub(super) statements: usize,
    pub(super) round_trips: usize,
    pub(super) sends: usize,
    pub(super) messages: usize,
}

impl Did {
    /// The same, with the fewer round trips.
    pub(super) fn fewest(self, other: Self) -> Self {
        if other.round_trips < self.round_trips {
            other
        } else {
            self
        }
    }
}

/// Rows and blocks touched, by table.
pub(super) type Touched = HashMap<String, [f64; 2]>;

/// A campaign of one size.
pub(super) struct Side {
    pub(super) contacts: u32,
    database: Client,
    name: String,
    containers: Containers,
    app: App,
    aws: Arc<Aws<Inbox>>,
    pub(super) inbox: Arc<Inbox>,
    clock: Clock,
    proxy: CountingProxy,
    counted: Containers,
    counted_aws: Arc<Aws<Inbox>>,
}

impl Side {
    pub(super) async fn make(contacts: u32, ports: &Ports, secrets: &Secrets) -> anyhow::Result<Self> {
        let name = format!("zencall_bench_{contacts}");
        let addresses = postgres::recreate(&name, ports, secrets).await?;
        postgres::migrate(&addresses, 10).await?;
        let database = postgres::superuser(&name, ports, secrets).await?;
        step(
            &format!("a campaign of {contacts} contacts, half of them called"),
            async {
                for statement in include_str!("fill.sql")
                    .replace("{contacts}", &contacts.to_string())
                    .split(";\n")
                {
                    let done = database.batch_execute(statement).await;
                    done.with_context(|| format!("cannot fill: {statement}"))?;
                }
                anyhow::Ok(())
            },
        )
        .await?;
        let vapi = http::serve(Arc::new(Willing)).await?;
        let (proxy, through) = CountingProxy::in_front_of(&addresses.functions_url).await?;
        let inbox = Arc::new(Inbox::default());
        let clock = Clock::system();
        let of = async |url: &str| {
            let keys = (url, secrets.pepper.as_str());
            Containers::of(Arc::clone(&inbox), keys, &vapi, &clock).await
        };
        let (containers, aws) = of(&addresses.functions_url).await?;
        let (counted, counted_aws) = of(&through).await?;
        Ok(Self {
            contacts,
            database,
            name,
            app: containers.start(),
            containers,
            aws,
            inbox,
            clock,
            proxy,
            counted,
            counted_aws,
        })
    }

    pub(super) async fn remove(self, ports: &Ports, secrets: &Secrets) -> anyhow::Result<()> {
        postgres::remove(&self.name, ports, secrets).await
    }

    fn organization() -> OrganizationId {
        OrganizationId(Uuid::from_u128(1))
    }

    fn administrator() -> Caller {
        Caller {
            principal: Principal::Person(Person {
                user: UserId(Uuid::from_u128(2)),
                role: Role::Admin,
                session: SessionId(Uuid::from_u128(5)),
            }),
            organization: Self::organization(),
            origin: Origin::default(),
        }
    }

    /// Starts the campaign through the counting proxy: the first wave with it.
    pub(super) async fn start(&self) -> anyhow::Result<Did> {
        let caller = Self::administrator();
        self.count(async |app| {
            start::start(app, &caller, CampaignId(Uuid::from_u128(4))).await?;
            Ok(())
        })
        .await
    }

    /// A wave through the counting proxy, after all slots were freed.
    pub(super) async fn wave(&self) -> anyhow::Result<Did> {
        self.free().await?;
        self.count(async |app| {
            release::release(app, Self::organization()).await?;
            Ok(())
        })
        .await
    }

    /// Takes back what is under way: its contacts wait again.
    async fn free(&self) -> anyhow::Result<()> {
        self.inbox.empty();
        self.database
            .batch_execute(
                "update platform_slots set leased_by = null, campaign_id = null, attempt_id = null, leased_until = null;
                 update call_attempts set status = 'released' where status = 'queued';
                 update campaign_contacts set status = 'waiting' where status = 'active'",
            )
            .await?;
        Ok(())
    }

    /// One call through the counting proxy: dialled, and ended by its report.
    pub(super) async fn one_call(&self) -> anyhow::Result<[Did; 2]> {
        let message = self.inbox.next().context("no call is queued")?;
        let dialled = self.count(async |app| dial(app, &message).await).await?;
        let ended = self.count(async |app| self.end(app, &message).await).await?;
        Ok([dialled, ended])
    }

    async fn count(&self, work: impl AsyncFnOnce(&App) -> anyhow::Result<()>) -> anyhow::Result<Did> {
        let app = self.counted.start();
        // A container that is warm.
        app.db.ping().await?;
        app.pepper().await?;
        app.vapi().await?;
        let before = (self.proxy.statements(), self.proxy.round_trips());
        let sent = (self.counted_aws.sends(), self.counted_aws.messages());
        work(&app).await?;
        Ok(Did {
            statements: self.proxy.statements() - before.0,
            round_trips: self.proxy.round_trips() - before.1,
            sends: self.counted_aws.sends() - sent.0,
            messages: self.counted_aws.messages() - sent.1,
        })
    }

    /// The next call, dialled and ended on the warm container; returns the processor time of its backend for each, in µs.
    pub(super) async fn timed_call(&self, backend: i32) -> anyhow::Result<[f64; 2]> {
        let message = self.inbox.next().context("no call is queued")?;
        let times = [
            crate::bench::processor_time(backend)?,
            {
                dial(&self.app, &message).await?;
                crate::bench::processor_time(backend)?
            },
            {
                self.end(&self.app, &message).await?;
                crate::bench::processor_time(backend)?
            },
        ];
        Ok([(times[1] - times[0]) / 1000.0, (times[2] - times[1]) / 1000.0])
    }

    async fn end(&self, app: &App, message: &str) -> anyhow::Result<()> {
        let request: CallRequested = serde_json::from_str(message)?;
        let event = report_of(request.attempt_id.to_string(), self.clock.now());
        let body = kept(&event, self.clock.now()).context("the door refuses our own event")?;
        provider_events::handle(app, &letter(&body)).await?;
        Ok(())
    }

    /// The backend of the warm container.
    pub(super) async fn backend(&self) -> anyhow::Result<i32> {
        self.app.db.ping().await?;
        let row = self
            .database
            .query_one(
                "select pid from pg_stat_activity
                  where datname = current_database() and usename = 'zencall_functions'
                  order by backend_start desc limit 1",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// Rows and blocks of each table that this database has touched so far; the warm container is replaced, since a backend
    /// that ends tells what it did.
    pub(super) async fn touched(&mut self) -> anyhow::Result<Touched> {
        self.app = self.containers.start();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        self.database
            .batch_execute("select pg_stat_clear_snapshot()")
            .await?;
        let rows = self
            .database
            .query(
                "select t.relname::text,
                        (t.seq_tup_read + coalesce(t.idx_tup_fetch, 0) + t.n_tup_ins + t.n_tup_upd + t.n_tup_del)::float8,
                        (b.heap_blks_hit + b.heap_blks_read + coalesce(b.idx_blks_hit + b.idx_blks_read, 0))::float8
                   from pg_stat_user_tables t join pg_statio_user_tables b using (relid)",
                &[],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| (row.get(0), [row.get(1), row.get(2)]))
            .collect())
    }

    /// How many contacts wait, and how long a forecast of them takes, in seconds.
    pub(super) async fn forecast(&self) -> anyhow::Result<(i64, f64)> {
        let began = std::time::Instant::now();
        let forecast =
            forecast::forecast(&self.app, &Self::administrator(), CampaignId(Uuid::from_u128(4))).await?;
        let refused: i64 = forecast.refused.iter().map(|group| group.count).sum();
        Ok((forecast.callable + refused, began.elapsed().as_secs_f64()))
    }

    /// Requests to SQS and secrets fetched by the warm container.
    pub(super) fn requests(&self) -> [usize; 2] {
        [self.aws.sends(), self.aws.secret_reads()]
    }
}

async fn dial(app: &App, message: &str) -> anyhow::Result<()> {
    call_dialer::handle(app, &letter(message)).await?;
    Ok(())
}

fn letter(body: &str) -> zencall::worker::Message {
    zencall::worker::Message {
        id: "message".to_owned(),
        body: body.to_owned(),
        receive_count: 1,
        sent_at: None,
    }
}

/// The report of a call that somebody answered.
fn report_of(attempt: String, now: Timestamp) -> Value {
    json!({ "message": {
        "type": "end-of-call-report",
        "timestamp": now.as_millisecond(),
        "endedReason": "customer-ended-call",
        "startedAt": now.to_string(),
        "endedAt": now.to_string(),
        "cost": 0.05,
        "call": {
            "id": format!("call of {attempt}"),
            "type": "outboundPhoneCall",
            "assistantId": "assistant",
            "createdAt": now.to_string(),
            "customer": { "number": "+33600000000", "externalId": attempt },
        },
    } })
}
