//! One request to a provider and its answer; and the repetition of requests that do no harm when they arrive twice.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, header};

use super::read_body;

/// How often a harmless request is repeated, and about how long is waited before each time.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];
/// The longest that a provider may make us wait while somebody waits for us.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No connection: the request never left.
    NotReached,
    /// The answer took too long.
    TimeOut,
    /// The connection broke.
    Broken,
}

impl Trouble {
    fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::NotReached
        } else if error.is_timeout() {
            Self::TimeOut
        } else {
            Self::Broken
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::NotReached => "not reached",
            Self::TimeOut => "time-out",
            Self::Broken => "connection lost",
        })
    }
}

/// An answer: its status and its bytes.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// Where it leads, if it leads elsewhere.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn is_worth_repeating(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error()
    }
}

/// Sends a request once.
pub(crate) async fn send_once(request: RequestBuilder) -> Result<Answer, Trouble> {
    let response = request.send().await.map_err(|error| Trouble::of(&error))?;
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let location = response.headers().get(header::LOCATION);
    let location = location
        .and_then(|to| response.url().join(to.to_str().ok()?).ok())
        .map(String::from);
    let body = read_body(response)
        .await
        .map_err(|error| match Trouble::of(&error) {
            Trouble::TimeOut => Trouble::TimeOut,
            // The head has arrived: whatever broke since, the request was received.
            Trouble::NotReached | Trouble::Broken => Trouble::Broken,
        })?;
    Ok(Answer {
        status,
        retry_after,
        location,
        body,
    })
}

/// Sends a request up to three times, while the provider is overloaded, broken or out of reach.
pub(crate) async fn send_repeatedly(request: impl Fn() -> RequestBuilder) -> Result<Answer, Trouble> {
    for pause in PAUSES {
        let pause = match send_once(request()).await {
            Ok(answer) if !answer.is_worth_repeating() => return Ok(answer),
            Ok(answer) => answer.retry_after.unwrap_or(pause).min(LONGEST_PAUSE),
            // Who waited ten seconds once does not wait thirty.
            Err(Trouble::TimeOut) => return Err(Trouble::TimeOut),
            Err(Trouble::NotReached | Trouble::Broken) => pause,
        };
        tokio::time::sleep(with_jitter(pause)).await;
    }
    send_once(request()).await
}

fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Half to one and a half times as long, so that containers that failed together do not come back together.
fn with_jitter(pause: Duration) -> Duration {
    let share = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + share)
}
