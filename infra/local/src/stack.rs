//! The whole local stack: what `make up`, `make dev`, `make down` and `make test` do, one after the other.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::client::{Api, Control};
use crate::daemon::{self, Process};
use crate::functions::{self, Mode};
use crate::layout::Layout;
use crate::postgres::{self, DEVELOPMENT, Server};
use crate::settings::{Ports, Secrets, TWILIO_NUMBER, choose_port};
use crate::terminal::{say, step};
use crate::{emulator, env_file, import_users, sandbox, seed, verify_consents, verify_decisions};

/// The name of the supervisor of functions, stand-ins and bridge.
pub const NAME: &str = "stack";

/// One checkout's stack: where it is, its ports, its secrets.
#[derive(Clone)]
pub struct Stack {
    /// The checkout.
    pub layout: Layout,
    /// Where everything listens.
    pub ports: Ports,
    /// What everything is protected with.
    pub secrets: Secrets,
}

impl Stack {
    /// Finds it; nothing is started.
    pub fn find() -> anyhow::Result<Self> {
        let layout = Layout::find()?;
        let ports = Ports::load(&layout)?;
        let secrets = Secrets::load(&layout)?;
        Ok(Self {
            layout,
            ports,
            secrets,
        })
    }

    /// Starts everything in the background and returns when it answers. What runs already is left alone, unless its code
    /// has changed.
    pub async fn up(&mut self) -> anyhow::Result<()> {
        let _turn = daemon::take_turn(&self.layout, "turn")?;
        self.data_services().await?;
        if self.in_foreground().is_file() && daemon::is_running(&self.layout, NAME)? {
            say("✓ make dev runs in another terminal");
        } else {
            build(&self.layout).await?;
            self.start_functions().await?;
        }
        self.open_for_use().await
    }

    async fn start_functions(&mut self) -> anyhow::Result<()> {
        if daemon::is_running(&self.layout, NAME)? {
            if !functions::are_newer_than(&self.layout, daemon::started(&self.layout, NAME)?)? {
                say("✓ functions, stand-ins and bridge run already");
                return self
                    .answers()
                    .await
                    .context("they do not answer: make down, then make up");
            }
            daemon::stop(&self.layout, NAME).await?;
            say("✓ stopped the functions, whose code has changed");
        }
        self.choose_ports()?;
        daemon::start(&self.layout, NAME).await?;
        let outcome = step("waiting for the functions", self.answers()).await;
        if outcome.is_err() {
            // The next `up` starts again, instead of finding something that does not work.
            daemon::stop(&self.layout, NAME).await?;
        }
        outcome
    }

    /// Marks that functions are compiled on demand, by a `make dev` in some terminal.
    fn in_foreground(&self) -> PathBuf {
        self.layout.run().join("in-foreground")
    }

    /// The same in the foreground: functions are compiled when they are first asked and again when their code changes.
    pub async fn dev(&mut self) -> anyhow::Result<()> {
        let turn = daemon::take_turn(&self.layout, "turn")?;
        if daemon::stop(&self.layout, NAME).await? {
            say("✓ stopped the functions that ran in the background");
        }
        self.data_services().await?;
        build(&self.layout).await?;
        self.choose_ports()?;
        let processes = self.processes(Mode::OnDemand)?;
        let mut ready = self.clone();
        let greeting = tokio::spawn(async move {
            if let Err(error) = ready.greet(turn).await {
                say(format!("✗ {error:#}"));
            }
        });
        std::fs::write(self.in_foreground(), "")?;
        let outcome = daemon::supervise(&self.layout, NAME, processes).await;
        std::fs::remove_file(self.in_foreground())?;
        greeting.abort();
        outcome?;
        self.stop_data_services().await
    }

    async fn greet(&mut self, turn: std::fs::File) -> anyhow::Result<()> {
        step("waiting for the first function", self.answers()).await?;
        self.open_for_use().await?;
        drop(turn);
        say(
            "Functions reload when their code changes. Logs of the rest: .local/logs/. Ctrl-C stops everything.",
        );
        Ok(())
    }

    /// Stops everything; the data stay.
    pub async fn down(&mut self) -> anyhow::Result<()> {
        let _turn = daemon::take_turn(&self.layout, "turn")?;
        if daemon::stop(&self.layout, NAME).await? {
            say("✓ functions, stand-ins and bridge stopped");
        }
        self.stop_data_services().await?;
        say("Everything is stopped; the data stay in .local/.");
        Ok(())
    }

    async fn stop_data_services(&self) -> anyhow::Result<()> {
        if daemon::stop(&self.layout, emulator::NAME).await? {
            say("✓ AWS emulator stopped");
        }
        if Server::locate(&self.layout).await?.stop().await? {
            say("✓ PostgreSQL stopped");
        }
        Ok(())
    }

    /// PostgreSQL and the emulator, migrated and provisioned for development.
    async fn data_services(&mut self) -> anyhow::Result<()> {
        self.start_postgres().await?;
        step("bringing the database up to date", async {
            let database = postgres::prepare(DEVELOPMENT, &self.ports, &self.secrets).await?;
            postgres::migrate(&database, functions::platform_slots()?).await
        })
        .await?;
        self.start_emulator().await
    }

    /// Brings people over from another system; the local database is started where it is the one.
    pub async fn import_users(&mut self, file: &str) -> anyhow::Result<()> {
        let file = std::path::Path::new(file);
        if let Some(address) = import_users::elsewhere() {
            return import_users::run(file, &address).await;
        }
        let _turn = daemon::take_turn(&self.layout, "turn")?;
        self.start_postgres().await?;
        let database = postgres::prepare(DEVELOPMENT, &self.ports, &self.secrets).await?;
        postgres::migrate(&database, functions::platform_slots()?).await?;
        import_users::run(file, &database.functions_url).await
    }

