//! The platform of a run: a database of its own, filled, behind the way that breaks; and what a container is made of.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio_postgres::Client;
use uuid::Uuid;
use zencall::App;
use zencall::campaigns::start;
use zencall::kernel::ids::{CampaignId, OrganizationId, SessionId, UserId};
use zencall::kernel::{Caller, Origin, Person, Principal, Role};

use super::plan::Plan;
use super::vapi::Vapi;
use super::world::World;
use crate::loopback::aws::Aws;
use crate::loopback::container::Containers;
use crate::loopback::http;
use crate::loopback::pooler::Pooler;
use crate::postgres;
use crate::settings::{Ports, Secrets};

/// Migrations give the owner rights that all databases share, and take them back: one after the other.
static MIGRATION: Mutex<()> = Mutex::const_new(());

/// The database of a run.
pub(super) fn name(plan: &Plan) -> String {
    format!("zencall_chaos_{}", plan.seed)
}

/// What a run runs on.
pub(super) struct Platform {
    pub(super) world: Arc<World>,
    pub(super) vapi: Arc<Vapi>,
    pub(super) pooler: Arc<Pooler>,
    pub(super) aws: Arc<Aws<World>>,
    /// The database as nobody of the product sees it.
    pub(super) database: Client,
    containers: Containers,
}

/// A campaign of the run, and who started it.
pub(super) struct Started {
    pub(super) campaign: CampaignId,
    pub(super) caller: Caller,
}

impl Platform {
    /// Makes and fills it.
    pub(super) async fn make(
        plan: &Plan,
        begins_at: Timestamp,
        ports: &Ports,
        secrets: &Secrets,
    ) -> anyhow::Result<Self> {
        let name = name(plan);
        let database = {
            let _turn = MIGRATION.lock().await;
            let database = postgres::recreate(&name, ports, secrets).await?;
            postgres::migrate(&database, plan.slots).await?;
            database
        };
        let client = postgres::superuser(&name, ports, secrets).await?;
        fill(&client, plan, begins_at).await?;
        let world = Arc::new(World::new(plan.clone(), begins_at));
        let vapi = Vapi::new(Arc::clone(&world));
        let vapi_url = http::serve(Arc::clone(&vapi)).await?;
        let server = format!("127.0.0.1:{}", ports.postgres);
        let commits = plan.clone();
        let fate = Box::new(move |number| commits.commit(number));
        let (pooler, way) = Pooler::open_with(server.clone(), fate).await?;
        let url = database.functions_url.replace(&server, &way.to_string());
        let (containers, aws) = Containers::of(
            Arc::clone(&world),
            (&url, &secrets.pepper),
            &vapi_url,
            &world.clock,
        )
        .await?;
        Ok(Self {
            world,
            vapi,
            pooler,
            aws,
            database: client,
            containers,
        })
    }

    /// A container: a pool of one connection and clients of its own.
    pub(super) fn container(&self) -> App {
        self.containers.start()
    }

    /// Starts every campaign, as its administrator does: again, when an error came back.
    pub(super) async fn start(&self, app: &App) -> anyhow::Result<Vec<Started>> {
        let rows = self
            .database
            .query(
                "select c.id, c.organization_id, p.id from campaigns c join profiles p on p.organization_id = c.organization_id
                  order by c.name",
                &[],
            )
            .await?;
        let mut started = Vec::new();
        for row in rows {
            let ids: [Uuid; 3] = [row.get(0), row.get(1), row.get(2)];
            let caller = Caller {
                principal: Principal::Person(Person {
                    user: UserId(ids[2]),
                    role: Role::Admin,
                    session: SessionId(ids[2]),
                }),
                organization: OrganizationId(ids[1]),
                origin: Origin::default(),
            };
            let campaign = CampaignId(ids[0]);
            for _ in 0..20 {
                if start::start(app, &caller, campaign).await.is_ok() {
                    break;
                }
            }
            started.push(Started { campaign, caller });
        }
        let drafts: i64 = self
            .database
            .query_one("select count(*) from campaigns where status = 'draft'", &[])
            .await?
            .get(0);
        anyhow::ensure!(drafts == 0, "a campaign does not start");
        Ok(started)
    }

    /// Numbers of people who will object, and to whose campaign.
    pub(super) async fn some_phones(&self, started: &[Started]) -> anyhow::Result<Vec<(usize, String)>> {
        let many = i64::from(self.world.plan.contacts / 100 + 1);
        let mut phones = Vec::new();
        for (index, started) in started.iter().enumerate() {
            let sql = "select phone from contacts where organization_id = $1 order by md5(phone) limit $2";
            let rows = self
                .database
                .query(sql, &[&started.caller.organization.0, &many])
                .await?;
            phones.extend(rows.iter().map(|row| (index, row.get(0))));
        }
        Ok(phones)
    }

    /// Somebody whose call by this campaign waits in the queue.
    pub(super) async fn queued_phone(&self, started: &Started) -> Option<String> {
        let sql = "select p.phone from call_attempts a join contacts p on p.id = a.contact_id
                    where a.campaign_id = $1 and a.status = 'queued' order by a.id limit 1";
        let found = self.database.query_opt(sql, &[&started.campaign.0]).await;
        found.ok().flatten().map(|row| row.get(0))
    }

    /// Ends every session of the functions, as a failover does.
    pub(super) async fn fail_over(&self) -> anyhow::Result<usize> {
        let ended = self
            .database
            .query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()",
                &[],
            )
            .await?;
        Ok(ended.len())
    }
}

async fn fill(client: &Client, plan: &Plan, now: Timestamp) -> anyhow::Result<()> {
    let sql = include_str!("fill.sql")
        .replace("{contacts}", &plan.contacts.to_string())
        .replace("{slots}", &plan.slots.to_string())
        .replace("{now}", &now.to_string());
    for statement in sql.split(";\n") {
        client
            .batch_execute(statement)
            .await
            .with_context(|| format!("cannot fill: {statement}"))?;
    }
    Ok(())
}
