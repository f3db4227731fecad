//! PostgreSQL without Docker: an own server of this checkout, from whatever binaries `setup.sh` found.

mod account;
mod databases;
pub mod supabase;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::process::Command;

pub use databases::{
    DEVELOPMENT, Database, TEST, TEST_TEMPLATE, drop_copies, migrate, prepare, recreate, remove, superuser,
};

use crate::layout::Layout;
use crate::settings::{Ports, Secrets, choose_port, write_private};
use crate::terminal::say;
use account::Account;

/// The server of one checkout.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    data: PathBuf,
    log: PathBuf,
    account: Account,
}

/// What a fresh cluster is told: only this machine, only with a password, and faster than safe, since the data are
/// made again by one command. A database here grows from nothing to its size in minutes: what is known of its tables is
/// looked at more often than every one of them.
const OPTIONS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "autovacuum_naptime=20s",
    "timezone=UTC",
    "log_timezone=UTC",
];

impl Server {
    /// Where the server of this checkout is; it need not run.
    pub async fn locate(layout: &Layout) -> anyhow::Result<Self> {
        let noted = layout.run().join("postgres-bin");
        let programs = fs::read_to_string(&noted).context("run infra/local/setup.sh first (make does)")?;
        let mut programs = PathBuf::from(programs.trim());
        let account = Account::choose().await?;
        let mut home = layout.local("postgres");
        if account.is_other() {
            home = PathBuf::from(format!("/var/tmp/zencall-{}", layout.fingerprint()));
            claim(&home)?;
            write_private(&layout.local("postgres-data"), home.to_string_lossy().as_bytes())?;
            if programs.starts_with(layout.root()) {
                programs = copy_where_others_may_read(&programs, &home).await?;
            }
        } else {
            fs::create_dir_all(&home)?;
        }
        let data = home.join(format!("data-{}", major_version(&programs).await?));
        Ok(Self {
            programs,
            data,
            log: home.join("postgres.log"),
            account,
        })
    }

    /// Makes the cluster on the first run, starts it, and says on which port it listens.
    pub async fn start(&self, layout: &Layout, ports: &mut Ports, secrets: &Secrets) -> anyhow::Result<()> {
        self.forget_another_checkout(secrets).await?;
        if let Some(port) = self.running_port().await? {
            ports.postgres = port;
            return Ok(());
        }
        if !self.data.join("PG_VERSION").is_file() {
            self.initialise(layout, secrets).await?;
        }
        ports.postgres = choose_port("POSTGRES_PORT", Ports::default().postgres)?;
        let mut options = format!("-p {}", ports.postgres);
        for option in OPTIONS {
            options.push_str(&format!(" -c {option}"));
        }
        let mut command = self.program("pg_ctl");
        command
            .args(["start", "-w", "-t", "60", "-D"])
            .arg(&self.data)
            .arg("-l")
            .arg(&self.log)
            .args(["-o", &options]);
        run(command)
            .await
            .with_context(|| format!("PostgreSQL does not start; see {}", self.log.display()))
    }

    /// As root, the data outlive a checkout that was removed, and a new one in the same folder has other passwords: what
    /// nobody can open is made anew.
    async fn forget_another_checkout(&self, secrets: &Secrets) -> anyhow::Result<()> {
        let made = self.data.join("PG_VERSION").is_file();
        if made && fs::read_to_string(self.owner_mark()).ok().as_deref() != Some(&mark(secrets)) {
            say("• the database of an earlier checkout in this folder is made anew");
            self.stop().await?;
            fs::remove_dir_all(&self.data)?;
        }
        Ok(())
    }

    /// Beside the data: by whose passwords they were made.
    fn owner_mark(&self) -> PathBuf {
        self.data.with_extension("made-by")
    }

    /// Stops it; whether it ran.
    pub async fn stop(&self) -> anyhow::Result<bool> {
        if self.running_port().await?.is_none() {
            return Ok(false);
        }
        let mut command = self.program("pg_ctl");
        command.args(["stop", "-w", "-m", "fast", "-D"]).arg(&self.data);
        run(command).await.context("PostgreSQL does not stop")?;
        Ok(true)
    }

    /// Whether it runs.
    pub async fn is_running(&self) -> anyhow::Result<bool> {
        Ok(self.running_port().await?.is_some())
    }

    /// The port it listens on, if it runs: the fourth line of its pid file.
    async fn running_port(&self) -> anyhow::Result<Option<u16>> {
        let mut command = self.program("pg_ctl");
        command.args(["status", "-D"]).arg(&self.data);
        if !command.output().await?.status.success() {
            return Ok(None);
        }
        let noted = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        Ok(noted.lines().nth(3).and_then(|line| line.trim().parse().ok()))
    }

