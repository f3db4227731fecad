//! One type per kind of id: an `OrganizationId` and a `CampaignId` cannot be swapped.

use postgres_types::{FromSql, ToSql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Clock, Invalid};

/// An id of ours: a UUID v7 behind a type of its own.
pub trait Id: ToSql + Copy + Sync {
    /// The bare id.
    fn uuid(self) -> Uuid;
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSql, FromSql, ToSchema)]
        #[serde(transparent)]
        #[postgres(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, which sorts by the time of its making.
            pub fn new(clock: &Clock) -> Self {
                Self(clock.uuid())
            }

            /// Reads an id from a path or a body.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                Uuid::try_parse(text).map(Self).map_err(|_| NOT_AN_ID)
            }
        }

        impl Id for $name {
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+ };
}

const NOT_AN_ID: Invalid = Invalid::new(
    "id_invalid",
    "L'identifiant doit être un UUID.",
    "The id must be a UUID.",
);

typed_id! {
    /// An organisation: the tenant that owns every other row.
    OrganizationId;
    /// A person who logs in.
    UserId;
    /// A login on one device, from which refresh tokens descend.
    SessionId;
    /// A key that a program authenticates with.
    ApiKeyId;
    /// A link in a mail, usable once.
    OneTimeTokenId;
    /// An invitation to join an organisation.
    InvitationId;
    /// An entry of the audit log.
    AuditEntryId;
    /// A voice assistant.
    AssistantId;
    /// A person or a business whom an organisation calls.
    ContactId;
    /// An outbound call campaign.
    CampaignId;
    /// One attempt to call one contact of a campaign.
    AttemptId;
    /// A decision of the gate.
    DecisionId;
    /// A call that was placed or received.
    CallId;
    /// A text message.
    MessageId;
    /// A number that is never to be called or texted.
    DoNotCallId;
    /// An entry of the ledger of consents.
    ConsentId;
    /// A row of the outbox.
    OutboxId;
    /// What somebody asked for under the RGPD.
    GdprRequestId;
    /// An appointment.
    AppointmentId;
    /// A file of contacts that is being imported.
    ImportId;
}
