//! Messages of PostgreSQL's protocol (version 3): a byte that says what it is, four for how long it is, and the rest.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a client asks first where it would rather have TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// How much is read at once, at least.
const PIECE: usize = 16_384;
/// More than any startup message has.
const LONGEST_STARTUP: usize = 10_000;

/// What was read and not yet taken up.
#[derive(Debug, Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    taken: usize,
}

/// A message, as it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) whole: &'a [u8],
}

impl Messages {
    /// Where more is read to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.reserve(PIECE);
        &mut self.bytes
    }

    /// The next message, if it is all there.
    pub(super) fn next(&mut self) -> Option<Message<'_>> {
        let rest = self.bytes.get(self.taken..)?;
        let length = 1 + length(rest.get(1..5)?);
        let whole = rest.get(..length)?;
        self.taken += length;
        Some(Message { whole })
    }
}

impl<'a> Message<'a> {
    pub(super) fn tag(self) -> u8 {
        self.whole[0]
    }

    pub(super) fn body(self) -> &'a [u8] {
        &self.whole[5..]
    }

    /// Whether it is what the driver sends to commit.
    pub(super) fn is_commit(self) -> bool {
        self.tag() == b'Q' && self.body() == b"commit\0"
    }
}

/// How long the rest of a message is, with these four bytes.
fn length(bytes: &[u8]) -> usize {
    let four = bytes.try_into().unwrap_or_default();
    u32::from_be_bytes(four).try_into().unwrap_or(usize::MAX)
}

/// Writes a message.
pub(super) fn write(tag: u8, parts: &[&[u8]], to: &mut Vec<u8>) {
    let length: usize = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    to.push(tag);
    to.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        to.extend_from_slice(part);
    }
}

/// Reads whom the client wants to be, which no byte announces.
pub(super) async fn startup(client: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    loop {
        let mut message = vec![0; 4];
        client.read_exact(&mut message).await?;
        let length = length(&message);
        anyhow::ensure!(
            (8..LONGEST_STARTUP).contains(&length),
            "not a client of PostgreSQL's"
        );
        message.resize(length, 0);
        client.read_exact(&mut message[4..]).await?;
        if message != SSL_REQUEST {
            return Ok(message);
        }
        client.write_all(b"N").await?;
    }
}
