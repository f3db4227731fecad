//! What `PUT /_control/behaviour` sets: how calls end, how fast, how webhooks suffer and how the APIs fail.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{chance::Chance, rules::is_international};

/// How a simulated call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Somebody talks with the assistant until one of them hangs up.
    Answered,
    /// It rings until Vapi gives up.
    NoAnswer,
    /// The line is engaged.
    Busy,
    /// A machine answers.
    Voicemail,
    /// Something breaks, before or during the conversation.
    Failed,
    /// Somebody answers and is put through to a person.
    Transferred,
}

/// Everything that can be set; what is left out of a request is as it normally is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Weights of the outcomes.
    pub(crate) outcomes: Weights,
    /// How long a conversation takes, on average.
    pub(crate) call_seconds: f64,
    /// Divides the times of calls and the delays of webhooks.
    pub(crate) speed: f64,
    /// How often assistants that can book do (an addition).
    pub(crate) bookings: Bookings,
    /// What happens to webhooks on their way.
    pub(crate) webhook: WebhookBehaviour,
    /// How requests to the two APIs fail.
    pub(crate) api: ApiBehaviour,
    /// Outcomes of certain numbers (an addition).
    pub(crate) numbers: BTreeMap<String, Outcome>,
    /// Errors of messages to certain numbers: 3xxxx ends them as undelivered, any other
    /// refuses them at once.
    pub(crate) message_errors: BTreeMap<String, u32>,
    /// How many calls may run at once (10 by default).
    pub(crate) concurrency_limit: u32,
    /// What a call too many gets (both have been seen).
    pub(crate) concurrency_mode: ConcurrencyMode,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            outcomes: Weights::normal(),
            call_seconds: 30.0,
            speed: 1.0,
            bookings: Bookings::default(),
            webhook: WebhookBehaviour::default(),
            api: ApiBehaviour::default(),
            numbers: BTreeMap::new(),
            message_errors: BTreeMap::new(),
            concurrency_limit: 10,
            concurrency_mode: ConcurrencyMode::Blocked201,
        }
    }
}

/// How often each outcome comes. In a request, an outcome left out of the weights never comes; no weights at all are the usual mix.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Weights {
    answered: f64,
    no_answer: f64,
    busy: f64,
    voicemail: f64,
    failed: f64,
    transferred: f64,
}

impl Weights {
    fn normal() -> Self {
        Self {
            answered: 55.0,
            no_answer: 15.0,
            busy: 10.0,
            voicemail: 12.0,
            failed: 8.0,
            transferred: 0.0,
        }
    }

    fn all(self) -> [(Outcome, f64); 6] {
        [
            (Outcome::Answered, self.answered),
            (Outcome::NoAnswer, self.no_answer),
            (Outcome::Busy, self.busy),
            (Outcome::Voicemail, self.voicemail),
            (Outcome::Failed, self.failed),
            (Outcome::Transferred, self.transferred),
        ]
    }

    /// Draws an outcome.
    pub(crate) fn draw(self, chance: &mut Chance) -> Outcome {
        let total: f64 = self.all().iter().map(|(_, weight)| weight).sum();
        let mut left = chance.share() * total;
        for (outcome, weight) in self.all() {
            if left < weight {
                return outcome;
            }
            left -= weight;
        }
        Outcome::Answered
    }
}

/// How often assistants that can book do: nobody wants an appointment unless it is said here.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Bookings {
    /// In which share of the conversations somebody wants an appointment.
    pub(crate) share: f64,
    /// In which share of those the model asks for nonsense first.
    pub(crate) nonsense: f64,
    /// How often the same tool call comes twice.
    pub(crate) repeat: f64,
}

/// What happens to webhooks between Vapi or Twilio and us.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WebhookBehaviour {
    /// Each one waits this long.
    pub(crate) delay_ms: u64,
    /// Probability of coming twice.
    pub(crate) duplicate: f64,
    /// The messages of a call come together at its end, in another order.
    pub(crate) shuffle: bool,
    /// Probability of never coming.
    pub(crate) drop: f64,
}

/// How requests to the APIs fail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ApiBehaviour {
    /// The status to answer with.
    pub(crate) status: Option<u16>,
    /// Carry the request out, then answer with the status, or close the connection if there is none.
    pub(crate) after_accepting: bool,
    /// Answer this late.
    pub(crate) latency_ms: Option<u64>,
    /// For how many requests; for all if left out.
    pub(crate) times: Option<u32>,
    /// Only for requests of this method and path, for example `POST /call`; a `*` at the end stands for anything (an addition).
    pub(crate) only: Option<String>,
    /// Only for this provider (an addition).
    pub(crate) provider: Option<Provider>,
}

/// Whose API it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// Telephony assistants.
    Vapi,
    /// Numbers and text messages.
    Twilio,
}

