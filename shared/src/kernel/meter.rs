//! What a request owes before its answer may leave: its place within the limits, and the proof of an API key.
//!
//! A [`Meter`] belongs to one request. It is handed from the edge to the caller, from the caller to the claims, and the
//! first transaction that is opened with it pays: the database counts the request in a transaction of its own, ahead of
//! the request's, in the same packet. Whatever nobody paid for is paid at the end. Nothing here does input or output.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::api_key::ApiKeyHash;
use super::ids::{ApiKeyId, OrganizationId};
use super::scope::Scope;

/// Whose requests are counted together: a hash, so that the counters name nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(pub [u8; 32]);

impl Subject {
    /// Of an id, which is no personal data.
    pub fn of_id(kind: &str, id: Uuid) -> Self {
        let mut hash = Sha256::new();
        hash.update(kind.as_bytes());
        hash.update(id.as_bytes());
        Self(hash.finalize().into())
    }

    /// Of addresses, under the platform's pepper: whoever reads the counters cannot try addresses out.
    pub fn of_text(pepper: &SecretBox<[u8; 32]>, kind: &str, texts: &[&str]) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(pepper.expose_secret()).expect("HMAC takes keys of any length");
        mac.update(b"rate_limit");
        mac.update(kind.as_bytes());
        for text in texts {
            mac.update(&[0]);
            mac.update(text.as_bytes());
        }
        Self(mac.finalize().into_bytes().into())
    }
}

/// A limit that stops nobody: what it counts is only remembered.
pub const UNLIMITED: u32 = i32::MAX as u32 - 1;

/// One request, counted against one limit.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    /// Whose.
    pub subject: Subject,
    /// How many are allowed in a window.
    pub allowed: u32,
    /// How long a window is.
    pub seconds: u32,
    /// For whom this is remembered, the limit is counted and does not stop.
    pub waiver: Option<Subject>,
}

/// What bounds the guessing of an API key.
#[derive(Debug, Clone, Copy)]
pub struct Guesses {
    /// A refused key is counted against these; where one of them is used up, a good one is not taken either.
    pub limits: [Charge; 2],
    /// Remembered of a good key, to waive what others use up.
    pub known: Charge,
}

/// An API key that has yet to be proven.
#[derive(Debug, Clone)]
pub struct KeyProof {
    /// Which key.
    pub id: ApiKeyId,
    /// Whose it says it is.
    pub organization: OrganizationId,
    /// What it is compared with.
    pub hash: ApiKeyHash,
    /// What it must be allowed to do; `None` where no key is.
    pub scope: Option<Scope>,
    /// What is counted where it is refused.
    pub guesses: Guesses,
    /// When it was shown.
    pub at: Timestamp,
}

/// Where a request stands within the limit that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many are allowed.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// In how many seconds the window ends.
    pub reset_seconds: u32,
}

/// What the next transaction has to pay.
#[derive(Debug)]
pub struct Bill {
    /// What is counted.
    pub charges: Vec<Charge>,
    /// What is taken back.
    pub returns: Vec<Subject>,
    /// The key that must be good, or nothing is counted.
    pub key: Option<KeyProof>,
    /// When the request came.
    pub at: Timestamp,
}

/// What a request owes. Clones are the same meter.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    charges: Vec<Charge>,
    returns: Vec<Subject>,
    at: Option<Timestamp>,
    key: Option<KeyProof>,
    standing: Option<Standing>,
}

impl Meter {
    /// Owes these besides what is owed already.
    pub fn owe(&self, at: Timestamp, charges: impl IntoIterator<Item = Charge>) {
        let mut state = self.state();
        state.at = Some(at);
        state.charges.extend(charges);
    }

    /// Takes back what was counted for these, with the next transaction.
    pub fn give_back(&self, at: Timestamp, subjects: impl IntoIterator<Item = Subject>) {
        let mut state = self.state();
        state.at = Some(at);
        state.returns.extend(subjects);
    }

    /// Owes the proof of an API key.
    pub fn owe_proof(&self, key: KeyProof) {
        self.state().key = Some(key);
    }

    /// The key that has yet to be proven.
    pub fn unproven_key(&self) -> Option<KeyProof> {
        self.state().key.clone()
    }

    /// The key is proven, for the rest of the request.
    pub fn prove_key(&self) {
        self.state().key = None;
    }

    /// Takes what is owed, if anything: whoever takes it pays.
    pub fn take_bill(&self) -> Option<Bill> {
        let mut state = self.state();
        if state.charges.is_empty() && state.returns.is_empty() {
            return None;
        }
        Some(Bill {
            charges: std::mem::take(&mut state.charges),
            returns: std::mem::take(&mut state.returns),
            key: state.key.clone(),
            at: state.at?,
        })
    }

    /// Puts back a bill that nobody knows to be paid.
    pub fn put_back(&self, bill: Bill) {
        let mut state = self.state();
        state.charges.extend(bill.charges);
        state.returns.extend(bill.returns);
    }

    /// Whether something is owed still.
    pub fn is_owing(&self) -> bool {
        let state = self.state();
        !(state.charges.is_empty() && state.returns.is_empty())
    }

    /// Notes where the request stands, unless it stands nearer to another limit's end.
    pub fn note(&self, standing: Standing) {
        let mut state = self.state();
        if state
            .standing
            .is_none_or(|known| standing.remaining <= known.remaining)
        {
            state.standing = Some(standing);
        }
    }

    /// Where the request stands, if it was counted.
    pub fn standing(&self) -> Option<Standing> {
        self.state().standing
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(kind: &str) -> Charge {
        Charge {
            subject: Subject::of_id(kind, Uuid::nil()),
            allowed: 5,
            seconds: 60,
            waiver: None,
        }
    }

    #[test]
    fn a_bill_is_taken_once_and_may_be_put_back() {
        let (meter, now) = (Meter::default(), Timestamp::UNIX_EPOCH);
        assert!(meter.take_bill().is_none());
        meter.clone().owe(now, [charge("a"), charge("b")]);
        assert!(meter.is_owing());
        let bill = meter.take_bill().unwrap();
        assert_eq!(bill.charges.len(), 2);
        assert!(meter.take_bill().is_none());
        meter.put_back(bill);
        assert_eq!(meter.take_bill().unwrap().charges.len(), 2);
    }

    #[test]
    fn the_nearest_limit_is_the_one_that_is_told() {
        let meter = Meter::default();
        let standing = |limit, remaining| Standing {
            limit,
            remaining,
            reset_seconds: 1,
        };
        meter.note(standing(100, 50));
        meter.note(standing(1200, 1000));
        assert_eq!(meter.standing(), Some(standing(100, 50)));
        meter.note(standing(10, 0));
        assert_eq!(meter.standing(), Some(standing(10, 0)));
    }

    #[test]
    fn subjects_are_told_apart_and_name_nobody() {
        let pepper = |byte| SecretBox::new(Box::new([byte; 32]));
        let of = |texts: &[&str]| Subject::of_text(&pepper(1), "login", texts);
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a"]), Subject::of_text(&pepper(2), "login", &["a"]));
        assert_ne!(of(&["a"]), Subject::of_text(&pepper(1), "mail", &["a"]));
        assert_ne!(charge("organization").subject, charge("api_key").subject);
    }
}
