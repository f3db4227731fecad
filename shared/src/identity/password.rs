//! Passwords: which are taken, and how they are kept. Argon2id with OWASP's parameters (Password Storage Cheat Sheet:
//! 19 MiB, 2 passes, 1 lane), off the async threads, and never more at once than the memory holds.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::kernel::{Clock, Invalid};

/// NIST SP 800-63B asks for 8, and for 15 where a password stands alone; no rule of composition (ibid., 3.1.1.2).
const SHORTEST: usize = 12;
/// So that hashing a password costs the same whatever is sent.
const LONGEST_BYTES: usize = 1024;
/// A name or an address of fewer characters occurs in passwords by chance.
const SHORTEST_PERSONAL: usize = 4;
/// Each run takes 19 MiB.
const AT_ONCE: usize = 2;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What nobody's password is checked against when nobody has the address: the same work as for a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$gfYSqKUkvjq1zdUpxCbjkA$\
    4k4MTmdfUQPbDGBr2XRlXNBmx3PAmTbvzYCMLbV1cZI";

/// The passwords of 12 characters and more that lists of leaked ones put first.
const COMMON: [&str; 32] = [
    "000000000000",
    "111111111111",
    "112233445566",
    "123123123123",
    "123456123456",
    "123456789000",
    "123456789012",
    "123456789123",
    "1234567890123",
    "12345678901234",
    "1234567890qwerty",
    "123456abcdef",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "987654321000",
    "abcdefghijkl",
    "administrateur",
    "administrator",
    "azertyuiop123",
    "azertyuiopqs",
    "changemenow1",
    "iloveyou1234",
    "jetaime12345",
    "letmein12345",
    "motdepasse12",
    "motdepasse123",
    "motdepasse1234",
    "password1234",
    "password12345",
    "passwordpassword",
    "qwerty123456",
    "qwertyuiop123",
];

static HASHING: Semaphore = Semaphore::const_new(AT_ONCE);

/// A password that somebody may choose.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
#[error("hashing a password failed")]
pub struct HashingFailed;

impl NewPassword {
    /// Reads a new password, of a person known by these words (their address, their name).
    pub fn parse(typed: &str, personal: &[&str]) -> Result<Self, Invalid> {
        if typed.chars().count() < SHORTEST {
            return Err(Invalid::new(
                "password_too_short",
                "Le mot de passe doit compter au moins 12 caractères.",
                "The password must have at least 12 characters.",
            ));
        }
        if typed.len() > LONGEST_BYTES {
            return Err(Invalid::new(
                "password_too_long",
                "Le mot de passe est trop long (1 024 octets au plus).",
                "The password is too long (1,024 bytes at most).",
            ));
        }
        let lower = typed.to_lowercase();
        if COMMON.contains(&lower.as_str()) || is_one_character(&lower) {
            return Err(Invalid::new(
                "password_common",
                "Ce mot de passe est trop répandu : choisissez-en un autre.",
                "This password is too common: choose another one.",
            ));
        }
        if personal.iter().any(|word| is_made_of(&lower, word)) {
            return Err(Invalid::new(
                "password_personal",
                "Le mot de passe ne doit pas être votre adresse ou votre nom.",
                "The password must not be your address or your name.",
            ));
        }
        Ok(Self(SecretString::from(typed)))
    }

    /// The PHC string to keep.
    pub async fn hash(&self, clock: &Clock) -> Result<SecretString, HashingFailed> {
        hash(&self.0, clock).await
    }
}

/// What is kept of a password, with a salt of its own.
pub(super) async fn hash(password: &SecretString, clock: &Clock) -> Result<SecretString, HashingFailed> {
    let salt = clock.random_bytes::<16>();
    let password = password.clone();
    work(move || {
        let hashed = argon2()?
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map_err(|_| HashingFailed)?;
        Ok(SecretString::from(hashed.to_string()))
    })
    .await
}

/// How a password compares with what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and was kept with less work than today's.
    RightButWeak,
}