/// What a call beyond the limit gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConcurrencyMode {
    /// 201 with `concurrencyBlocked: true`.
    #[serde(rename = "blocked_201")]
    Blocked201,
    /// 400 "Over Concurrency Limit".
    #[serde(rename = "error_400")]
    Error400,
}

impl ApiBehaviour {
    fn is_normal(&self) -> bool {
        self.status.is_none() && !self.after_accepting && self.latency_ms.is_none()
    }

    /// Whether the fault is meant for this request.
    pub(crate) fn concerns(&self, provider: Provider, method: &str, path: &str) -> bool {
        if self.is_normal() || self.provider.is_some_and(|only| only != provider) {
            return false;
        }
        self.only.as_deref().is_none_or(|only| {
            let request = format!("{method} {path}");
            only.strip_suffix('*')
                .map_or(request == only, |start| request.starts_with(start))
        })
    }
}

impl Behaviour {
    /// Reads a request; a sentence if it makes no sense.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        // An object first: serde would read a list as the members in their order.
        let members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let behaviour: Self = serde_json::from_value(members.into()).map_err(|error| error.to_string())?;
        behaviour.check()?;
        Ok(behaviour)
    }

    fn check(&self) -> Result<(), String> {
        let weights = self.outcomes.all();
        let usable = |number: f64| number.is_finite() && number >= 0.0;
        if !weights.iter().all(|(_, weight)| usable(*weight)) {
            return Err("outcomes: a weight is a number of 0 or more".to_owned());
        }
        if weights.iter().all(|(_, weight)| *weight == 0.0) {
            return Err("outcomes: at least one weight must be above 0".to_owned());
        }
        if !usable(self.call_seconds) || self.call_seconds > 86_400.0 {
            return Err("call_seconds: a number from 0 to 86400".to_owned());
        }
        if !usable(self.speed) || self.speed < 0.001 {
            return Err("speed: a number of 0.001 or more".to_owned());
        }
        for (name, share) in [
            ("webhook.duplicate", self.webhook.duplicate),
            ("webhook.drop", self.webhook.drop),
            ("bookings.share", self.bookings.share),
            ("bookings.nonsense", self.bookings.nonsense),
            ("bookings.repeat", self.bookings.repeat),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("{name}: a probability, 0 to 1"));
            }
        }
        if self
            .api
            .status
            .is_some_and(|status| !(200..=599).contains(&status))
        {
            return Err("api.status: an HTTP status, 200 to 599".to_owned());
        }
        match self.numbers.keys().find(|number| !is_international(number)) {
            Some(number) => Err(format!("numbers: {number} is not an international number")),
            None => Ok(()),
        }
    }

    /// A stretch of simulated time, in real time.
    pub(crate) fn scaled(&self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds / self.speed).unwrap_or(Duration::ZERO)
    }

    /// How long a webhook waits, in real time.
    pub(crate) fn webhook_delay(&self) -> Duration {
        Duration::from_millis(self.webhook.delay_ms).div_f64(self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_normal() {
        let behaviour = Behaviour::read(br#"{"speed": 10}"#).unwrap();
        assert_eq!(behaviour.call_seconds, 30.0);
        assert_eq!(behaviour.concurrency_limit, 10);
        assert_eq!(behaviour.webhook.drop, 0.0);
    }

    #[test]
    fn given_weights_stand_alone() {
        let behaviour = Behaviour::read(br#"{"outcomes": {"busy": 1}}"#).unwrap();
        for number in 0..100 {
            let drawn = behaviour.outcomes.draw(&mut Chance::of(1, number));
            assert_eq!(drawn, Outcome::Busy);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in [
            r#"{"unknown": 1}"#,
            r#"{"outcomes": {"answered": 0}}"#,
            r#"{"outcomes": {"answered": -1, "busy": 2}}"#,
            r#"{"webhook": {"drop": 2}}"#,
            r#"{"api": {"status": 9}}"#,
            r#"{"speed": 0}"#,
            r#"{"bookings": {"share": 2}}"#,
            r#"{"numbers": {"0612": "busy"}}"#,
            r#"[]"#,
        ] {
            assert!(Behaviour::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_can_be_narrowed() {
        let api = |only: Option<&str>| ApiBehaviour {
            status: Some(500),
            only: only.map(str::to_owned),
            ..ApiBehaviour::default()
        };
        assert!(api(None).concerns(Provider::Vapi, "GET", "/call"));
        assert!(api(Some("POST /call")).concerns(Provider::Vapi, "POST", "/call"));
        assert!(!api(Some("POST /call")).concerns(Provider::Vapi, "GET", "/call"));
        assert!(api(Some("GET /call*")).concerns(Provider::Vapi, "GET", "/call/1"));
    }
}
