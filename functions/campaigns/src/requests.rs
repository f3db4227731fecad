//! What is asked for, read member by member so that every fault is reported at once.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zencall::campaigns::add_contacts::Selection;
use zencall::campaigns::change::Changes;
use zencall::campaigns::create::NewCampaign;
use zencall::campaigns::settings::parse_retry_on;
use zencall::campaigns::windows::{CallWindow, CallWindows};
use zencall::campaigns::{Advertiser, Settings};
use zencall::http::Member;
use zencall::kernel::ended_reason::Outcome;
use zencall::kernel::ids::{AssistantId, ContactId};
use zencall::kernel::{Faults, Invalid, Siren, Timezone};
use zencall::law::{LegalBasis, Sector};

use crate::values::{amount, at_most, instant, line};

/// The most contacts that one request names, and tags.
const MOST_CONTACTS: usize = 10_000;
const MOST_TAGS: usize = 50;
/// As long as a contact's tag may be.
const LONGEST_TAG: usize = 50;

/// A campaign to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CreateCampaign {
    #[serde(default)]
    #[schema(value_type = String, max_length = 200, required)]
    name: Member<String>,
    #[serde(default)]
    #[schema(value_type = uuid::Uuid, required)]
    assistant_id: Member<String>,
    /// What the call is about, as it is told to the person.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500, required)]
    object: Member<String>,
    #[serde(default)]
    #[schema(value_type = LegalBasis, required)]
    legal_basis: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<AdvertiserRequest>)]
    advertiser: Member<AdvertiserRequest>,
    #[serde(default)]
    #[schema(value_type = Option<Sector>)]
    sector: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    contact_ids: Member<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Member<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_at: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<SettingsRequest>)]
    settings: Member<Map<String, Value>>,
}

/// What is to change in a campaign; the rest stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChangeCampaign {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    assistant_id: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    object: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<LegalBasis>)]
    legal_basis: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<AdvertiserRequest>)]
    advertiser: Member<AdvertiserRequest>,
    #[serde(default)]
    #[schema(value_type = Option<Sector>)]
    sector: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    scheduled_at: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<SettingsRequest>)]
    settings: Member<Map<String, Value>>,
}

/// Contacts by id, by tag, or both.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SelectContacts {
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    contact_ids: Member<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Member<Vec<String>>,
}

/// On whose behalf people are called.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct AdvertiserRequest {
    #[serde(default)]
    #[schema(value_type = String, required)]
    name: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    siren: Member<String>,
}

/// When a campaign calls, how often, and how many at once. Unknown members are refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct SettingsRequest {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    timezone: Member<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<CallWindow>>)]
    call_windows: Member<Vec<CallWindow>>,
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 10)]
    max_attempts: Member<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 10080)]
    retry_delay_minutes: Member<i64>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    retry_on: Member<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1000)]
    concurrent_calls: Member<i64>,
    /// US dollars: a number, text, or `{ amount, currency }`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    max_cost: Member<Value>,
}

const SETTINGS: [&str; 7] = [
    "timezone",
    "call_windows",
    "max_attempts",
    "retry_delay_minutes",
    "retry_on",
    "concurrent_calls",
    "max_cost",
];

/// Settings that were given.
#[derive(Debug, Default, Clone)]
pub(crate) struct SettingsChange {
    timezone: Option<Timezone>,
    call_windows: Option<CallWindows>,
    max_attempts: Option<i32>,
    retry_delay_minutes: Option<i32>,
    retry_on: Option<Vec<Outcome>>,
    concurrent_calls: Option<i32>,
    max_cost: Option<Option<Decimal>>,
}

impl SettingsChange {
    /// Replaces what was given.
    pub(crate) fn apply(&self, settings: &mut Settings) {
        if let Some(timezone) = &self.timezone {
            settings.timezone.clone_from(timezone);
        }
        if let Some(call_windows) = &self.call_windows {
            settings.call_windows.clone_from(call_windows);
        }
        if let Some(retry_on) = &self.retry_on {
            settings.retry_on.clone_from(retry_on);
        }
        settings.max_attempts = self.max_attempts.unwrap_or(settings.max_attempts);
        settings.retry_delay_minutes = self.retry_delay_minutes.unwrap_or(settings.retry_delay_minutes);
        settings.concurrent_calls = self.concurrent_calls.unwrap_or(settings.concurrent_calls);
        settings.max_cost = self.max_cost.unwrap_or(settings.max_cost);
    }
}

impl CreateCampaign {
    pub(crate) fn parse(self) -> Result<NewCampaign, Faults> {
        let mut faults = Faults::default();
        let name = self.name.required("name", &mut faults, |text| line(text, 200));
        let assistant = self
            .assistant_id
            .required("assistant_id", &mut faults, |id| AssistantId::parse(&id));
        let object = self
            .object
            .required("object", &mut faults, |text| line(text, 500));
        let legal_basis = self
            .legal_basis
            .required("legal_basis", &mut faults, |basis| LegalBasis::parse(&basis));
        let advertiser = parse_advertiser(self.advertiser, &mut faults);
        let sector = self
            .sector
            .optional("sector", &mut faults, |sector| Sector::parse(&sector));
        let contacts = parse_selection(self.contact_ids, self.tags, &mut faults);
        let scheduled_at = self.scheduled_at.optional("scheduled_at", &mut faults, instant);
        let change = parse_settings(self.settings, &mut faults);
        faults.finish(|| {
            let mut settings = Settings::in_zone(Timezone::paris());
            change.apply(&mut settings);
            Some(NewCampaign {
                name: name?,
                assistant: assistant?,
                object: object?,
                legal_basis: legal_basis?,
                advertiser,
                sector: sector.unwrap_or(Sector::Other),
                scheduled_at,
                has_own_timezone: change.timezone.is_some(),
                settings,
                contacts,
            })
        })
    }
}

