//! Appointments that people make with an assistant during a call: booked once, at a time that nobody else has, confirmed
//! by text message, and then changed or cancelled by the organisation.

pub mod book;
pub mod calendar;
pub mod change;
mod link;
pub mod list;
mod notice;
pub mod read;
mod slot;
mod store;
mod wish;
mod words;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::ids::{AppointmentId, AssistantId, CallId, CampaignId, ContactId};
use crate::kernel::shown::shows;
use crate::kernel::{Invalid, Language, PhoneNumber, Timezone};

pub use book::{Answer, book, cannot_book};
pub use calendar::{CalendarFile, calendar_by_link, calendar_of};
pub use change::{ChangeError, Changes, change};
pub use list::{Filter, TypedFilter, list};
pub use read::{ReadError, read};

/// The tool with which an assistant books.
pub const BOOKING_TOOL: &str = crate::assistants::BOOKING_TOOL;

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AppointmentStatus)]
pub enum Status {
    /// Made.
    Scheduled,
    /// Made, and confirmed since.
    Confirmed,
    /// It will not take place; its time is free again.
    Cancelled,
    /// It took place.
    Completed,
    /// The person did not come.
    NoShow,
}

impl Status {
    /// Reads the word of the contract.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed {
            "scheduled" => Ok(Self::Scheduled),
            "confirmed" => Ok(Self::Confirmed),
            "cancelled" => Ok(Self::Cancelled),
            "completed" => Ok(Self::Completed),
            "no_show" => Ok(Self::NoShow),
            _ => Err(Invalid::new(
                "status_invalid",
                "Le statut est scheduled, confirmed, cancelled, completed ou no_show.",
                "The status is scheduled, confirmed, cancelled, completed or no_show.",
            )),
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::NoShow => "no_show",
        }
    }

    /// Whether it is still to take place.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Scheduled | Self::Confirmed)
    }

    /// Whether it may become that; what is over stays as it is.
    pub fn may_become(self, next: Self) -> bool {
        self == next || (self.is_open() && next != Self::Scheduled)
    }
}

/// An appointment. What the person said of themselves is as they gave it.
#[derive(Clone, Serialize, ToSchema)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// Where it stands.
    pub status: Status,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
    /// On which clock it was agreed.
    #[schema(value_type = String)]
    pub timezone: Timezone,
    /// What the person speaks.
    #[schema(value_type = String)]
    pub language: Language,
    /// Who comes.
    #[schema(required)]
    pub name: Option<String>,
    /// Their number, in E.164.
    #[schema(required, value_type = Option<String>)]
    pub phone: Option<PhoneNumber>,
    /// Their e-mail address.
    #[schema(required)]
    pub email: Option<String>,
    /// What it is about.
    #[schema(required)]
    pub notes: Option<String>,
    /// The assistant that made it.
    #[schema(required)]
    pub assistant_id: Option<AssistantId>,
    /// The call in which it was made.
    #[schema(required)]
    pub call_id: Option<CallId>,
    /// The campaign of that call.
    #[schema(required)]
    pub campaign_id: Option<CampaignId>,
    /// The contact who made it.
    #[schema(required)]
    pub contact_id: Option<ContactId>,
    /// How often it was moved or cancelled.
    pub sequence: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

shows!(Appointment, id, status, starts_at, ends_at, call_id);

#[cfg(test)]
mod tests {
    use super::Status::{self, Cancelled, Completed, Confirmed, NoShow, Scheduled};

    #[test]
    fn what_is_over_stays_as_it_is() {
        let all = [Scheduled, Confirmed, Cancelled, Completed, NoShow];
        for status in all {
            assert_eq!(Status::parse(status.as_str()).unwrap(), status);
            assert!(status.may_become(status));
            let next: Vec<_> = all
                .into_iter()
                .filter(|next| *next != status && status.may_become(*next))
                .collect();
            match status {
                Scheduled => assert_eq!(next, [Confirmed, Cancelled, Completed, NoShow]),
                Confirmed => assert_eq!(next, [Cancelled, Completed, NoShow]),
                Cancelled | Completed | NoShow => assert!(next.is_empty()),
            }
        }
    }
}