    async fn initialise(&self, layout: &Layout, secrets: &Secrets) -> anyhow::Result<()> {
        let _ = fs::remove_dir_all(&self.data);
        fs::create_dir_all(&self.data)?;
        self.account.own(&self.data).await?;
        if let Some(home) = self.data.parent() {
            self.account.own(home).await?;
        }
        let password = self.data.with_extension("password");
        write_private(&password, secrets.superuser_password.as_bytes())?;
        self.account.own(&password).await?;
        let mut command = self.program("initdb");
        command.args([
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--username=postgres",
            "--auth=scram-sha-256",
        ]);
        command.arg("--pwfile").arg(&password).arg("-D").arg(&self.data);
        let outcome = run(command).await.context("initdb failed");
        let _ = fs::remove_file(&password);
        if outcome.is_err() {
            let _ = fs::remove_dir_all(&self.data);
        }
        outcome?;
        write_private(&self.owner_mark(), mark(secrets).as_bytes())?;
        let link = layout.logs().join("postgres.log");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&self.log, &link).context("cannot link the server's log")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.account.command(&self.programs.join(name));
        command
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(std::process::Stdio::null());
        command
    }
}

/// Tells one checkout's passwords from another's, and tells nothing of them.
fn mark(secrets: &Secrets) -> String {
    use sha2::{Digest as _, Sha256};
    let sum = Sha256::digest(&secrets.superuser_password);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the folder in a place where everybody may write, or makes sure that nobody else made it.
fn claim(home: &Path) -> anyhow::Result<()> {
    match fs::create_dir(home) {
        Ok(()) => Ok(fs::set_permissions(home, fs::Permissions::from_mode(0o711))?),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(home)?;
            let unsafe_mode = found.mode() & 0o022 != 0;
            if !found.is_dir() || unsafe_mode {
                bail!(
                    "{} is not a folder that only its owner may write to: remove it",
                    home.display()
                );
            }
            Ok(())
        }
        Err(error) => Err(error).with_context(|| format!("cannot create {}", home.display())),
    }
}

/// The wheel's binaries lie in the checkout, which the unprivileged account may not be able to enter. They look for their
/// libraries in a folder beside their package, so both keep their places.
async fn copy_where_others_may_read(programs: &Path, home: &Path) -> anyhow::Result<PathBuf> {
    let unexpected = || format!("{} is not in a Python package", programs.display());
    let installation = programs.parent().with_context(unexpected)?;
    let package = installation.parent().with_context(unexpected)?;
    let packages = package.parent().with_context(unexpected)?;
    let copy = home.join("installation");
    let moved = copy.join(programs.strip_prefix(packages)?);
    if !moved.join("postgres").is_file() {
        let package_copy = copy.join(package.strip_prefix(packages)?);
        fs::create_dir_all(&package_copy)?;
        let libraries = package.with_extension("libs");
        for (from, to) in [(installation, &package_copy), (libraries.as_path(), &copy)] {
            if from.is_dir() {
                let mut command = Command::new("cp");
                command.arg("-R").arg(from).arg(to);
                run(command).await?;
            }
        }
        let mut command = Command::new("chmod");
        command.args(["-R", "a+rX"]).arg(&copy);
        run(command).await?;
    }
    Ok(moved)
}

async fn major_version(programs: &Path) -> anyhow::Result<String> {
    let output = Command::new(programs.join("postgres"))
        .arg("--version")
        .output()
        .await;
    let output = output.with_context(|| format!("cannot run {}/postgres", programs.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .split_whitespace()
        .nth(2)
        .and_then(|version| version.split('.').next());
    version
        .map(str::to_owned)
        .with_context(|| format!("PostgreSQL's version is unreadable: {text}"))
}

/// Runs a program; what it wrote is part of the error when it fails. It writes to a file, because a server that it leaves
/// behind would keep a pipe open for ever.
async fn run(mut command: Command) -> anyhow::Result<()> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let said = std::env::temp_dir().join(format!(
        "zencall-{}-{}",
        std::process::id(),
        crate::settings::hex(4)?
    ));
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&said)?;
    let status = command.stdout(file.try_clone()?).stderr(file).status().await;
    let text = fs::read_to_string(&said).unwrap_or_default();
    let _ = fs::remove_file(&said);
    let status = status.with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}:\n{}", text.trim());
    }
    Ok(())
}