impl ChangeCampaign {
    pub(crate) fn parse(self) -> Result<(Changes, SettingsChange), Faults> {
        let mut faults = Faults::default();
        let changes = Changes {
            name: self.name.replacement("name", &mut faults, |text| line(text, 200)),
            assistant: self
                .assistant_id
                .replacement("assistant_id", &mut faults, |id| AssistantId::parse(&id)),
            object: self
                .object
                .replacement("object", &mut faults, |text| line(text, 500)),
            legal_basis: self
                .legal_basis
                .replacement("legal_basis", &mut faults, |basis| LegalBasis::parse(&basis)),
            advertiser: parse_advertiser(self.advertiser, &mut faults),
            sector: self
                .sector
                .replacement("sector", &mut faults, |sector| Sector::parse(&sector)),
            scheduled_at: self.scheduled_at.change("scheduled_at", &mut faults, instant),
        };
        let settings = parse_settings(self.settings, &mut faults);
        faults.finish(|| Some((changes, settings)))
    }
}

impl SelectContacts {
    pub(crate) fn parse(self) -> Result<Selection, Faults> {
        let mut faults = Faults::default();
        let selection = parse_selection(self.contact_ids, self.tags, &mut faults);
        if faults.is_empty() && selection.is_empty() {
            faults.add(
                "contact_ids",
                Invalid::new(
                    "required",
                    "Indiquez contact_ids ou tags.",
                    "Either contact_ids or tags is required.",
                ),
            );
        }
        faults.finish(|| Some(selection))
    }
}

fn parse_selection(ids: Member<Vec<String>>, tags: Member<Vec<String>>, faults: &mut Faults) -> Selection {
    let ids = ids.optional("contact_ids", faults, |ids| {
        at_most(ids.len(), MOST_CONTACTS)?;
        ids.iter()
            .map(|id| ContactId::parse(id))
            .collect::<Result<Vec<_>, _>>()
    });
    let tags = tags.optional("tags", faults, |tags| {
        at_most(tags.len(), MOST_TAGS)?;
        tags.into_iter().map(|tag| line(tag, LONGEST_TAG)).collect()
    });
    Selection {
        ids: ids.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
    }
}

fn parse_advertiser(advertiser: Member<AdvertiserRequest>, faults: &mut Faults) -> Option<Advertiser> {
    let given = advertiser.optional("advertiser", faults, Ok)?;
    let name = given
        .name
        .required("advertiser.name", faults, |text| line(text, 200));
    let siren = given
        .siren
        .optional("advertiser.siren", faults, |text| Siren::parse(&text));
    Some(Advertiser {
        name: name?,
        siren: siren.map(|siren| siren.as_str().to_owned()),
    })
}

fn parse_settings(settings: Member<Map<String, Value>>, faults: &mut Faults) -> SettingsChange {
    let Some(given) = settings.optional("settings", faults, Ok) else {
        return SettingsChange::default();
    };
    for name in given.keys().filter(|name| !SETTINGS.contains(&name.as_str())) {
        faults.add(
            format!("settings.{name}"),
            Invalid::new(
                "unknown_member",
                "Ce réglage n'existe pas.",
                "There is no such setting.",
            ),
        );
    }
    // Members keep what they got, whatever its type: this does not fail.
    let given: SettingsRequest = serde_json::from_value(Value::Object(given)).unwrap_or_default();
    let mut within = |field: &str, member: Member<i64>, least: i64, most: i64| {
        member.replacement(field, faults, |number| {
            i32::try_from(number)
                .ok()
                .filter(|_| (least..=most).contains(&number))
                .ok_or_else(|| {
                    let mut invalid = Invalid::new("out_of_range", "", "");
                    invalid.message = zencall::kernel::Text::owned(
                        format!("Entre {least} et {most}."),
                        format!("Must be between {least} and {most}."),
                    );
                    invalid
                })
        })
    };
    let max_attempts = within("settings.max_attempts", given.max_attempts, 1, 10);
    let retry_delay_minutes = within(
        "settings.retry_delay_minutes",
        given.retry_delay_minutes,
        0,
        10_080,
    );
    let concurrent_calls = within("settings.concurrent_calls", given.concurrent_calls, 1, 1_000);
    SettingsChange {
        timezone: given
            .timezone
            .replacement("settings.timezone", faults, |name| Timezone::parse(&name)),
        call_windows: given
            .call_windows
            .replacement("settings.call_windows", faults, CallWindows::parse),
        max_attempts,
        retry_delay_minutes,
        retry_on: given
            .retry_on
            .replacement("settings.retry_on", faults, |names| parse_retry_on(&names)),
        concurrent_calls,
        max_cost: given
            .max_cost
            .change("settings.max_cost", faults, |cost| amount(&cost)),
    }
}
