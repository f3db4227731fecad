//! A session of the database, with the statements that it has planned.

use std::collections::{HashMap, VecDeque};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::messages::{Message, Messages, write};

/// Whether anything more passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    Over,
}

/// A session of the database.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: TcpStream,
    greeting: Vec<u8>,
    heard: Scanner,
    /// What was asked and has no answer yet.
    open: usize,
    in_transaction: bool,
    /// Statement and types of its parameters, and under which number the server has it.
    statements: HashMap<Vec<u8>, u32>,
    /// Those that the server has not confirmed, each with how many answers were open when it was sent.
    unconfirmed: VecDeque<(usize, Vec<u8>)>,
    current: u32,
    last: u32,
}

impl Session {
    /// Logs in as the client does, who sees to its password.
    pub(super) async fn begin(server: &str, startup: &[u8], client: &mut TcpStream) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.write_all(startup).await?;
        let mut greeting = Vec::new();
        let (mut answers, mut said) = (Messages::default(), vec![0; 4096]);
        loop {
            tokio::select! {
                read = client.read(&mut said) => match read? {
                    0 => anyhow::bail!("the client is gone"),
                    read => stream.write_all(&said[..read]).await?,
                },
                read = stream.read_buf(answers.buffer()) => anyhow::ensure!(read? > 0, "the server is gone"),
            }
            while let Some(message) = answers.next() {
                client.write_all(message.whole).await?;
                let proven = message.tag() == b'R' && message.body() == [0; 4];
                if proven || !greeting.is_empty() {
                    greeting.extend_from_slice(message.whole);
                }
                if message.tag() == b'Z' {
                    return Ok(Self {
                        stream,
                        greeting,
                        heard: Scanner::default(),
                        open: 0,
                        in_transaction: false,
                        statements: HashMap::new(),
                        unconfirmed: VecDeque::new(),
                        current: 0,
                        last: 0,
                    });
                }
            }
        }
    }

    /// What the server said when somebody had proven to be who they are.
    pub(super) fn greeting(&self) -> &[u8] {
        &self.greeting
    }

    /// Whether the server is still there: of one that nobody uses it says something only when it ends it.
    pub(super) fn is_alive(&self) -> bool {
        let said = self.stream.try_read(&mut [0; 1]);
        said.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Writes what the server is to get of this message: of a statement that it knows, the name alone.
    pub(super) fn pass(&mut self, message: &Message<'_>, to: &mut Vec<u8>) -> Passage {
        match (message.tag(), message.body()) {
            (b'X', _) => return Passage::Over,
            (b'P', [0, statement @ ..]) => {
                if let Some(number) = self.statements.get(statement) {
                    self.current = *number;
                    // The driver does not miss the confirmation.
                    return Passage::Open;
                }
                self.last += 1;
                self.current = self.last;
                self.statements.insert(statement.to_vec(), self.current);
                self.unconfirmed.push_back((self.open, statement.to_vec()));
                write(b'P', &[self.name().as_bytes(), statement], to);
            }
            (b'B', [0, 0, parameters @ ..]) => {
                write(b'B', &[b"\0", self.name().as_bytes(), parameters], to);
            }
            (b'D', [b'S', 0]) => write(b'D', &[b"S", self.name().as_bytes()], to),
            (tag, _) => {
                self.open += usize::from(matches!(tag, b'Q' | b'S'));
                to.extend_from_slice(message.whole);
            }
        }
        Passage::Open
    }

    fn name(&self) -> String {
        format!("s{}\0", self.current)
    }

    /// Takes note of what the server answers.
    pub(super) fn note(&mut self, answer: &[u8]) {
        let mut heard = std::mem::take(&mut self.heard);
        heard.scan(answer, |tag, status| match tag {
            b'1' => drop(self.unconfirmed.pop_front()),
            // Refused, with all that was sent beside it. The client may ask again before the server says that it is ready.
            b'E' => {
                while let Some((0, _)) = self.unconfirmed.front() {
                    if let Some((_, statement)) = self.unconfirmed.pop_front() {
                        self.statements.remove(&statement);
                    }
                }
            }
            b'Z' => {
                self.open = self.open.saturating_sub(1);
                self.in_transaction = status != b'I';
                for (open, _) in &mut self.unconfirmed {
                    *open = open.saturating_sub(1);
                }
            }
            _ => {}
        });
        self.heard = heard;
    }

    /// Waits for what was asked and undoes what was not committed, so that somebody else may have the session.
    pub(super) async fn settle(&mut self) -> anyhow::Result<()> {
        self.hear_it_out().await?;
        if self.in_transaction {
            let mut rollback = Vec::new();
            write(b'Q', &[b"rollback\0"], &mut rollback);
            self.open += 1;
            self.stream.write_all(&rollback).await?;
            self.hear_it_out().await?;
        }
        Ok(())
    }

    async fn hear_it_out(&mut self) -> anyhow::Result<()> {
        let mut answer = vec![0; 65536];
        while self.open > 0 {
            let read = self.stream.read(&mut answer).await?;
            anyhow::ensure!(read > 0, "the server is gone");
            self.note(&answer[..read]);
        }
        Ok(())
    }
}

/// Finds the messages in what comes in pieces, without keeping any.
#[derive(Debug, Default)]
struct Scanner {
    header: Vec<u8>,
    left: usize,
}

impl Scanner {
    /// Calls `found` with the byte that says what each message is, and with its first, when that is there.
    fn scan(&mut self, mut bytes: &[u8], mut found: impl FnMut(u8, u8)) {
        while let Some(first) = bytes.first() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header.push(*first);
            bytes = &bytes[1..];
            if self.header.len() < 5 {
                continue;
            }
            let length = u32::from_be_bytes([self.header[1], self.header[2], self.header[3], self.header[4]]);
            let length = usize::try_from(length).unwrap_or(usize::MAX) - 4;
            if length > 0 && self.header.len() == 5 {
                // Its first byte is looked at as well.
                continue;
            }
            found(self.header[0], self.header.get(5).copied().unwrap_or_default());
            self.left = length.saturating_sub(1);
            self.header.clear();
        }
    }
}
