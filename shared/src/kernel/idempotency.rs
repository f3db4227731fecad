//! A request that is sent twice and done once: what the edge and the database say to each other about it.

use jiff::Timestamp;
use uuid::Uuid;

use super::ids::{OrganizationId, UserId};

/// A request that brought a key, and the run that would answer it.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    /// For whom the caller acts.
    pub organization: OrganizationId,
    /// The caller, where it is a person.
    pub user: Option<UserId>,
    /// Keyed hash of caller, route and key.
    pub key_hash: Vec<u8>,
    /// Keyed hash of address and body.
    pub request_hash: Vec<u8>,
    /// This run, among those of the same request.
    pub claim: Uuid,
}

/// How long a run is taken to be alive, and for how long its answer is kept.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time now.
    pub now: Timestamp,
    /// The claim of a run that has not ended by then may be taken over.
    pub claimed_until: Timestamp,
    /// From then on the key is as good as new.
    pub expires_at: Timestamp,
}

/// Whose turn it is. `Debug` is left out: an answer is nobody's but the caller's.
pub enum Claimed {
    /// This run's.
    Ours,
    /// Another run's, which has not ended.
    Running,
    /// Nobody's: the key came with another request.
    Reused,
    /// Nobody's: this is what the first was answered.
    Answered(KeptAnswer),
    /// Nobody's: the first was answered with a secret, which was not kept.
    AnsweredWithSecret,
}

/// An answer, as far as it is kept.
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}
