//! What is sent to Vapi and what of its answers is read: a few members, since they also carry secrets.

use std::str::FromStr as _;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value, json};

use super::LONGEST_NAME;
use crate::kernel::PhoneNumber;
use crate::kernel::ids::{AttemptId, CampaignId, OrganizationId};
use crate::kernel::shown::shows;

/// A call to place.
pub struct NewCall<'a> {
    /// Who speaks.
    pub vapi_assistant_id: &'a str,
    /// From which number.
    pub vapi_phone_number_id: &'a str,
    /// To whom.
    pub number: &'a PhoneNumber,
    /// The contact's name, cut where Vapi would refuse it.
    pub name: Option<&'a str>,
    /// Ours: the one id by which the call can be found again (`customer.externalId`).
    pub attempt: AttemptId,
    /// Whose call.
    pub organization: OrganizationId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// What the prompt calls `{{name}}`.
    pub variables: Map<String, Value>,
}

shows!(
    NewCall<'a>,
    vapi_assistant_id,
    vapi_phone_number_id,
    attempt,
    organization,
    campaign
);

impl NewCall<'_> {
    /// A call has no metadata of its own: our ids travel in the overrides and in the customer.
    pub(super) fn to_json(&self) -> Value {
        let mut customer = json!({
            "number": self.number.as_str(),
            "externalId": self.attempt.to_string(),
        });
        if let Some(name) = self
            .name
            .map(|name| shortened(name.trim()))
            .filter(|name| !name.is_empty())
        {
            customer["name"] = name.into();
        }
        json!({
            "assistantId": self.vapi_assistant_id,
            "phoneNumberId": self.vapi_phone_number_id,
            "customer": customer,
            "assistantOverrides": {
                "metadata": {
                    "organization_id": self.organization.to_string(),
                    "campaign_id": self.campaign.to_string(),
                    "attempt_id": self.attempt.to_string(),
                },
                "variableValues": self.variables,
            },
        })
    }
}

/// At most 40 UTF-16 units, as JavaScript counts them, cut between characters.
pub(super) fn shortened(text: &str) -> &str {
    let mut units = 0;
    let cut = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > LONGEST_NAME
    });
    cut.map_or(text, |(index, _)| text[..index].trim_end())
}

/// A call that Vapi accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Vapi's id of it.
    pub vapi_call_id: String,
    /// How many calls the platform's account may have at once, if Vapi says so.
    pub concurrency_limit: Option<i64>,
    /// How many more it may place now, if Vapi says so.
    pub remaining_concurrent_calls: Option<i64>,
}

/// The answer to `POST /call`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlacedAnswer {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) subscription_limits: Option<SubscriptionLimits>,
}

/// Left the schema in July 2026 and is still sent: optional.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionLimits {
    #[serde(default)]
    pub(super) concurrency_blocked: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) concurrency_limit: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) remaining_concurrent_calls: Option<i64>,
}

/// The id of something that was created.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

/// A call as Vapi lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedCall {
    /// Vapi's id.
    pub id: String,
    /// Our attempt, where the call is ours.
    pub external_id: Option<String>,
    /// `queued`, `ringing`, `in-progress`, `ended`, …
    pub status: Option<String>,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// When somebody answered.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// In US dollars.
    pub cost: Option<Decimal>,
    /// When Vapi accepted it.
    pub created_at: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for ListedCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let call = RawCall::deserialize(deserializer)?;
        let instant = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Ok(Self {
            id: call.id,
            external_id: call.customer.and_then(|customer| customer.external_id),
            status: call.status,
            ended_reason: call.ended_reason,
            started_at: instant(call.started_at),
            ended_at: instant(call.ended_at),
            cost: call.cost.as_ref().and_then(dollars),
            created_at: instant(call.created_at),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCall {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    customer: Option<RawCustomer>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    ended_reason: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    started_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    ended_at: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    cost: Option<Number>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCustomer {
    #[serde(default, deserialize_with = "lenient")]
    external_id: Option<String>,
}

/// An imported number as Vapi lists it, without the credentials that the list carries.
#[derive(Debug, Deserialize)]
pub(super) struct ListedPhoneNumber {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
}

/// An assistant as Vapi lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAssistant {
    /// Vapi's id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// The organisation that we wrote on it.
    pub organization_id: Option<String>,
    /// Our own id, which we wrote on it.
    pub assistant_id: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for ListedAssistant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let assistant = RawAssistant::deserialize(deserializer)?;
        let ours = |member: &str| {
            let metadata = assistant.metadata.as_ref()?;
            metadata[member].as_str().map(str::to_owned)
        };
        Ok(Self {
            organization_id: ours("organization_id"),
            assistant_id: ours("assistant_id"),
            id: assistant.id,
            name: assistant.name,
            created_at: assistant.created_at.and_then(|text| text.parse().ok()),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAssistant {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    metadata: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<String>,
}

/// Money as it is written: through a binary fraction, 0.1 would no longer be 0.1.
fn dollars(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

/// A member that is missing, null or of another type than promised is none: a list is not lost for one odd row.
fn lenient<'de, T: serde::de::DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_characters_where_vapi_would_refuse_it() {
        assert_eq!(shortened("Zoé"), "Zoé");
        assert_eq!(shortened(&"é".repeat(41)), "é".repeat(40));
        // An emoji counts twice.
        assert_eq!(shortened(&format!("{}👍", "a".repeat(39))), "a".repeat(39));
        assert_eq!(shortened(&format!("{} bcd", "a".repeat(39))), "a".repeat(39));
    }

    #[test]
    fn a_listed_call_is_read_whatever_is_missing_or_odd() {
        let read = |call: Value| serde_json::from_value::<ListedCall>(call).unwrap();
        let whole = read(json!({
            "id": "c", "orgId": "o", "status": "ended", "endedReason": "customer-busy", "cost": 0.1,
            "customer": { "number": "+33639981234", "externalId": "a" },
            "createdAt": "2026-11-23T10:00:00.123Z", "endedAt": "2026-11-23T10:01:00.000Z",
        }));
        assert_eq!(whole.external_id.as_deref(), Some("a"));
        assert_eq!(whole.cost, Some(Decimal::new(1, 1)));
        assert_eq!(whole.created_at.unwrap().to_string(), "2026-11-23T10:00:00.123Z");
        assert_eq!(whole.started_at, None);
        let odd =
            read(json!({ "id": "c", "customer": "none", "cost": "free", "startedAt": 7, "status": null }));
        assert_eq!(odd.external_id, None);
        assert_eq!(odd.cost, None);
    }
}