/// Compares a password with what was kept, or with nobody's where nothing was: the same work either way.
pub(super) async fn compare(
    password: &SecretString,
    kept: Option<&SecretString>,
) -> Result<Comparison, HashingFailed> {
    let password = password.clone();
    let kept = kept.cloned();
    work(move || {
        let phc = kept.as_ref().map_or(NOBODY, |kept| kept.expose_secret());
        let parsed = PasswordHash::new(phc).map_err(|_| HashingFailed)?;
        let same = argon2()?.verify_password(password.expose_secret().as_bytes(), &parsed);
        Ok(match (same, &kept) {
            (Ok(()), Some(_)) if is_weaker(&parsed) => Comparison::RightButWeak,
            (Ok(()), Some(_)) => Comparison::Right,
            _ => Comparison::Wrong,
        })
    })
    .await
}

fn argon2() -> Result<Argon2<'static>, HashingFailed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| HashingFailed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_weaker(kept: &PasswordHash) -> bool {
    let id = Algorithm::Argon2id.ident();
    match Params::try_from(kept) {
        Ok(params) => kept.algorithm != id || params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES,
        Err(_) => true,
    }
}

async fn work<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, HashingFailed> + Send + 'static,
) -> Result<T, HashingFailed> {
    let _permit = HASHING.acquire().await.map_err(|_| HashingFailed)?;
    tokio::task::spawn_blocking(job)
        .await
        .map_err(|_| HashingFailed)?
}

fn is_one_character(password: &str) -> bool {
    let first = password.chars().next();
    password.chars().all(|character| Some(character) == first)
}

/// Whether the password is that word, the part of an address before its `@`, or one of them repeated.
fn is_made_of(password: &str, word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let local = word.split('@').next().unwrap_or_default().to_owned();
    let joined: String = word.split_whitespace().collect();
    [word, local, joined]
        .iter()
        .filter(|word| word.chars().count() >= SHORTEST_PERSONAL)
        .any(|word| password.replace(word.as_str(), "").trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSONAL: [&str; 2] = ["jeanne.dupont@exemple.fr", "Jeanne Dupont"];

    #[test]
    fn any_twelve_characters_will_do() {
        for typed in [
            "correct horse",
            "élégance été",
            "            a",
            "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀b",
            &"long".repeat(256),
        ] {
            assert!(NewPassword::parse(typed, &PERSONAL).is_ok(), "{typed}");
        }
    }

    #[test]
    fn what_a_guesser_tries_first_is_refused() {
        for (typed, code) in [
            ("", "password_too_short"),
            ("elevenchars", "password_too_short"),
            (&"x".repeat(1025), "password_too_long"),
            ("Motdepasse123", "password_common"),
            ("zzzzzzzzzzzzzz", "password_common"),
            ("Jeanne Dupont", "password_personal"),
            ("jeannedupont", "password_personal"),
            ("jeanne.dupont@exemple.fr", "password_personal"),
            ("jeanne.dupontjeanne.dupont", "password_personal"),
        ] {
            assert_eq!(
                NewPassword::parse(typed, &PERSONAL).unwrap_err().code,
                code,
                "{typed}"
            );
        }
        assert!(NewPassword::parse("jeanne.dupont et ses 3 chats", &PERSONAL).is_ok());
    }

    #[tokio::test]
    async fn a_password_is_kept_as_owasp_asks() {
        let typed = NewPassword::parse("correct horse battery", &[]).unwrap();
        let kept = typed.hash(&Clock::system()).await.unwrap();
        assert!(
            kept.expose_secret()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        let right = compare(&typed.0, Some(&kept)).await.unwrap();
        assert_eq!(right, Comparison::Right);
        let wrong = compare(&"correct horse batterY".into(), Some(&kept))
            .await
            .unwrap();
        assert_eq!(wrong, Comparison::Wrong);
    }

    #[tokio::test]
    async fn all_of_a_long_password_counts() {
        let long = "a1".repeat(512);
        let kept = NewPassword::parse(&long, &[])
            .unwrap()
            .hash(&Clock::system())
            .await
            .unwrap();
        let shorter = SecretString::from(&long[..1023]);
        assert_eq!(compare(&shorter, Some(&kept)).await.unwrap(), Comparison::Wrong);
    }

    #[tokio::test]
    async fn what_was_kept_with_less_work_is_noticed() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(b"correct horse battery", &[1; 16])
            .unwrap();
        let kept = SecretString::from(weak.to_string());
        let right = compare(&"correct horse battery".into(), Some(&kept))
            .await
            .unwrap();
        assert_eq!(right, Comparison::RightButWeak);
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        let compared = compare(&"nobody".into(), None).await.unwrap();
        assert_eq!(compared, Comparison::Wrong);
    }
}
