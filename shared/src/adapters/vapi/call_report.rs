//! The report of a call, asked for: the call's own record says what the report would have said.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Vapi;
use super::error::VapiError;
use super::json;
use super::message::Message;
use super::projection::Projection;

/// Stands for a reason where Vapi knows that a call has ended and not why; like every unknown reason, it is a failure.
const NO_REASON: &str = "unknown";

/// What Vapi says about a call.
#[derive(Debug, Clone, PartialEq)]
pub enum AskedCall {
    /// It has no such call, or no more (14 days on the usual plan).
    Absent,
    /// It has not ended.
    Running,
    /// It has ended.
    Ended {
        /// What the report would have said.
        report: Box<Projection>,
        /// Whether Vapi has worked out what it costs: with the analysis, the last thing to be known.
        is_complete: bool,
    },
}

impl Vapi {
    /// What a call was. Asked once: whoever wants to know comes back.
    pub async fn call_report(&self, vapi_call_id: &str, now: Timestamp) -> Result<AskedCall, VapiError> {
        let path = format!("/call/{vapi_call_id}");
        match self
            .read_once::<Value>(|vapi| vapi.request(Method::GET, &path))
            .await
        {
            Ok(call) => Ok(AskedCall::read(call, now)),
            Err(VapiError::NotFound) => Ok(AskedCall::Absent),
            Err(error) => Err(error),
        }
    }
}

impl AskedCall {
    /// Reads a call as the report that did not come: the same members, within `call`.
    fn read(call: Value, now: Timestamp) -> Self {
        if call["status"] != "ended" && json::instant(&call["endedAt"]).is_none() {
            return Self::Running;
        }
        let is_complete = !call["cost"].is_null();
        let mut content = json!({
            "type": "end-of-call-report",
            "timestamp": call["endedAt"],
            "call": call,
        });
        if json::text(&content["call"]["endedReason"], 1).is_none() {
            content["endedReason"] = NO_REASON.into();
        }
        let report = Message::of_call(content).project(now);
        Self::Ended {
            report: Box::new(report),
            is_complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::vapi::webhook::Fact;

    fn read(call: Value) -> AskedCall {
        AskedCall::read(call, "2026-11-24T10:10:00Z".parse().unwrap())
    }

    #[test]
    fn a_call_says_what_its_report_would_have_said() {
        let call = json!({
            "id": "c", "type": "outboundPhoneCall", "status": "ended", "endedReason": "customer-ended-call",
            "startedAt": "2026-11-24T10:00:00Z", "endedAt": "2026-11-24T10:01:00Z", "cost": 0.12,
            "customer": { "number": "+33639980000" },
            "analysis": { "summary": "Bien." },
            "artifact": {
                "messages": [{ "role": "user", "message": "Oui.", "time": 1_795_514_400_000_i64 }],
                "structuredOutputs": { "x": { "name": "sentiment", "result": "positive" } },
            },
        });
        let AskedCall::Ended { report, is_complete } = read(call) else {
            panic!("it has ended")
        };
        assert!(is_complete);
        assert_eq!(report.keys.call.as_deref(), Some("c"));
        assert_eq!(report.phone.as_deref(), Some("+33639980000"));
        assert_eq!(report.at(), "2026-11-24T10:01:00Z".parse().unwrap());
        let Fact::Report(said) = &report.fact else {
            panic!("a report")
        };
        assert_eq!(said.summary.as_deref(), Some("Bien."));
        assert_eq!(said.sentiment.as_deref(), Some("positive"));
        assert_eq!(said.ended_reason.as_deref(), Some("customer-ended-call"));
        assert_eq!((said.turns.len(), said.cost), (1, Some("0.12".parse().unwrap())));
    }

    #[test]
    fn an_end_without_a_reason_has_one_that_nobody_knows() {
        let AskedCall::Ended { report, is_complete } = read(json!({ "id": "c", "status": "ended" })) else {
            panic!("it has ended")
        };
        assert!(!is_complete);
        let Fact::Report(said) = &report.fact else {
            panic!("a report")
        };
        assert_eq!(said.ended_reason.as_deref(), Some(NO_REASON));
        assert_eq!(
            read(json!({ "id": "c", "status": "in-progress" })),
            AskedCall::Running
        );
    }
}
