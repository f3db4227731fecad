//! Limits of what anybody may ask without being known: logins, sign-ups, mails. (Those of an organisation, of an API key,
//! and of keys that are refused are the edge's own: `http::auth`.)
//!
//! * **Passwords**, within 15 minutes: 10 wrong ones for an account from an address, 100 for an account from anywhere, 200
//!   from an address for any account. A try is counted before the password is compared, or fifty at once would all be
//!   let through, and taken back where it was right. What is refused counts no further, so that whoever hammers from one
//!   address does not use up what the account has left for others. And an address from which the password was right
//!   within 30 days is not stopped by the second limit: thousands of strange addresses do not lock the owner out.
//! * **Sign-ups**: 100 from an address in an hour.
//! * **Mails** of one kind: 5 to an address in an hour, whether anybody has that address or not; and 100 in an hour that
//!   are asked for from an address, of another link or for a lost password.
//! * **Links** of mails (confirming, choosing a password, joining): 100 in an hour from an address. A forged one is refused
//!   by its signature and asks no database.
//! * **Sessions** that are refreshed or ended by their refresh token: 600 in 15 minutes from an address, an office of as
//!   many people.
//! * **Codes by text message**: 3 for a number in an hour and 10 in a day, 10 from an address in an hour, whether anybody
//!   knows the number or not. **Showing one**: 30 times for a number and 30 from an address in 15 minutes; a code is good for
//!   five wrong ones besides.
//!
//! What is counted is a hash under the platform's pepper. Of an IPv6 address the network counts (64 bits): whoever has
//! one address has them all. Where it cannot be counted, nothing is done.

use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::app::Pepper;
use crate::db::DbError;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::meter::{Charge, Subject, UNLIMITED};
use crate::kernel::{Email, Origin, PhoneNumber};

const QUARTER: u32 = 15 * 60;
const HOUR: u32 = 60 * 60;
/// For how long an address is remembered from which a password was right.
const REMEMBERED: u32 = 30 * 24 * HOUR;
/// How many counters one sweep forgets.
const SWEEP: i32 = 10_000;

/// What is limited.
#[derive(Debug, Clone, Copy)]
pub enum Limit<'a> {
    /// Proving to be the owner of an account with a password. See [`password_was_right`].
    Password(&'a Email),
    /// Signing up.
    SignUp,
    /// Causing a mail.
    Mail(MailKind, &'a Email),
    /// Causing a text message with a code, by which somebody proves that a number is theirs.
    ProofCode(&'a PhoneNumber),
    /// Showing such a code.
    Proof(&'a PhoneNumber),
    /// Asking for mails, to whomever.
    AskForMail,
    /// Using the link of a mail.
    Link,
    /// Showing a refresh token.
    Session,
}

/// A kind of mail that somebody who is not known can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Of a sign-up: a link, or the news that somebody tried.
    SignUp,
    /// Another link that confirms an address.
    Confirmation,
    /// A link that resets a password.
    PasswordReset,
    /// A link that confirms a changed address.
    AddressChange,
    /// An invitation.
    Invitation,
}

impl MailKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Confirmation => "confirmation",
            Self::PasswordReset => "password_reset",
            Self::AddressChange => "address_change",
            Self::Invitation => "invitation",
        }
    }
}

/// The limit is reached, or could not be counted.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// The pepper is not there.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database, or the limit.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for LimitError {
    fn failure(&self) -> Failure {
        match self {
            Self::Secrets(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// Owes these limits; the next look-up that is given the request's meter pays them, in its own packet, and answers
/// [`DbError::TooMany`] where one is reached.
pub async fn owe(app: &App, origin: &Origin, limits: &[Limit<'_>]) -> Result<(), SecretsError> {
    let pepper = app.pepper().await?;
    let charges = limits.iter().flat_map(|limit| charges(&pepper, origin, *limit));
    origin.meter.owe(app.clock.now(), charges);
    Ok(())
}

/// Pays these limits at once, in a round trip of its own.
pub async fn spend(app: &App, origin: &Origin, limits: &[Limit<'_>]) -> Result<(), LimitError> {
    owe(app, origin, limits).await?;
    Ok(app.db.pay(&origin.meter).await?)
}

/// The password was right: the try is not counted, and the address is remembered. Takes effect with the next
/// transaction that is given the request's meter, at the latest when the request ends.
pub async fn password_was_right(app: &App, origin: &Origin, email: &Email) -> Result<(), SecretsError> {
    let pepper = app.pepper().await?;
    let now = app.clock.now();
    let tried = charges(&pepper, origin, Limit::Password(email));
    origin
        .meter
        .give_back(now, tried.iter().map(|charge| charge.subject));
    let remember = Charge {
        subject: known(&pepper, origin, email),
        allowed: UNLIMITED,
        seconds: REMEMBERED,
        waiver: None,
    };
    origin.meter.owe(now, [remember]);
    Ok(())
}

/// Forgets counters that have long ended; returns how many.
pub async fn sweep(app: &App, now: Timestamp) -> Result<i32, DbError> {
    let ended_before = now.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(now);
    app.db.forget_limits(ended_before, SWEEP).await
}

fn charges(pepper: &Pepper, origin: &Origin, limit: Limit<'_>) -> Vec<Charge> {
    let from = origin.network();
    let charge = |kind: &str, whose: &[&str], allowed, seconds| Charge {
        subject: Subject::of_text(pepper, kind, whose),
        allowed,
        seconds,
        waiver: None,
    };
    match limit {
        Limit::Password(email) => {
            let account = email.as_str().to_lowercase();
            vec![
                charge("password", &[&account, &from], 10, QUARTER),
                Charge {
                    waiver: Some(known(pepper, origin, email)),
                    ..charge("password.account", &[&account], 100, QUARTER)
                },
                charge("password.address", &[&from], 200, QUARTER),
            ]
        }
        Limit::SignUp => vec![charge("sign_up", &[&from], 100, HOUR)],
        Limit::ProofCode(phone) => vec![
            charge("proof_code", &[phone.as_str()], 3, HOUR),
            charge("proof_code.day", &[phone.as_str()], 10, 24 * HOUR),
            charge("proof_code.address", &[&from], 10, HOUR),
        ],
        Limit::Proof(phone) => vec![
            charge("proof", &[phone.as_str()], 30, QUARTER),
            charge("proof.address", &[&from], 30, QUARTER),
        ],
        Limit::AskForMail => vec![charge("ask_for_mail", &[&from], 100, HOUR)],
        Limit::Link => vec![charge("link", &[&from], 100, HOUR)],
        Limit::Session => vec![charge("session", &[&from], 600, QUARTER)],
        Limit::Mail(kind, email) => {
            let to = email.as_str().to_lowercase();
            vec![charge("mail", &[kind.as_str(), &to], 5, HOUR)]
        }
    }
}

fn known(pepper: &Pepper, origin: &Origin, email: &Email) -> Subject {
    let account = email.as_str().to_lowercase();
    Subject::of_text(pepper, "password.known", &[&account, &origin.network()])
}
