//! Every table against another tenant and against nobody. The tables come from the catalogue, their rows from
//! `fixtures`, and everything is undone at the end.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, SimpleQueryMessage};
use uuid::Uuid;

use crate::fixtures::Tenant;
use crate::{login, owner};

/// A table of the application.
struct Table {
    name: String,
    /// The table whose partition it is.
    part_of: Option<String>,
    /// The column that names the tenant; none where no tenant owns the rows.
    tenant: Option<&'static str>,
    /// A trigger looks at a new row before the policy does, and may miss a parent that is hidden from whoever inserts.
    looked_at_first: bool,
}

async fn tables() -> Vec<Table> {
    let rows = owner()
        .await
        .query(
            "select c.relname::text, parent.relname::text, a.attname is not null,
                    exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal and t.tgtype & 2 = 2)
               from pg_class c
               left join pg_inherits i on i.inhrelid = c.oid
               left join pg_class parent on parent.oid = i.inhparent
               left join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
              order by 1",
            &[],
        )
        .await
        .unwrap();
    rows.iter()
        .map(|row| {
            let name: String = row.get(0);
            let tenant = match (name.as_str(), row.get(2)) {
                ("organizations", _) => Some("id"),
                (_, true) => Some("organization_id"),
                (_, false) => None,
            };
            Table {
                name,
                part_of: row.get(1),
                tenant,
                looked_at_first: row.get(3),
            }
        })
        .collect()
}

/// A transaction of the functions' login that never commits.
pub(crate) struct Attempt(Client);

impl Attempt {
    pub(crate) async fn begin() -> Self {
        let client = login().await;
        client.batch_execute("begin").await.unwrap();
        Self(client)
    }

    /// Acts as the functions do, for this tenant or for none.
    pub(crate) async fn become_app(&self, tenant: Option<Uuid>) {
        self.act_for(tenant, tenant).await;
    }

    /// The same, with the organisation in the setting and in the claims each by itself.
    pub(crate) async fn act_for(&self, setting: Option<Uuid>, claims: Option<Uuid>) {
        let setting = setting.map_or_else(String::new, |id| id.to_string());
        let claims = claims.map_or_else(String::new, |id| format!("{{\"organization_id\":\"{id}\"}}"));
        let sql =
            "select set_config('role', 'zencall_app', true), set_config('request.jwt.claims', $1, true),
                          set_config('zencall.organization_id', $2, true)";
        self.0.query(sql, &[&claims, &setting]).await.unwrap();
    }

    /// Gives up the role: what the login can do by itself.
    pub(crate) async fn become_login(&self) {
        self.0.batch_execute("set local role none").await.unwrap();
    }

    /// How many rows a statement returned or touched; what it did is undone if it failed.
    pub(crate) async fn run(&self, sql: &str) -> Result<u64, Error> {
        self.0.batch_execute("savepoint here").await.unwrap();
        let outcome = self.0.simple_query(sql).await;
        match outcome {
            Ok(messages) => {
                let touched = messages.iter().find_map(|message| match message {
                    SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                    _ => None,
                });
                Ok(touched.unwrap_or_default())
            }
            Err(error) => {
                self.0.batch_execute("rollback to here").await.unwrap();
                Err(error)
            }
        }
    }

    #[track_caller]
    pub(crate) fn refused(outcome: Result<u64, Error>, what: &str) {
        let error = outcome.err().unwrap_or_else(|| panic!("{what} was allowed"));
        assert_eq!(
            error.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{what}: {error:?}"
        );
    }

    /// A row for another tenant is refused: by the policy, or by a trigger to which its parent does not exist.
    #[track_caller]
    fn row_refused(outcome: Result<u64, Error>, looked_at_first: bool, what: &str) {
        match outcome {
            Err(error) if looked_at_first && error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {}
            outcome => Self::refused(outcome, what),
        }
    }

    /// Touches nothing, whether because nothing is seen or because it may not even try.
    #[track_caller]
    fn touched_nothing(outcome: Result<u64, Error>, what: &str) {
        match outcome {
            Ok(rows) => assert_eq!(rows, 0, "{what}"),
            refused => Self::refused(refused, what),
        }
    }

    /// Makes one row of every tenant's table.
    pub(crate) async fn seed(&self, tenant: &Tenant) {
        self.become_app(Some(tenant.id)).await;
        for (table, insert) in tenant.rows() {
            let made = self.run(&insert).await;
            assert_eq!(
                made.unwrap_or_else(|error| panic!("{table}: {error:?}")),
                1,
                "{table}"
            );
        }
    }
}

