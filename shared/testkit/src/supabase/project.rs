//! A database like that of a Supabase project, which `make test` makes, with our migrations in it.

use serde_json::Value;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use zencall::db::migrate::PlatformLines;

/// As in the usual database of the tests: more than they all need.
const LINES: PlatformLines = PlatformLines {
    slots: 10_000,
    reserve: 0,
};

static PROJECT: OnceCell<Project> = OnceCell::const_new();

/// The database of a Supabase project.
#[derive(Debug)]
pub struct Project {
    /// As its owner, who stands for `postgres` there.
    pub owner_url: String,
    /// As the functions.
    pub functions_url: String,
    /// As PostgREST, which becomes `anon` or `authenticated`.
    pub api_url: String,
    /// As Supabase Auth, which calls hooks.
    pub auth_url: String,
}

impl Project {
    /// The project, migrated.
    pub async fn migrated() -> &'static Self {
        PROJECT
            .get_or_init(async || {
                let variable =
                    |name: &str| crate::environment::variable(&format!("ZENCALL_TEST_SUPABASE_{name}"));
                let project = Self {
                    owner_url: variable("OWNER_URL"),
                    functions_url: variable("DATABASE_URL"),
                    api_url: variable("API_URL"),
                    auth_url: variable("AUTH_URL"),
                };
                project.migrate().await;
                project
            })
            .await
    }

    /// Runs the migrations, and returns those that were applied.
    pub async fn migrate(&self) -> Vec<String> {
        let report = zencall::db::migrate::run(&self.owner_url, &self.functions_url, None, LINES).await;
        report.unwrap().applied
    }

    /// As its owner.
    pub async fn owner(&self) -> Client {
        connect(&self.owner_url).await
    }

    /// As its API.
    pub async fn api(&self) -> Api {
        Api(connect(&self.api_url).await)
    }

    /// What Supabase Auth makes of a token before it signs it: the answer of the hook.
    pub async fn hook(&self, event: &Value) -> Value {
        let client = connect(&self.auth_url).await;
        let row = client
            .query_one("select zencall.supabase_access_token($1)", &[event])
            .await;
        row.unwrap().get(0)
    }
}

/// A connection of the project's API.
pub struct Api(Client);

impl Api {
    /// What the API does with a request: the rows of a statement as this role with these claims, or the SQLSTATE with
    /// which it is refused. What it changes is undone.
    pub async fn ask(&self, role: &str, claims: &Value, sql: &str) -> Result<Vec<Value>, String> {
        self.0.batch_execute("begin").await.unwrap();
        let set = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)";
        self.0.query(set, &[&role, &claims.to_string()]).await.unwrap();
        let rows = if sql.trim_start().starts_with("select") {
            let sql = format!("select to_jsonb(q) from ({sql}) q");
            let rows = self.0.query(&sql, &[]).await;
            rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
        } else {
            self.0.batch_execute(sql).await.map(|()| Vec::new())
        };
        self.0.batch_execute("rollback").await.unwrap();
        rows.map_err(|error| {
            let code = error.code().map(|code| code.code().to_owned());
            code.unwrap_or_else(|| error.to_string())
        })
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
