//! `make test`: every test, on a database of its own, the emulator and the stand-ins.

use std::ffi::OsString;

use anyhow::{Context, bail};

use crate::postgres::supabase::{self, Project};
use crate::postgres::{self, Database, Server, TEST, TEST_TEMPLATE};
use crate::stack::{self, Stack, cargo};
use crate::terminal::step;
use crate::{daemon, emulator, functions};

/// Tests that share a database share its slots: more than they all need. A test of the limit sets its own.
const SLOTS: i32 = 10_000;

impl Stack {
    /// Runs the tests on a database of their own, beside whatever runs, and leaves only what ran before.
    pub async fn test(&mut self, arguments: Vec<OsString>) -> anyhow::Result<()> {
        let turn = daemon::take_turn(&self.layout, "turn")?;
        let _one_run = daemon::take_turn(&self.layout, "test")?;
        let postgres_ran = Server::locate(&self.layout).await?.is_running().await?;
        let emulator_ran = daemon::is_running(&self.layout, emulator::NAME)?;
        self.start_postgres().await?;
        self.start_emulator().await?;
        let (database, project) = step("a database for the tests", async {
            postgres::drop_copies(&self.ports, &self.secrets).await?;
            let template = postgres::recreate(TEST_TEMPLATE, &self.ports, &self.secrets).await?;
            postgres::migrate(&template, SLOTS).await?;
            let database = postgres::recreate(TEST, &self.ports, &self.secrets).await?;
            postgres::migrate(&database, SLOTS).await?;
            let project = supabase::recreate(&self.ports, &self.secrets).await?;
            Ok((database, project))
        })
        .await?;
        drop(turn);
        let outcome = self.cargo_test(&database, &project, arguments).await;
        let _turn = daemon::take_turn(&self.layout, "turn")?;
        // Somebody may have started the stack meanwhile.
        if !daemon::is_running(&self.layout, stack::NAME)? {
            if !emulator_ran {
                daemon::stop(&self.layout, emulator::NAME).await?;
            }
            if !postgres_ran {
                Server::locate(&self.layout).await?.stop().await?;
            }
        }
        outcome
    }

    async fn cargo_test(
        &self,
        database: &Database,
        project: &Project,
        arguments: Vec<OsString>,
    ) -> anyhow::Result<()> {
        let mut command = cargo();
        command.arg("test").current_dir(self.layout.root());
        if !arguments
            .iter()
            .any(|argument| argument == "-p" || argument == "--package")
        {
            command.arg("--workspace");
        }
        let endpoint = emulator::endpoint(&self.ports);
        command
            .args(arguments)
            .env("ZENCALL_TEST_OWNER_URL", &database.owner_url)
            .env("ZENCALL_TEST_DATABASE_URL", &database.functions_url)
            .env("ZENCALL_TEST_SUPABASE_OWNER_URL", &project.owner_url)
            .env("ZENCALL_TEST_SUPABASE_DATABASE_URL", &project.functions_url)
            .env("ZENCALL_TEST_SUPABASE_API_URL", &project.api_url)
            .env("ZENCALL_TEST_SUPABASE_AUTH_URL", &project.auth_url)
            .env("ZENCALL_TEST_AWS_ENDPOINT_URL", &endpoint)
            .envs(functions::aws_environment(&endpoint));
        let status = command.status().await.context("cannot run cargo")?;
        if !status.success() {
            bail!("tests failed ({status})");
        }
        Ok(())
    }
}
