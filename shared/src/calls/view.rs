//! A call as everybody sees it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ended_reason::Outcome;
use crate::kernel::ids::{AssistantId, CallId, CampaignId, ContactId};
use crate::kernel::shown::shows;
use crate::kernel::{Invalid, Money, PhoneNumber};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $code:literal, $fr:literal, $en:literal,
     $($(#[$variant_doc:meta])* $variant:ident => $word:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Reads the word of the contract.
            pub fn parse(typed: &str) -> Result<Self, Invalid> {
                match typed {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Invalid::new($code, $fr, $en)),
                }
            }

            /// The word of the contract.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

words! {
    /// Who called whom.
    Direction, "direction_invalid",
    "Le sens est inbound ou outbound.", "The direction is inbound or outbound.",
    /// They called us.
    Inbound => "inbound",
    /// We called them.
    Outbound => "outbound",
}

words! {
    /// How far a call has come.
    #[schema(as = CallStatus)]
    Status, "status_invalid",
    "Le statut est queued, ringing, in_progress, forwarding ou ended.",
    "The status is queued, ringing, in_progress, forwarding or ended.",
    /// The provider has it.
    Queued => "queued",
    /// The telephone rings.
    Ringing => "ringing",
    /// They speak.
    InProgress => "in_progress",
    /// The person is being handed over.
    Forwarding => "forwarding",
    /// It is over.
    Ended => "ended",
}

words! {
    /// In which mood the person was.
    Sentiment, "sentiment_invalid",
    "Le sentiment est positive, neutral, negative ou unknown.",
    "The sentiment is positive, neutral, negative or unknown.",
    /// Pleased.
    Positive => "positive",
    /// Neither.
    Neutral => "neutral",
    /// Displeased.
    Negative => "negative",
}

/// Which mood is wanted in a list: one of them, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentimentFilter {
    /// This one.
    Known(Sentiment),
    /// Nothing told, as `unknown` in a campaign's report.
    Unknown,
}

impl SentimentFilter {
    /// Reads a mood, or `unknown`.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        match typed {
            "unknown" => Ok(Self::Unknown),
            _ => Sentiment::parse(typed).map(Self::Known),
        }
    }
}

/// A call that was placed or received.
#[derive(Clone, Serialize, ToSchema)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Vapi's id of it.
    #[schema(required)]
    pub vapi_call_id: Option<String>,
    /// The campaign that it was placed for.
    #[schema(required)]
    pub campaign_id: Option<CampaignId>,
    /// The contact who was called.
    #[schema(required)]
    pub contact_id: Option<ContactId>,
    /// The assistant that spoke.
    #[schema(required)]
    pub assistant_id: Option<AssistantId>,
    /// Who called whom.
    pub direction: Direction,
    /// The other side's number.
    #[schema(required, value_type = Option<String>)]
    pub phone: Option<PhoneNumber>,
    /// How far it has come.
    pub status: Status,
    /// How it ended for the campaign.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// Why it ended, in the provider's words.
    #[schema(required)]
    pub ended_reason: Option<String>,
    /// When they began to speak, or the telephone to ring.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// How long it took.
    #[schema(required)]
    pub duration_seconds: Option<i32>,
    /// What the provider bills.
    #[schema(required)]
    pub cost: Option<Money>,
    /// In which mood the person was.
    #[schema(required)]
    pub sentiment: Option<Sentiment>,
    /// The same from -1 to 1.
    #[schema(required)]
    pub sentiment_score: Option<f64>,
    /// Who judged the mood.
    #[schema(required)]
    pub sentiment_source: Option<String>,
    /// What it was about.
    #[schema(required)]
    pub summary: Option<String>,
}

shows!(
    Call,
    id,
    campaign_id,
    contact_id,
    direction,
    status,
    outcome,
    ended_reason
);

/// One thing that one side said.
#[derive(Clone, Serialize, ToSchema)]
pub struct Turn {
    /// `assistant` or `user`.
    pub role: String,
    /// What was said.
    pub text: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

shows!(Turn, role, at);

/// One thing that happened in a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    /// `call-started`, `call-ended`, `transcript`, `transfer`, `appointment-booked` or `consent-withdrawn`.
    pub event: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who told us.
    pub provider: String,
}

/// What can be listened to afterwards.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Recording {
    /// Whether it can be fetched.
    pub available: bool,
}

/// To whom the person was put through.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Transfer {
    /// A number in E.164, or an address of SIP.
    pub destination: String,
    /// Whether anybody took it there: `connected`, `not_connected`, or `unknown` where nobody has told.
    pub outcome: &'static str,
}

shows!(Transfer, outcome);

impl Transfer {
    pub(super) fn new(destination: String, connected: Option<bool>) -> Self {
        let outcome = match connected {
            Some(true) => "connected",
            Some(false) => "not_connected",
            None => "unknown",
        };
        Self { destination, outcome }
    }
}
