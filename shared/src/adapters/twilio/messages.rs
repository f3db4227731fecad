//! Text messages: sending one, and finding it again when nobody knows whether it was sent.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::client::Twilio;
use super::credentials::TwilioCredentials;
use super::error::TwilioError;
use crate::adapters::exchange::{Answer, Trouble, send_once, send_repeatedly};
use crate::kernel::PhoneNumber;
use crate::kernel::shown::shows;

/// The longest page of Twilio's lists.
const PAGE: usize = 200;

/// A message to send.
#[derive(Clone, Copy)]
pub struct NewMessage<'a> {
    /// A number of the account, or a name.
    pub from: &'a str,
    /// Whom it goes to.
    pub to: &'a PhoneNumber,
    /// At most 1,600 characters.
    pub body: &'a str,
    /// Where Twilio tells what becomes of it.
    pub status_callback: &'a str,
}

shows!(NewMessage<'a>, to);

/// Twilio has the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Twilio's id of it.
    pub sid: String,
}

/// A message was not sent, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The request never left.
    #[error("twilio was not reached")]
    NotSent,
    /// Too many requests: this one was certainly not processed.
    #[error("twilio is overloaded")]
    Busy {
        /// When Twilio wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The credentials are wrong, or the account is suspended.
    #[error("twilio rejects the credentials: code {code}")]
    Rejected {
        /// Twilio's code, else the HTTP status.
        code: u32,
    },
    /// Twilio read the request and refused it.
    #[error("twilio refused the message: code {code}")]
    Refused {
        /// Twilio's code, else the HTTP status.
        code: u32,
    },
    /// It may have been sent: look before sending again.
    #[error("nobody knows whether the message was sent: {0}")]
    Unknown(&'static str),
}

/// What Twilio says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// How far it is.
    Status {
        /// Twilio's word.
        status: String,
        /// Why it went no further.
        error_code: Option<u32>,
    },
    /// It has no such message, or no more.
    Absent,
    /// It has no time.
    Busy {
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The credentials are wrong, or the account is suspended.
    Rejected {
        /// Twilio's code, else the HTTP status.
        code: u32,
    },
    /// It does not answer, or not as it should.
    Nothing(&'static str),
}

/// A message as Twilio lists it.
#[derive(Clone, Deserialize)]
pub struct ListedMessage {
    /// Twilio's id of it.
    pub sid: String,
    /// Its text.
    #[serde(default)]
    pub body: String,
    /// Its sender; none until one of a pool was chosen.
    #[serde(default)]
    pub from: Option<String>,
    /// How far it is.
    pub status: String,
    /// Why it went no further.
    #[serde(default)]
    pub error_code: Option<u32>,
    #[serde(default)]
    date_created: String,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Listed {
    messages: Vec<ListedMessage>,
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    code: u32,
}

impl ListedMessage {
    /// When Twilio took it, to the second.
    pub fn created_at(&self) -> Option<Timestamp> {
        let zoned = jiff::fmt::rfc2822::parse(&self.date_created).ok()?;
        Some(zoned.timestamp())
    }
}

impl Twilio {
    /// Sends a message, in one request that is never repeated here.
    pub async fn send_message(
        &self,
        credentials: &TwilioCredentials,
        message: &NewMessage<'_>,
    ) -> Result<Accepted, SendError> {
        let form = [
            ("To", message.to.as_str()),
            ("From", message.from),
            ("Body", message.body),
            ("StatusCallback", message.status_callback),
        ];
        let request = self
            .request(credentials, Method::POST, "Messages.json")
            .form(&form);
        match send_once(request).await {
            Ok(answer) => read_sent(&answer),
            Err(Trouble::NotReached) => Err(SendError::NotSent),
            Err(Trouble::TimeOut) => Err(SendError::Unknown("time-out")),
            Err(Trouble::Broken) => Err(SendError::Unknown("connection lost")),
        }
    }

    /// What became of a message. Asked once: whoever wants to know comes back.
    pub async fn message_status(&self, credentials: &TwilioCredentials, sid: &str) -> Asked {
        let request = self.request(credentials, Method::GET, &format!("Messages/{sid}.json"));
        match send_once(request).await {
            Ok(answer) => read_asked(&answer),
            Err(Trouble::NotReached) => Asked::Nothing("not reached"),
            Err(Trouble::TimeOut) => Asked::Nothing("time-out"),
            Err(Trouble::Broken) => Asked::Nothing("connection lost"),
        }
    }

    /// Erases a message at Twilio; one that is not there is fine.
    pub async fn delete_message(
        &self,
        credentials: &TwilioCredentials,
        sid: &str,
    ) -> Result<(), TwilioError> {
        let path = format!("Messages/{sid}.json");
        let answer = send_repeatedly(|| self.request(credentials, Method::DELETE, &path))
            .await
            .map_err(TwilioError::NoAnswer)?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(TwilioError::of(&answer))
    }

    /// The newest messages to a number. Not filtered by date: that is the date of sending, which a message that still
    /// waits at Twilio does not have.
    pub async fn messages_to(
        &self,
        credentials: &TwilioCredentials,
        to: &PhoneNumber,
    ) -> Result<Vec<ListedMessage>, TwilioError> {
        let number = to.as_str().trim_start_matches('+');
        let path = format!("Messages.json?To=%2B{number}&PageSize={PAGE}");
        let listed: Listed = self
            .repeat(|| self.request(credentials, Method::GET, &path))
            .await?;
        Ok(listed.messages)
    }
}

fn read_asked(answer: &Answer) -> Asked {
    #[derive(Deserialize)]
    struct Message {
        status: String,
        #[serde(default)]
        error_code: Option<u32>,
    }
    match answer.status.as_u16() {
        200..=299 => match serde_json::from_slice::<Message>(&answer.body) {
            Ok(message) => Asked::Status {
                status: message.status,
                error_code: message.error_code,
            },
            Err(_) => Asked::Nothing("unreadable answer"),
        },
        404 | 410 => Asked::Absent,
        429 => Asked::Busy {
            retry_after: answer.retry_after,
        },
        401 | 403 => Asked::Rejected { code: code(answer) },
        500..=599 => Asked::Nothing("status 5xx"),
        _ => Asked::Nothing("unexpected status"),
    }
}

/// Twilio's code, else the HTTP status.
fn code(answer: &Answer) -> u32 {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    if body.code == 0 {
        u32::from(answer.status.as_u16())
    } else {
        body.code
    }
}

fn read_sent(answer: &Answer) -> Result<Accepted, SendError> {
    let status = answer.status.as_u16();
    match status {
        200..=299 => serde_json::from_slice(&answer.body)
            .map(|created: Created| Accepted { sid: created.sid })
            .map_err(|_| SendError::Unknown("unreadable answer")),
        // Twilio documents it as never processed.
        429 => Err(SendError::Busy {
            retry_after: answer.retry_after,
        }),
        401 | 403 => Err(SendError::Rejected { code: code(answer) }),
        408 => Err(SendError::Unknown("status 408")),
        400..=499 => Err(SendError::Refused { code: code(answer) }),
        500..=599 => Err(SendError::Unknown("status 5xx")),
        _ => Err(SendError::Unknown("unexpected status")),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn read(status: u16, body: &str) -> Result<Accepted, SendError> {
        read_sent(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            location: None,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn each_answer_says_whether_it_may_be_sent_again() {
        let sid = "SM0123".to_owned();
        assert_eq!(
            read(201, r#"{"sid":"SM0123","status":"queued"}"#),
            Ok(Accepted { sid })
        );
        assert_eq!(read(201, "<html>"), Err(SendError::Unknown("unreadable answer")));
        assert_eq!(read(503, ""), Err(SendError::Unknown("status 5xx")));
        assert_eq!(
            read(400, r#"{"code":21610}"#),
            Err(SendError::Refused { code: 21610 })
        );
        assert_eq!(read(404, ""), Err(SendError::Refused { code: 404 }));
        assert_eq!(
            read(401, r#"{"code":20003}"#),
            Err(SendError::Rejected { code: 20003 })
        );
        assert_eq!(
            read(429, r#"{"code":20429}"#),
            Err(SendError::Busy { retry_after: None })
        );
    }
}
