//! What a person's entries allow: whether this advertiser may call them, about this, now. Pure; it fails closed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::new::{Purpose, SpecialSlot};
use crate::kernel::ids::ConsentId;
use crate::law;

/// An entry as far as the gate looks; the order is that of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A consent.
    Given {
        /// Its id.
        id: ConsentId,
        /// What for.
        purposes: Vec<Purpose>,
        /// About what.
        object: String,
        /// By whom.
        advertiser_name: String,
        /// Its SIREN.
        advertiser_siren: Option<String>,
        /// When it was given.
        collected_at: Timestamp,
        /// Until when.
        valid_until: Timestamp,
        /// From when outside the lawful hours.
        special_slot_from: Option<Timestamp>,
        /// And until when.
        special_slot_until: Option<Timestamp>,
        /// Whether anything proves it.
        evidence: bool,
    },
    /// A withdrawal.
    Withdrawn {
        /// Of which consent; of all where there is none.
        withdraws: Option<ConsentId>,
        /// When.
        recorded_at: Timestamp,
    },
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// In whose name.
    pub advertiser_name: &'a str,
    /// Its SIREN.
    pub advertiser_siren: Option<&'a str>,
    /// About what.
    pub object: &'a str,
    /// By which means: every one of them must be agreed to.
    pub purposes: &'a [Purpose],
}

/// The consent that allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Which.
    pub id: ConsentId,
    /// The last instant on which it does.
    pub valid_until: Timestamp,
    /// The date and time to which the person agreed, unless it is over.
    pub special_slot: Option<SpecialSlot>,
}

/// A refusal of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// Until when the person is left alone.
    pub silent_until: Timestamp,
}

/// What a person's entries say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nobody asked them.
    Missing,
    /// They agreed to something else, or to somebody else.
    Mismatch,
    /// They agreed, and nothing proves it.
    Unproven,
    /// They agreed too long ago.
    Expired,
    /// They took it back; they may be asked again from then on.
    Withdrawn {
        /// The end of the silence that a refusal is owed, where something was agreed to since.
        retry_at: Option<Timestamp>,
    },
}

/// The last instant on which a consent counts, by the law of now.
pub fn valid_until(collected_at: Timestamp, wanted: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let longest = after(collected_at, law::terms(now).consent());
    wanted.map_or(longest, |wanted| wanted.min(longest))
}

/// Until when whoever refused then is left alone, by the law of now.
pub fn silent_until(refused_at: Timestamp, now: Timestamp) -> Timestamp {
    after(refused_at, law::terms(now).silence())
}

fn after(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// Whether two descriptions say the same: letters of either size, and any number of spaces.
pub fn same_words(left: &str, right: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(left) == words(right)
}

/// Whether these entries allow what is wanted now; else what comes closest to it.
pub fn standing(entries: &[Entry], wanted: &Wanted<'_>, now: Timestamp) -> Result<Proof, Standing> {
    let mut closest = Standing::Missing;
    let mut proof: Option<Proof> = None;
    for index in 0..entries.len() {
        match weigh(entries, index, wanted, now) {
            None => {}
            Some(Ok(found)) => proof = Some(best(proof, found)),
            Some(Err(standing)) => closest = closest.max(standing),
        }
    }
    let Some(proof) = proof else {
        return Err(closest);
    };
    // A new consent does not shorten the silence.
    match last_refusal(entries, now).filter(|refused| refused.silent_until > now) {
        Some(refused) => Err(Standing::Withdrawn {
            retry_at: Some(refused.silent_until),
        }),
        None => Ok(proof),
    }
}

/// The last time that the person refused everything.
pub fn last_refusal(entries: &[Entry], now: Timestamp) -> Option<Refused> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Withdrawn {
                withdraws: None,
                recorded_at,
            } => Some(*recorded_at),
            _ => None,
        })
        .max()
        .map(|at| Refused {
            at,
            silent_until: silent_until(at, now),
        })
}

