//! Processes in the background: a supervisor that starts its children, starts them again when they crash and stops them
//! together; and how `up` and `down` start, find and stop such a supervisor.
//!
//! A supervisor holds a lock for as long as it lives, so a pid left over from a crash or a reboot is never believed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::layout::Layout;
use crate::terminal::say;

/// A process that a supervisor keeps alive.
#[derive(Debug, Clone)]
pub struct Process {
    /// Names the log file; copies of one program share it.
    pub name: String,
    /// What to run.
    pub program: PathBuf,
    /// With which arguments.
    pub arguments: Vec<OsString>,
    /// What it finds in its environment, besides the supervisor's own.
    pub environment: Vec<(String, String)>,
    /// Whether its output goes to this terminal instead of a log file.
    pub in_foreground: bool,
    /// The port that must answer before it is started.
    pub after: Option<u16>,
}

impl Process {
    /// A process that logs to `.local/logs/<name>.log`.
    pub fn new<A: Into<OsString>>(
        name: &str,
        program: PathBuf,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            in_foreground: false,
            after: None,
        }
    }

    /// A subcommand of this very program, which ends when its supervisor does.
    pub fn own(name: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut process = Self::new(name, own_program()?, arguments);
        process
            .environment
            .push((END_WITH_PARENT.to_owned(), "1".to_owned()));
        Ok(process)
    }

    fn spawn(&self, layout: &Layout) -> anyhow::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .current_dir(layout.root());
        // Held open by the supervisor: end of file tells our own children that it is gone.
        command.stdin(Stdio::piped()).kill_on_drop(true);
        if !self.in_foreground {
            let log = OpenOptions::new()
                .create(true)
                .append(true)
                .open(log_file(layout, &self.name))?;
            command.stdout(log.try_clone()?).stderr(log);
        }
        command
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }
}

/// This program's file, also after a build has put a new one in its place.
pub fn own_program() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe().context("cannot find this program's own file")?;
    let text = path.to_string_lossy();
    Ok(text
        .strip_suffix(" (deleted)")
        .map(PathBuf::from)
        .unwrap_or_else(|| path.clone()))
}

/// Set for children of this program, which read their standard input until it ends and then stop.
const END_WITH_PARENT: &str = "ZENCALL_END_WITH_PARENT";

/// Ends this process when its supervisor is gone, if it has one.
pub fn end_with_parent() {
    if crate::settings::environment(END_WITH_PARENT).is_some() {
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            std::process::exit(0);
        });
    }
}

/// The log of one process.
pub fn log_file(layout: &Layout, name: &str) -> PathBuf {
    layout.logs().join(format!("{name}.log"))
}