#[tokio::test]
async fn another_tenant_sees_and_changes_nothing() {
    //
    let (a, b) = (Tenant::new(), Tenant::new());
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.seed(&b).await;
    attempt.become_app(Some(b.id)).await;
    let mut walked = 0;
    for Table {
        name,
        part_of,
        tenant,
        looked_at_first,
    } in tables().await
    {
        let Some(column) = tenant else { continue };
        let (theirs, ours) = (format!("{column} = '{}'", a.id), format!("{column} = '{}'", b.id));
        let insert = a.row_of(&name, part_of.as_deref());
        if part_of.is_none() {
            let seen = attempt
                .run(&format!("select {column} from {name}"))
                .await
                .unwrap();
            assert_eq!(seen, 1, "{name}: its own row, and nothing else");
        }
        let select = format!("select {column} from {name} where {theirs}");
        Attempt::touched_nothing(attempt.run(&select).await, &select);
        let update = format!("update {name} set {column} = {column} where {theirs}");
        Attempt::touched_nothing(attempt.run(&update).await, &update);
        for statement in [
            format!("delete from {name} where {theirs}"),
            format!("select {column} from {name} where {theirs} for update"),
            format!("select {column} from {name} where {theirs} for key share"),
            format!(
                "update {name} t set {column} = t.{column} from {name} o where o.{theirs} and t.{theirs}"
            ),
            format!(
                "merge into {name} t using (values ('{}'::uuid)) o (id) on t.{column} = o.id \
                 when matched then update set {column} = o.id",
                a.id
            ),
            format!("with gone as (delete from {name} where {theirs} returning 1) select from gone"),
        ] {
            Attempt::touched_nothing(attempt.run(&statement).await, &statement);
        }
        for statement in [
            format!("truncate {name}"),
            format!("truncate {name} cascade"),
            format!("copy {name} to program 'cat'"),
        ] {
            Attempt::refused(attempt.run(&statement).await, &statement);
        }
        let upsert = format!("{insert} on conflict do nothing");
        Attempt::row_refused(attempt.run(&upsert).await, looked_at_first, &upsert);
        Attempt::row_refused(attempt.run(&insert).await, looked_at_first, &insert);
        let move_over = format!("update {name} set {column} = '{}' where {ours}", a.id);
        Attempt::refused(attempt.run(&move_over).await, &move_over);
        walked += 1;
    }
    assert!(walked >= b.rows().len());
}

#[tokio::test]
async fn nobody_sees_and_changes_nothing() {
    // as the application without a tenant, and as the bare login.
    let a = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    for as_login in [false, true] {
        attempt.become_app(None).await;
        if as_login {
            attempt.become_login().await;
        }
        for Table {
            name,
            part_of,
            tenant,
            looked_at_first,
        } in tables().await
        {
            let column = tenant.unwrap_or("*");
            let select = format!("select {column} from {name}");
            Attempt::touched_nothing(attempt.run(&select).await, &select);
            Attempt::touched_nothing(attempt.run(&format!("delete from {name}")).await, &name);
            let insert = match tenant {
                Some(_) => a.row_of(&name, part_of.as_deref()),
                None => format!("insert into {name} default values"),
            };
            Attempt::row_refused(attempt.run(&insert).await, looked_at_first, &insert);
        }
    }
}

#[tokio::test]
async fn what_belongs_to_no_tenant_is_reached_by_no_tenant() {
    let a = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.become_app(Some(a.id)).await;
    let mut walked = 0;
    for Table { name, tenant, .. } in tables().await {
        if tenant.is_none() {
            Attempt::refused(attempt.run(&format!("select * from {name}")).await, &name);
            Attempt::refused(
                attempt.run(&format!("insert into {name} default values")).await,
                &name,
            );
            walked += 1;
        }
    }
    assert!(walked >= 2);
}

#[tokio::test]
async fn a_row_cannot_refer_to_another_tenant_s() {
    // a campaign of B with a contact of A.
    let (a, b) = (Tenant::new(), Tenant::new());
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    attempt.seed(&b).await;
    let insert = format!(
        "insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
         values ('{}', '{}', '{}', now(), now(), now())",
        b.id, b.row, a.row
    );
    let error = attempt.run(&insert).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
}

#[tokio::test]
async fn a_password_hash_is_written_and_never_read_back() {
    let a = Tenant::new();
    let attempt = Attempt::begin().await;
    attempt.seed(&a).await;
    let select = "select password_hash from credentials";
    Attempt::refused(attempt.run(select).await, select);
}
