//! A pooler between the containers and the database, as a deployment has one: a session of the database outlives the
//! container that used it, and goes to the next one when its transaction is over. It also has every statement planned once
//! per session and not each time, so that a harness of many hours takes fewer of them: what is done is the same, what it
//! costs the database is not. Whoever measures that goes to the database itself.

mod messages;
mod session;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use messages::{Messages, startup};
use session::{Passage, Session};

/// What happens to the connection of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Nothing.
    Kept,
    /// It breaks, and the commit is lost.
    Before,
    /// The commit arrives, and then it breaks: the answer does not come through.
    After,
}

/// Says what happens to the connection of the `n`-th commit.
type Fate = Box<dyn Fn(u64) -> Commit + Send + Sync>;

/// The way to the database.
pub struct Pooler {
    server: String,
    fate: Fate,
    is_closed: AtomicBool,
    all_break: Notify,
    commits: AtomicU64,
    cuts: AtomicUsize,
    idle: Mutex<Vec<Session>>,
}

impl Pooler {
    /// Opens a way to `server` (`host:port`) on which nothing breaks of itself; returns it with its address.
    pub async fn open(server: String) -> anyhow::Result<(Arc<Self>, SocketAddr)> {
        Self::open_with(server, Box::new(|_| Commit::Kept)).await
    }

    /// The same, on which commits meet their fate.
    pub async fn open_with(server: String, fate: Fate) -> anyhow::Result<(Arc<Self>, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let pooler = Arc::new(Self {
            server,
            fate,
            is_closed: AtomicBool::new(false),
            all_break: Notify::new(),
            commits: AtomicU64::new(0),
            cuts: AtomicUsize::new(0),
            idle: Mutex::default(),
        });
        let own = Arc::clone(&pooler);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if own.is_closed.load(Ordering::Relaxed) {
                    continue;
                }
                let own = Arc::clone(&own);
                tokio::spawn(async move { own.serve(client).await });
            }
        });
        Ok((pooler, address))
    }

    /// Breaks every connection, and lets no other through.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        self.all_break.notify_waiters();
    }

    /// Lets connections through again.
    pub fn reopen(&self) {
        self.is_closed.store(false, Ordering::Relaxed);
    }

    /// Connections that were cut at a commit.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }

    /// A client, until it is gone, or the session, or the way. What it had sent is done; what it had not committed is not.
    async fn serve(&self, mut client: TcpStream) {
        let broken = self.all_break.notified();
        let Ok(mut session) = self.session_for(&mut client).await else {
            return;
        };
        tokio::select! {
            () = broken => return,
            () = self.relay(&mut client, &mut session) => {}
        }
        // Whoever waits for an answer learns now that there will be none.
        drop(client);
        if session.settle().await.is_ok() {
            self.idle().push(session);
        }
    }

    /// A session that somebody has left, or a new one; the client is told that it may begin.
    async fn session_for(&self, client: &mut TcpStream) -> anyhow::Result<Session> {
        client.set_nodelay(true)?;
        let startup = startup(client).await?;
        let left = std::iter::from_fn(|| self.idle().pop()).find(Session::is_alive);
        let session = match left {
            Some(session) => session,
            None => return Session::begin(&self.server, &startup, client).await,
        };
        client.write_all(session.greeting()).await?;
        Ok(session)
    }

    async fn relay(&self, client: &mut TcpStream, session: &mut Session) {
        let (mut asked, mut answer) = (Messages::default(), Vec::with_capacity(65536));
        let mut passed = Vec::with_capacity(65536);
        loop {
            answer.clear();
            tokio::select! {
                read = client.read_buf(asked.buffer()) => if !matches!(read, Ok(1..)) { return },
                read = session.stream.read_buf(&mut answer) => {
                    if !matches!(read, Ok(1..)) {
                        return;
                    }
                    session.note(&answer);
                    if client.write_all(&answer).await.is_err() {
                        return;
                    }
                    continue;
                }
            }
            passed.clear();
            let passage = self.pass(&mut asked, session, &mut passed);
            if session.stream.write_all(&passed).await.is_err() || passage == Passage::Over {
                return;
            }
        }
    }

    /// Writes what goes on to the server.
    fn pass(&self, asked: &mut Messages, session: &mut Session, passed: &mut Vec<u8>) -> Passage {
        while let Some(message) = asked.next() {
            if !message.is_commit() {
                if session.pass(&message, passed) == Passage::Over {
                    return Passage::Over;
                }
                continue;
            }
            let fate = (self.fate)(self.commits.fetch_add(1, Ordering::Relaxed));
            if fate != Commit::Kept {
                self.cuts.fetch_add(1, Ordering::Relaxed);
            }
            if fate != Commit::Before {
                session.pass(&message, passed);
            }
            if fate != Commit::Kept {
                return Passage::Over;
            }
        }
        Passage::Open
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
