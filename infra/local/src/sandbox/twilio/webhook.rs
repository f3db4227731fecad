//! A webhook of Twilio: signed, posted, and tried again as its address asks for.

use super::{
    form::encode,
    overrides::{Failure, Overrides},
    signature::{public_address, sign},
};
use crate::sandbox::state::Stand;

/// What is posted where.
pub(crate) struct Webhook<'a> {
    /// The address, with its fragment.
    pub(crate) url: &'a str,
    /// The key of the signature.
    pub(crate) token: &'a str,
    /// Twilio's id of the message that it is about.
    pub(crate) sid: &'a str,
    /// What it is remembered as.
    pub(crate) kind: &'a str,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Webhook<'_> {
    /// Posts it; the status and the body of the last answer, if there was one.
    pub(crate) async fn post(&self, stand: &Stand) -> Option<(u16, String)> {
        // What asks for nonsense was refused when it was registered.
        let overrides = Overrides::read(self.url).unwrap_or_default();
        let mut attempt = 1;
        loop {
            let sent = stand
                .http
                .post(public_address(self.url))
                .timeout(overrides.read_timeout)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-twilio-signature", sign(self.token, self.url, &self.parameters))
                .body(encode(&self.parameters))
                .send()
                .await;
            let (answer, failure) = match sent {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let body = response.text().await.unwrap_or_default();
                    let failure = (status >= 400).then_some(Failure::Status(status));
                    (Some((status, body)), failure)
                }
                Err(error) if error.is_connect() => (None, Some(Failure::Connection)),
                Err(_) => (None, Some(Failure::Read)),
            };
            let status = answer.as_ref().map(|(status, _)| *status);
            stand.delivered(self.sid, self.kind, attempt, status, false);
            match failure {
                Some(failure) if overrides.again(attempt, failure) => attempt += 1,
                _ => return answer,
            }
        }
    }
}
