//! A server of HTTP/1.1 that is as small as its clients need it, and that can hang up without an answer.

use std::sync::Arc;

use anyhow::Context;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// More than any head of our clients.
const LONGEST_HEAD: usize = 64 * 1024;

/// A request, as far as a stand-in looks.
#[derive(Debug)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, whose name is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// JSON.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer of JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            retry_after: None,
            body: body.to_string().into_bytes(),
        }
    }
}

/// What answers.
pub trait Serve: Send + Sync + 'static {
    /// The answer; with none, the connection is closed.
    fn answer(&self, request: Request) -> impl Future<Output = Option<Answer>> + Send;
}

/// Serves on a port of its own until the process ends; returns the origin.
pub async fn serve(stand: Arc<impl Serve>) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let stand = Arc::clone(&stand);
            // Whoever goes away in the middle is not missed.
            tokio::spawn(async move { converse(connection, &*stand).await.ok() });
        }
    });
    Ok(origin)
}

async fn converse(mut connection: TcpStream, stand: &impl Serve) -> anyhow::Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut connection, &mut bytes).await? {
        let Some(answer) = stand.answer(request).await else {
            return Ok(());
        };
        connection.write_all(&written(&answer)).await?;
    }
    Ok(())
}

/// The next request of a connection; `bytes` holds what has come of it already, and then what came after it.
async fn read(connection: &mut TcpStream, bytes: &mut Vec<u8>) -> anyhow::Result<Option<Request>> {
    let head_ends = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        anyhow::ensure!(bytes.len() < LONGEST_HEAD, "a head without an end");
        if connection.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_ends]).into_owned();
    let mut request = Request {
        method: String::new(),
        target: String::new(),
        head,
        body: Vec::new(),
    };
    let mut words = request.head.split(' ');
    let (method, target) = (words.next(), words.next());
    request.method = method.unwrap_or_default().to_owned();
    request.target = target.context("not a request")?.to_owned();
    let length = request.header("content-length").map_or(Ok(0), str::parse)?;
    while bytes.len() < head_ends + length {
        if connection.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
    request.body = bytes[head_ends..head_ends + length].to_vec();
    bytes.drain(..head_ends + length);
    Ok(Some(request))
}

fn written(answer: &Answer) -> Vec<u8> {
    let wait = answer
        .retry_after
        .map(|seconds| format!("retry-after: {seconds}\r\n"));
    let head = format!(
        "HTTP/1.1 {} .\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n",
        answer.status,
        wait.unwrap_or_default(),
        answer.body.len()
    );
    [head.as_bytes(), &answer.body].concat()
}
