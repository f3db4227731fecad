//! A proxy that counts: round trips of PostgreSQL's protocol and statements in them, or requests to AWS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the answers wait for, so that a packet cannot overlap with the answer to the one before.
const DELAY: Duration = Duration::from_millis(5);
/// How a statement of ours begins behind the name of its preparation, which is empty: its first line names it.
const STATEMENT: &[u8] = b"\0-- ";

/// A TCP proxy on a port of its own. A round trip is counted where the client speaks after the server did.
#[derive(Debug)]
pub struct CountingProxy {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    round_trips: AtomicUsize,
    statements: AtomicUsize,
    connections: AtomicUsize,
    bytes_up: AtomicUsize,
}

impl CountingProxy {
    /// A proxy in front of `target` (`host:port`).
    pub async fn start(target: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let (target, counting) = (target.to_owned(), Arc::clone(&counts));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else {
                    continue;
                };
                client.set_nodelay(true).ok();
                server.set_nodelay(true).ok();
                counting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(relay(client, server, Arc::clone(&counting)));
            }
        });
        Ok(Self {
            address,
            counts,
            task,
        })
    }

    /// A proxy in front of the server of a `postgres://…` or `http://…` address; returns it with the address through it.
    pub async fn in_front_of(url: &str) -> anyhow::Result<(Self, String)> {
        let (head, rest) = url.split_once("://").context("not an address")?;
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let proxy = Self::start(host).await?;
        let through = format!("{head}://{}", rest.replacen(host, &proxy.address.to_string(), 1));
        Ok((proxy, through))
    }

    /// Round trips so far.
    pub fn round_trips(&self) -> usize {
        self.counts.round_trips.load(Ordering::SeqCst)
    }

    /// Statements of ours so far; what opens and ends a transaction is none.
    pub fn statements(&self) -> usize {
        self.counts.statements.load(Ordering::SeqCst)
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Bytes that clients sent so far.
    pub fn bytes_up(&self) -> usize {
        self.counts.bytes_up.load(Ordering::SeqCst)
    }

    /// Runs `work` and returns how many round trips it took.
    pub async fn count<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let before = self.round_trips();
        let outcome = work.await;
        (outcome, self.round_trips() - before)
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, server: TcpStream, counts: Arc<Counts>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let server_spoke = Arc::new(AtomicBool::new(true));
    let heard = Arc::clone(&server_spoke);
    let up = async move {
        let mut buffer = vec![0; 65536];
        let mut seen = Vec::new();
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            if heard.swap(false, Ordering::SeqCst) {
                counts.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            counts.bytes_up.fetch_add(read, Ordering::SeqCst);
            // What came before it may hold the beginning of a statement's.
            seen.extend_from_slice(&buffer[..read]);
            let begun = seen.windows(STATEMENT.len()).filter(|some| *some == STATEMENT);
            counts.statements.fetch_add(begun.count(), Ordering::SeqCst);
            seen.drain(..seen.len().saturating_sub(STATEMENT.len() - 1));
            if to_server.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
        to_server.shutdown().await.ok();
    };
    let down = async move {
        let mut buffer = vec![0; 65536];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            tokio::time::sleep(DELAY).await;
            server_spoke.store(true, Ordering::SeqCst);
            if to_client.write_all(&buffer[..read]).await.is_err() {
                break;
            }
        }
        to_client.shutdown().await.ok();
    };
    tokio::join!(up, down);
}
