//! Calls: placing one, and finding it again when nobody knows whether it was placed.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Vapi;
use super::error::{PlaceCallError, Refusal, VapiError};
use super::wire::{ListedCall, NewCall, Placed, PlacedAnswer};
use crate::adapters::exchange::{Answer, Trouble};

impl Vapi {
    /// Places a call, in one request; never repeated after one that Vapi may have carried out.
    pub async fn place_call(&self, call: &NewCall<'_>) -> Result<Placed, PlaceCallError> {
        let body = call.to_json();
        match self
            .once(|vapi| vapi.request(Method::POST, "/call").json(&body))
            .await
        {
            Ok(answer) => read_placed(&answer, call),
            Err(Trouble::NotReached) => Err(PlaceCallError::NotSent),
            Err(Trouble::TimeOut) => Err(PlaceCallError::Unknown("time-out")),
            Err(Trouble::Broken) => Err(PlaceCallError::Unknown("connection lost")),
        }
    }

    /// The calls of an assistant that Vapi accepted from `from` to `to`, both included. To be matched by
    /// `external_id`: Vapi filters neither by that nor by metadata.
    pub async fn calls_around(
        &self,
        vapi_assistant_id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ListedCall>, VapiError> {
        let after = to.saturating_add(SignedDuration::from_millis(1)).unwrap_or(to);
        self.list_between("/call", &[("assistantId", vapi_assistant_id)], from, after)
            .await
    }

    /// One call, if Vapi still has it (14 days on the usual plan).
    pub async fn call(&self, vapi_call_id: &str) -> Result<Option<ListedCall>, VapiError> {
        let path = format!("/call/{vapi_call_id}");
        match self.repeat(|vapi| vapi.request(Method::GET, &path)).await {
            Ok(call) => Ok(Some(call)),
            Err(VapiError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a call with its recording; one that is still waiting is no longer placed. Returns the call as it was, or
    /// `None` where Vapi does not know it.
    pub async fn delete_call(&self, vapi_call_id: &str) -> Result<Option<ListedCall>, VapiError> {
        let path = format!("/call/{vapi_call_id}");
        let nothing_more = json!({});
        match self
            .read_once(|vapi| vapi.request(Method::DELETE, &path).json(&nothing_more))
            .await
        {
            Ok(call) => Ok(Some(call)),
            Err(VapiError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Vapi {
    /// An address from which a call's recording can be had for a short time; none where there is no recording (any more).
    /// The addresses in events do not download.
    pub async fn recording_link(&self, vapi_call_id: &str) -> Result<Option<String>, VapiError> {
        let path = format!("/call/{vapi_call_id}/mono-recording");
        let answer = self
            .once(|vapi| vapi.request(Method::GET, &path))
            .await
            .map_err(VapiError::NoAnswer)?;
        match (answer.status.as_u16(), answer.location) {
            (302 | 303 | 307, Some(location)) => Ok(Some(location)),
            (404 | 410, _) => Ok(None),
            (status @ 400..=499, _) if status != 429 => Err(VapiError::Refused { status }),
            (status, _) => Err(VapiError::Failed { status }),
        }
    }
}

fn read_placed(answer: &Answer, call: &NewCall<'_>) -> Result<Placed, PlaceCallError> {
    let busy = |concurrency_limit| PlaceCallError::Busy {
        retry_after: answer.retry_after,
        concurrency_limit,
    };
    match answer.status.as_u16() {
        200..=299 => {
            // A 201 without a call is no call that anybody could find by its id; by ours, it may be found.
            let placed: PlacedAnswer = serde_json::from_slice(&answer.body)
                .map_err(|_| PlaceCallError::Unknown("unreadable answer"))?;
            let limits = placed.subscription_limits;
            let limit = limits.as_ref().and_then(|limits| limits.concurrency_limit);
            if limits.as_ref().is_some_and(|limits| limits.concurrency_blocked) {
                return Err(busy(limit));
            }
            Ok(Placed {
                vapi_call_id: placed.id,
                concurrency_limit: limit,
                remaining_concurrent_calls: limits.and_then(|limits| limits.remaining_concurrent_calls),
            })
        }
        429 => Err(busy(None)),
        408 => Err(PlaceCallError::Unknown("status 408")),
        status @ 400..=499 => {
            let message = message(answer);
            if status == 400 && message.to_lowercase().contains("concurrency") {
                return Err(busy(None));
            }
            let reason = Refusal::of(
                status,
                &message,
                call.vapi_assistant_id,
                call.vapi_phone_number_id,
            );
            Err(PlaceCallError::Refused { status, reason })
        }
        500..=599 => Err(PlaceCallError::Unknown("status 5xx")),
        _ => Err(PlaceCallError::Unknown("unexpected status")),
    }
}

/// The sentence or sentences of an error, to look for a word in; not to be logged.
fn message(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match &body["message"] {
        Value::String(sentence) => sentence.clone(),
        Value::Array(sentences) => {
            let sentences: Vec<_> = sentences.iter().filter_map(Value::as_str).collect();
            sentences.join("\n")
        }
        _ => String::from_utf8_lossy(&answer.body).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::{Map, json};
    use std::time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::PhoneNumber;
    use crate::kernel::ids::{AttemptId, CampaignId, OrganizationId};

    fn read(status: u16, body: Value) -> Result<Placed, PlaceCallError> {
        let number = PhoneNumber::from_database("+33639981234".to_owned());
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: Some(Duration::from_secs(3)),
            location: None,
            body: body.to_string().into_bytes(),
        };
        let call = NewCall {
            vapi_assistant_id: "the-assistant",
            vapi_phone_number_id: "the-number",
            number: &number,
            name: None,
            attempt: AttemptId(Uuid::nil()),
            organization: OrganizationId(Uuid::nil()),
            campaign: CampaignId(Uuid::nil()),
            variables: Map::new(),
        };
        read_placed(&answer, &call)
    }

    fn error(message: Value) -> Value {
        json!({ "message": message, "error": "Bad Request", "statusCode": 400 })
    }

    #[test]
    fn created_is_placed_unless_the_lines_are_full() {
        assert_eq!(
            read(201, json!({ "id": "c" }))
                .unwrap()
                .remaining_concurrent_calls,
            None
        );
        let with = |blocked| json!({ "id": "c", "subscriptionLimits": { "concurrencyBlocked": blocked, "concurrencyLimit": 10, "remainingConcurrentCalls": 4 } });
        let placed = read(201, with(false)).unwrap();
        assert_eq!(
            (placed.concurrency_limit, placed.remaining_concurrent_calls),
            (Some(10), Some(4))
        );
        assert!(matches!(
            read(201, with(true)),
            Err(PlaceCallError::Busy {
                concurrency_limit: Some(10),
                ..
            })
        ));
        assert!(matches!(read(201, json!({})), Err(PlaceCallError::Unknown(_))));
    }

    #[test]
    fn full_lines_and_too_many_requests_release_the_attempt() {
        for message in [
            json!("Over Concurrency Limit. Your limit is 10."),
            json!(["over concurrency limit"]),
        ] {
            assert!(matches!(
                read(400, error(message)),
                Err(PlaceCallError::Busy { .. })
            ));
        }
        let Err(PlaceCallError::Busy { retry_after, .. }) = read(429, json!({})) else {
            panic!()
        };
        assert_eq!(retry_after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_refusal_says_what_is_refused() {
        let reason = |status, message: &str| match read(status, error(json!([message]))) {
            Err(PlaceCallError::Refused { reason, status: told }) if told == status => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(401, "Invalid Key"), Refusal::Key);
        assert_eq!(reason(403, ""), Refusal::Key);
        assert_eq!(reason(402, ""), Refusal::Credit);
        assert_eq!(
            reason(400, "Couldn't find assistant for id: the-assistant"),
            Refusal::Assistant
        );
        assert_eq!(
            reason(404, "Couldn't find phone number for id: the-number"),
            Refusal::PhoneNumber
        );
        let number = "customer.number must be a valid phone number in the E.164 format";
        assert_eq!(reason(400, number), Refusal::CustomerNumber);
        assert_eq!(reason(409, "whatever"), Refusal::Other);
        assert!(!Refusal::CustomerNumber.stops_campaign());
    }

    #[test]
    fn what_may_have_rung_is_unknown() {
        for status in [302, 408, 500, 502, 503, 504] {
            assert!(
                matches!(read(status, json!({})), Err(PlaceCallError::Unknown(_))),
                "{status}"
            );
        }
    }
}