/// Runs the processes until SIGTERM or SIGINT; `None` if another supervisor of that name lives.
pub async fn supervise(layout: &Layout, name: &str, processes: Vec<Process>) -> anyhow::Result<()> {
    let Some(_lock) = lock(layout, name)? else {
        bail!("{name} runs already");
    };
    std::fs::write(pid_file(layout, name), std::process::id().to_string())?;
    for process in &processes {
        File::create(log_file(layout, &process.name))?;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A closed terminal must not take the background along.
    let _hang_up = signal(SignalKind::hangup())?;
    let (stop, stopped) = watch::channel(false);
    let mut keepers = JoinSet::new();
    for process in processes {
        keepers.spawn(keep_alive(layout.clone(), process, stopped.clone()));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    while keepers.join_next().await.is_some() {}
    let _ = std::fs::remove_file(pid_file(layout, name));
    Ok(())
}

async fn keep_alive(layout: Layout, process: Process, mut stopped: watch::Receiver<bool>) {
    let mut pause = Duration::from_millis(250);
    loop {
        tokio::select! {
            () = listens(process.after) => {}
            () = stop_asked(&mut stopped) => return,
        }
        let started = Instant::now();
        match process.spawn(&layout) {
            Ok(mut child) => {
                // Waiting for a child would close it.
                let _kept_open = child.stdin.take();
                tokio::select! {
                    status = child.wait() => {
                        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                        say(format!("{} ended ({status}); starting it again", process.name));
                    }
                    () = stop_asked(&mut stopped) => {
                        end(&mut child).await;
                        return;
                    }
                }
            }
            Err(error) => say(format!("{}: {error:#}", process.name)),
        }
        pause = if started.elapsed() > Duration::from_secs(30) {
            Duration::from_millis(250)
        } else {
            (pause * 2).min(Duration::from_secs(5))
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop_asked(&mut stopped) => return,
        }
    }
}

async fn listens(port: Option<u16>) {
    let Some(port) = port else { return };
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Asks a child to end, and ends it when it does not.
async fn end(child: &mut Child) {
    if let Some(pid) = child.id() {
        let _ = signal_process("TERM", &pid.to_string()).await;
    }
    if tokio::time::timeout(Duration::from_secs(8), child.wait())
        .await
        .is_err()
    {
        let _ = child.kill().await;
    }
}

/// Sends a signal; a target with a leading minus is a process group. The shell's `kill` is everywhere, procps is not.
async fn signal_process(signal: &str, target: &str) -> anyhow::Result<bool> {
    let status = Command::new("sh")
        .args(["-c", "kill -\"$1\" \"$2\" 2>/dev/null", "sh", signal, target])
        .status()
        .await?;
    Ok(status.success())
}

fn pid_file(layout: &Layout, name: &str) -> PathBuf {
    layout.run().join(format!("{name}.pid"))
}

/// Takes the lock of that name, which lasts until the file is dropped; `None` if somebody holds it.
fn lock(layout: &Layout, name: &str) -> anyhow::Result<Option<File>> {
    let file = File::create(layout.run().join(format!("{name}.lock")))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error).context("cannot lock"),
    }
}

/// Waits for the lock of that name: two commands at once take turns.
pub fn take_turn(layout: &Layout, name: &str) -> anyhow::Result<File> {
    if let Some(lock) = lock(layout, name)? {
        return Ok(lock);
    }
    say("• waiting for another command of this checkout to finish …");
    let file = File::create(layout.run().join(format!("{name}.lock")))?;
    file.lock()?;
    Ok(file)
}

/// Whether a supervisor of that name lives.
pub fn is_running(layout: &Layout, name: &str) -> anyhow::Result<bool> {
    Ok(lock(layout, name)?.is_none())
}

/// When the living supervisor of that name was started.
pub fn started(layout: &Layout, name: &str) -> anyhow::Result<SystemTime> {
    let noted = std::fs::metadata(pid_file(layout, name)).context("a supervisor without a pid file")?;
    Ok(noted.modified()?)
}

/// Starts a supervisor in the background: the subcommand `supervise <name>` of this program, in a process group of its own.
pub async fn start(layout: &Layout, name: &str) -> anyhow::Result<()> {
    let log = File::create(log_file(layout, name))?;
    let mut child = Command::new(own_program()?)
        .args(["supervise", name])
        .current_dir(layout.root())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("cannot start the supervisor")?;
    for _ in 0..100 {
        if is_running(layout, name)? {
            return Ok(());
        }
        if let Some(status) = child.try_wait()? {
            bail!(
                "the supervisor of {name} ended at once ({status}):\n{}",
                log_tail(layout, name)
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!(
        "the supervisor of {name} does not start; see {}",
        log_file(layout, name).display()
    )
}

/// Stops a supervisor and all its children; whether there was one.
pub async fn stop(layout: &Layout, name: &str) -> anyhow::Result<bool> {
    if !is_running(layout, name)? {
        return Ok(false);
    }
    let pid = std::fs::read_to_string(pid_file(layout, name)).context("a supervisor without a pid file")?;
    signal_process("TERM", &pid).await?;
    let asked = Instant::now();
    while is_running(layout, name)? {
        if asked.elapsed() > Duration::from_secs(12) {
            // Its group is its own only when `start` started it, which is when it has the pid's number.
            signal_process("KILL", &format!("-{pid}")).await?;
            signal_process("KILL", &pid).await?;
        }
        if asked.elapsed() > Duration::from_secs(15) {
            bail!("{name} (process {pid}) does not end");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(true)
}

/// The last lines of a log, to show why something does not answer.
pub fn log_tail(layout: &Layout, name: &str) -> String {
    let path = log_file(layout, name);
    let text = std::fs::read(&path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(15)..].join("\n    ");
    format!("    {tail}\n    (the whole log: {})", path.display())
}
