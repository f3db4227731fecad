//! A stand-in of Lambda's runtime API (AWS, "Using the Lambda runtime API for custom runtimes") that never has work: it
//! tells when somebody asks for the first time. Everything else that connects, as AWS's clients do, waits for ever.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use anyhow::Context;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next ";

/// It lives as long as this process.
pub(super) struct RuntimeApi {
    /// Where it listens.
    pub(super) address: SocketAddr,
    polls: Receiver<Instant>,
}

impl RuntimeApi {
    /// Starts it on a free port.
    pub(super) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
        let address = listener.local_addr()?;
        let (tell, polls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tell = tell.clone();
                std::thread::spawn(move || hold(stream, &tell));
            }
        });
        Ok(Self { address, polls })
    }

    /// Forgets who asked so far.
    pub(super) fn forget(&self) {
        while self.polls.try_recv().is_ok() {}
    }

    /// When somebody asked for work; nothing after `patience`.
    pub(super) fn first_poll(&self, patience: std::time::Duration) -> Option<Instant> {
        self.polls.recv_timeout(patience).ok()
    }
}

/// Reads the first line, and then whatever comes until the other side goes.
fn hold(stream: TcpStream, tell: &Sender<Instant>) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    if first.starts_with(NEXT) {
        tell.send(Instant::now()).ok();
    }
    while let Some(Ok(_)) = lines.next() {}
}