/// Whether the person has agreed to anything after this time, with evidence, and still does.
pub fn has_agreed_since(entries: &[Entry], time: Timestamp, now: Timestamp) -> bool {
    entries.iter().enumerate().any(|(place, entry)| match entry {
        Entry::Given {
            collected_at,
            valid_until: until,
            evidence,
            ..
        } => {
            *evidence
                && (time..=now).contains(collected_at)
                && now <= valid_until(*collected_at, Some(*until), now)
                && !is_withdrawn(entries, place, *collected_at)
        }
        Entry::Withdrawn { .. } => false,
    })
}

/// Nothing where the entry in this place is no consent.
fn weigh(
    entries: &[Entry],
    place: usize,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Option<Result<Proof, Standing>> {
    let Entry::Given {
        id,
        purposes,
        object,
        advertiser_name,
        advertiser_siren,
        collected_at,
        valid_until: until,
        special_slot_from,
        special_slot_until,
        evidence,
    } = &entries[place]
    else {
        return None;
    };
    // One that begins in the future is none.
    if *collected_at > now {
        return Some(Err(Standing::Missing));
    }
    // Whoever is named with a number of the register is meant by it: attempts are counted under it too.
    let advertiser = match (advertiser_siren.as_deref(), wanted.advertiser_siren) {
        (Some(given), wanted) => Some(given) == wanted,
        (None, _) => same_words(advertiser_name, wanted.advertiser_name),
    };
    let meant = advertiser
        && same_words(object, wanted.object)
        && wanted.purposes.iter().all(|purpose| purposes.contains(purpose));
    if !meant {
        return Some(Err(Standing::Mismatch));
    }
    if is_withdrawn(entries, place, *collected_at) {
        return Some(Err(Standing::Withdrawn { retry_at: None }));
    }
    let until = valid_until(*collected_at, Some(*until), now);
    if now > until {
        return Some(Err(Standing::Expired));
    }
    if !evidence {
        return Some(Err(Standing::Unproven));
    }
    let slot = special_slot_from.zip(*special_slot_until);
    Some(Ok(Proof {
        id: *id,
        valid_until: until,
        special_slot: slot
            .map(|(starts_at, ends_at)| SpecialSlot { starts_at, ends_at })
            .filter(|slot| slot.ends_at > now),
    }))
}

/// Whether the consent in this place was taken back: after it was recorded, or after it was given, where it was recorded again.
fn is_withdrawn(entries: &[Entry], place: usize, collected_at: Timestamp) -> bool {
    let is_about = |withdraws: &Option<ConsentId>| match withdraws {
        None => true,
        Some(withdrawn) => entries.iter().any(|entry| {
            matches!(entry, Entry::Given { id, .. } if id == withdrawn) && is_the_same(entry, &entries[place])
        }),
    };
    entries.iter().enumerate().any(|(other, entry)| match entry {
        Entry::Withdrawn {
            withdraws,
            recorded_at,
        } => (other > place || *recorded_at >= collected_at) && is_about(withdraws),
        Entry::Given { .. } => false,
    })
}

/// Whether two consents say the same to the same advertiser.
fn is_the_same(left: &Entry, right: &Entry) -> bool {
    let (
        Entry::Given {
            object: left_object,
            advertiser_name: left_name,
            advertiser_siren: left_siren,
            ..
        },
        Entry::Given {
            object: right_object,
            advertiser_name: right_name,
            advertiser_siren: right_siren,
            ..
        },
    ) = (left, right)
    else {
        return false;
    };
    let advertiser = match (left_siren, right_siren) {
        (Some(left), Some(right)) => left == right,
        _ => same_words(left_name, right_name),
    };
    advertiser && same_words(left_object, right_object)
}

/// Of two consents that allow it, the one with the next date and time that was agreed to, or the one that lasts longer.
fn best(known: Option<Proof>, found: Proof) -> Proof {
    let Some(known) = known else {
        return found;
    };
    let prefer_found = match (known.special_slot, found.special_slot) {
        (Some(known), Some(found)) => found.starts_at < known.starts_at,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => found.valid_until > known.valid_until,
    };
    if prefer_found { found } else { known }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
