//! The chain: what each link commits to, and whether a chain is whole.
//!
//! A link's hash covers the hash before it, its place, and a commitment: SHA-256 of a random salt and of the row's
//! content. A row that must be forgotten loses its content and its salt, which nobody can guess back, and keeps its
//! commitment: the links after it stay provable.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::kernel::ids::ConsentId;
use crate::kernel::shown::shows;

/// The bytes of a salt.
pub const SALT_BYTES: usize = 32;

/// What a link commits to, in this order; `None` is written as such.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    /// `given` or `withdrawn`.
    pub kind: String,
    /// The contact for whom it was recorded.
    pub contact_id: Option<Uuid>,
    /// What for.
    pub purposes: Option<Vec<String>>,
    /// About what.
    pub object: Option<String>,
    /// By whom the person may be called.
    pub advertiser_name: Option<String>,
    /// Its SIREN.
    pub advertiser_siren: Option<String>,
    /// Who calls in its name.
    pub third_party_name: Option<String>,
    /// Its SIREN.
    pub third_party_siren: Option<String>,
    /// The text that was shown.
    pub wording: Option<String>,
    /// Its SHA-256.
    pub wording_sha256: Option<String>,
    /// Its version.
    pub text_version: Option<String>,
    /// How it was asked, or taken back.
    pub channel: Option<String>,
    /// What the person did.
    pub positive_act: Option<String>,
    /// When, in whole microseconds, as PostgreSQL keeps it.
    pub collected_at: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// From when, outside the lawful hours.
    pub special_slot_from: Option<Timestamp>,
    /// And until when.
    pub special_slot_until: Option<Timestamp>,
    /// What proves it: JSON.
    pub evidence: Option<String>,
    /// Of a withdrawal: of which consent.
    pub withdraws: Option<Uuid>,
    /// In which words.
    pub quote: Option<String>,
}

shows!(Content, kind);

/// Where a link stands in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The chain.
    pub person: Uuid,
    /// From 1.
    pub sequence: i32,
    /// The entry.
    pub id: ConsentId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// A link as it is kept.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where it stands.
    pub place: Place,
    /// Its content; the default where it was forgotten.
    pub content: Content,
    /// `None` where it was forgotten.
    pub salt: Option<Vec<u8>>,
    /// What it commits to.
    pub commitment: Vec<u8>,
    /// The hash before it; empty for the first.
    pub previous_hash: Vec<u8>,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Why a chain is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A link is missing, or there is one too many.
    Sequence,
    /// It does not follow from the one before.
    Previous,
    /// Its own hash is not that of its parts.
    Hash,
    /// Its content is not what it committed to.
    Content,
    /// The chain ends elsewhere than its head says.
    Head,
}

impl Fault {
    /// What differs, in words.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Sequence => "a link is missing, or there is one too many",
            Self::Previous => "it does not follow from the link before",
            Self::Hash => "its hash is not that of its parts",
            Self::Content => "its content is not what it committed to",
            Self::Head => "the chain ends elsewhere than its head says",
        }
    }
}

/// The first broken link of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its place in the chain; the place that is missing, where a link is.
    pub sequence: i32,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What a row commits to.
pub fn commit(salt: &[u8], content: &Content) -> Vec<u8> {
    // A struct of texts always serialises.
    let content = serde_json::to_vec(content).unwrap_or_default();
    Sha256::new()
        .chain_update(salt)
        .chain_update(content)
        .finalize()
        .to_vec()
}

/// The hash of a link.
pub fn link_hash(previous_hash: &[u8], place: &Place, commitment: &[u8]) -> Vec<u8> {
    Sha256::new()
        .chain_update((previous_hash.len() as u64).to_be_bytes())
        .chain_update(previous_hash)
        .chain_update(place.person.as_bytes())
        .chain_update(place.sequence.to_be_bytes())
        .chain_update(place.id.0.as_bytes())
        .chain_update(place.recorded_at.as_microsecond().to_be_bytes())
        .chain_update(commitment)
        .finalize()
        .to_vec()
}

/// Whether a chain is whole, from its first link to its head.
pub fn verify(links: &[Link], length: i32, head: &[u8]) -> Result<(), Broken> {
    let mut previous: &[u8] = &[];
    let mut sequence = 0;
    for link in links {
        sequence += 1;
        let broken = |fault| Err(Broken { sequence, fault });
        if link.place.sequence != sequence {
            return broken(Fault::Sequence);
        }
        if !same(&link.previous_hash, previous) {
            return broken(Fault::Previous);
        }
        if let Some(salt) = &link.salt
            && !same(&commit(salt, &link.content), &link.commitment)
        {
            return broken(Fault::Content);
        }
        if link.salt.is_none() && link.content != forgotten(&link.content) {
            return broken(Fault::Content);
        }
        if !same(&link_hash(previous, &link.place, &link.commitment), &link.hash) {
            return broken(Fault::Hash);
        }
        previous = &link.hash;
    }
    if sequence != length {
        return Err(Broken {
            sequence: sequence + 1,
            fault: Fault::Sequence,
        });
    }
    if !same(previous, head) {
        return Err(Broken {
            sequence,
            fault: Fault::Head,
        });
    }
    Ok(())
}

/// What is left of a content that was forgotten: of which kind it was.
fn forgotten(content: &Content) -> Content {
    Content {
        kind: content.kind.clone(),
        ..Content::default()
    }
}

fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
