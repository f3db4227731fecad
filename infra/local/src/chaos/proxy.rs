//! The way to the database: it may be closed, and a connection may break just before a commit passes or just behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::plan::{Commit, Plan};

/// What the driver sends to commit.
const COMMIT: &[u8] = b"commit\0";

/// The way to the database.
#[derive(Debug)]
pub(super) struct Proxy {
    closed: AtomicBool,
    all_break: Notify,
    commits: AtomicU64,
    /// Connections that were cut at a commit.
    pub(super) cuts: AtomicUsize,
    plan: Plan,
}

impl Proxy {
    /// Opens a way to `target` (`host:port`); returns it with its address.
    pub(super) async fn open(target: String, plan: Plan) -> anyhow::Result<(Arc<Self>, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let proxy = Arc::new(Self {
            closed: AtomicBool::new(false),
            all_break: Notify::new(),
            commits: AtomicU64::new(0),
            cuts: AtomicUsize::new(0),
            plan,
        });
        let own = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if own.closed.load(Ordering::Relaxed) {
                    continue;
                }
                let (own, target) = (Arc::clone(&own), target.clone());
                tokio::spawn(async move { own.relay(client, &target).await.ok() });
            }
        });
        Ok((proxy, address))
    }

    /// Breaks every connection, and lets no other through.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.all_break.notify_waiters();
    }

    /// Lets connections through again.
    pub(super) fn reopen(&self) {
        self.closed.store(false, Ordering::Relaxed);
    }

    async fn relay(&self, client: TcpStream, target: &str) -> anyhow::Result<()> {
        let server = TcpStream::connect(target).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let broken = self.all_break.notified();
        let up = async {
            let mut buffer = vec![0; 65536];
            while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                let sent = &buffer[..read];
                let fate = if sent.ends_with(COMMIT) || sent.windows(COMMIT.len()).any(|part| part == COMMIT)
                {
                    self.plan.commit(self.commits.fetch_add(1, Ordering::Relaxed))
                } else {
                    Commit::Kept
                };
                if fate != Commit::Kept {
                    self.cuts.fetch_add(1, Ordering::Relaxed);
                }
                if fate == Commit::Before || to_server.write_all(sent).await.is_err() {
                    break;
                }
                if fate == Commit::After {
                    // What is committed is committed: the answer is what does not come through.
                    break;
                }
            }
        };
        let down = async {
            let mut buffer = vec![0; 65536];
            while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                if to_client.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! { () = up => {}, () = down => {}, () = broken => {} }
        Ok(())
    }
}