    /// Verifies every ledger of consents.
    pub async fn verify_consents(&mut self) -> anyhow::Result<()> {
        verify_consents::run(&self.database_to_verify().await?).await
    }

    /// Asks the gate again for every decision.
    pub async fn verify_decisions(&mut self) -> anyhow::Result<()> {
        verify_decisions::run(&self.database_to_verify().await?).await
    }

    /// The address with the functions' login; the local database is started where it is the one.
    async fn database_to_verify(&mut self) -> anyhow::Result<String> {
        if let Some(address) = verify_consents::elsewhere() {
            return Ok(address);
        }
        let _turn = daemon::take_turn(&self.layout, "turn")?;
        self.start_postgres().await?;
        let database = postgres::prepare(DEVELOPMENT, &self.ports, &self.secrets).await?;
        postgres::migrate(&database, functions::platform_slots()?).await?;
        Ok(database.functions_url)
    }

    pub(crate) async fn start_postgres(&mut self) -> anyhow::Result<()> {
        let server = Server::locate(&self.layout).await?;
        let Self {
            layout,
            ports,
            secrets,
        } = self;
        step("PostgreSQL", server.start(layout, ports, secrets)).await?;
        self.ports.save(&self.layout)
    }

    pub(crate) async fn start_emulator(&mut self) -> anyhow::Result<()> {
        step("AWS emulator", async {
            emulator::start(&self.layout, &mut self.ports).await?;
            Box::pin(emulator::provision(&self.ports, &self.secrets)).await
        })
        .await
    }

    fn choose_ports(&mut self) -> anyhow::Result<()> {
        self.ports.api = choose_port("API_PORT", Ports::default().api)?;
        self.ports.sandbox = choose_port("SANDBOX_PORT", Ports::default().sandbox)?;
        self.ports.save(&self.layout)
    }

    /// The processes of the stack's supervisor.
    pub fn processes(&self, mode: Mode) -> anyhow::Result<Vec<Process>> {
        let mut processes = vec![
            Process::own("sandbox", &["sandbox"])?,
            Process::own("bridge", &["bridge"])?,
        ];
        processes.extend(functions::processes(
            &self.layout,
            &self.ports,
            &self.secrets,
            mode,
        )?);
        Ok(processes)
    }

    /// Waits until stand-ins and API answer.
    async fn answers(&self) -> anyhow::Result<()> {
        let (api, control) = (Api::new(&self.ports)?, Control::new(&self.ports)?);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            if control.is_healthy().await && api.is_healthy().await {
                return Ok(());
            }
            if !daemon::is_running(&self.layout, NAME)? {
                bail!("the supervisor ended:\n{}", daemon::log_tail(&self.layout, NAME));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let silent = if control.is_healthy().await {
            "sessions"
        } else {
            "sandbox"
        };
        let supervisor = daemon::log_tail(&self.layout, NAME);
        bail!(
            "{silent} does not answer:\n{}\n{supervisor}",
            daemon::log_tail(&self.layout, silent)
        )
    }

    /// Accounts at the stand-ins, seeds, `.local/env`.
    async fn open_for_use(&self) -> anyhow::Result<()> {
        let control = Control::new(&self.ports)?;
        let Secrets {
            twilio_account_sid,
            twilio_auth_token,
            ..
        } = &self.secrets;
        control
            .twilio_account(twilio_account_sid, twilio_auth_token, TWILIO_NUMBER)
            .await?;
        env_file::write(&self.layout, &self.ports, &self.secrets)?;
        step(
            "two organisations to try things with",
            seed::plant(&self.ports, &self.secrets),
        )
        .await?;
        say(format!(
            "✓ {} answers; addresses and passwords are in .local/env",
            functions::api_url(&self.ports)
        ));
        Ok(())
    }

    /// The stand-ins, until the process ends.
    pub async fn sandbox(&self) -> anyhow::Result<()> {
        let settings = sandbox::SandboxSettings {
            vapi_api_key: self.secrets.vapi_api_key.clone(),
            vapi_webhook_secret: self.secrets.vapi_webhook_secret.clone(),
            vapi_credential_id: Some(self.secrets.vapi_credential_id.clone()),
            state_file: Some(self.layout.local("sandbox.json")),
            ..Default::default()
        };
        let address = (Ipv4Addr::LOCALHOST, self.ports.sandbox).into();
        let sandbox = sandbox::Sandbox::start(address, settings)
            .await
            .context("the stand-ins cannot listen")?;
        say(format!(
            "The stand-ins of Vapi and Twilio answer on {}",
            sandbox.url()
        ));
        tokio::signal::ctrl_c().await?;
        Ok(())
    }
}

/// Builds every binary at once: one selection of packages, so that nothing is compiled twice with other features.
async fn build(layout: &Layout) -> anyhow::Result<()> {
    say("• building the functions (the first time takes a few minutes) …");
    let mut command = cargo();
    let status = command
        .args(["build", "--workspace", "--bins"])
        .current_dir(layout.root())
        .status()
        .await;
    if !status.context("cannot run cargo")?.success() {
        bail!("the build failed");
    }
    Ok(())
}

pub(crate) fn cargo() -> Command {
    Command::new(crate::settings::environment("CARGO").unwrap_or_else(|| "cargo".to_owned()))
}
