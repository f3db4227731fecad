//! What a run runs on: a database of its own, filled, and an application whose AWS, Vapi and clock are the run's.

use std::sync::Arc;

use anyhow::Context;
use tokio_postgres::Client;
use uuid::Uuid;
use zencall::App;
use zencall::kernel::ids::{CampaignId, OrganizationId, SessionId, UserId};
use zencall::kernel::{Caller, Origin, Person, Principal, Role};

use super::plan::Plan;
use super::world::{Vapi, World};
use crate::loopback::container::Containers;
use crate::loopback::http;
use crate::loopback::pooler::Pooler;
use crate::postgres;
use crate::settings::{Ports, Secrets};

/// The database of a run; made anew each time.
pub(super) const NAME: &str = "zencall_simulation";

/// What a run runs on.
pub(super) struct Platform {
    pub(super) world: Arc<World>,
    pub(super) app: App,
    /// The database as nobody of the product sees it.
    pub(super) database: Client,
    campaigns: Vec<Campaign>,
}

struct Campaign {
    id: CampaignId,
    organization: OrganizationId,
    person: UserId,
}

impl Platform {
    /// Makes and fills it.
    pub(super) async fn make(plan: Plan, ports: &Ports, secrets: &Secrets) -> anyhow::Result<Self> {
        let database = postgres::recreate(NAME, ports, secrets).await?;
        postgres::migrate(&database, plan.slots).await?;
        let client = postgres::superuser(NAME, ports, secrets).await?;
        fill(&client, &plan).await?;
        let campaigns = campaigns(&client).await?;
        let world = Arc::new(World::new(plan));
        let vapi_url = http::serve(Arc::new(Vapi(Arc::clone(&world)))).await?;
        let server = format!("127.0.0.1:{}", ports.postgres);
        let (_, way) = Pooler::open(server.clone()).await?;
        let url = database.functions_url.replace(&server, &way.to_string());
        let database_and_pepper = (url.as_str(), secrets.pepper.as_str());
        let (containers, _) =
            Containers::of(Arc::clone(&world), database_and_pepper, &vapi_url, &world.clock).await?;
        let app = containers.start();
        Ok(Self {
            world,
            app,
            database: client,
            campaigns,
        })
    }

    /// Whoever starts this tenant's campaign, and which that is.
    pub(super) fn starter(&self, tenant: usize) -> (Caller, CampaignId) {
        let campaign = &self.campaigns[tenant];
        let caller = Caller {
            principal: Principal::Person(Person {
                user: campaign.person,
                role: Role::Admin,
                session: SessionId(campaign.person.0),
            }),
            organization: campaign.organization,
            origin: Origin::default(),
        };
        (caller, campaign.id)
    }
}

async fn fill(client: &Client, plan: &Plan) -> anyhow::Result<()> {
    let tenants: Vec<_> = plan
        .tenants
        .iter()
        .zip(plan.first_persons())
        .enumerate()
        .map(|(number, (tenant, first))| {
            format!(
                "({number}, {}, {}, {}, {}, {first})",
                tenant.contacts, tenant.organization_limit, tenant.campaign_limit, tenant.per_second
            )
        })
        .collect();
    let sql = include_str!("fill.sql")
        .replace("{tenants}", &tenants.join(", "))
        .replace("{windows}", &plan.windows_json().to_string())
        .replace("{attempts}", &plan.attempts.to_string())
        .replace("{retry_on}", plan.again.retry_on())
        .replace("{retry_minutes}", &plan.retry_minutes.to_string())
        .replace("{now}", &plan.begins_at.to_string());
    // Foreign keys are known to hold here, and contacts are counted there. What a crash of this machine would lose is nobody's: nothing waits for the disk.
    client
        .batch_execute(&format!(
            "set session_replication_role = replica; alter database {NAME} set synchronous_commit = off"
        ))
        .await?;
    client.batch_execute(&sql).await.context("cannot fill")?;
    client
        .batch_execute("set session_replication_role = origin")
        .await?;
    client.batch_execute("vacuum analyze").await?;
    Ok(())
}

async fn campaigns(client: &Client) -> anyhow::Result<Vec<Campaign>> {
    let rows = client
        .query(
            "select c.id, c.organization_id, p.id from campaigns c join profiles p on p.organization_id = c.organization_id
              order by substr(c.name, 10)::int",
            &[],
        )
        .await?;
    let read = |row: &tokio_postgres::Row| {
        let ids: [Uuid; 3] = [row.get(0), row.get(1), row.get(2)];
        Campaign {
            id: CampaignId(ids[0]),
            organization: OrganizationId(ids[1]),
            person: UserId(ids[2]),
        }
    };
    Ok(rows.iter().map(read).collect())
}
