//! Passwords: which are taken ([`NewPassword`]), how easily one is guessed (`guess`), and how they are kept (`keep`).
//!
//! NIST SP 800-63B, 3.1.1.2: a minimum of length, no rule of composition, nothing cut off, Unicode taken, the easily
//! guessed refused. What is typed is prepared as RFC 8265 says for passwords (4.2, `OpaqueString`): spaces of every kind
//! become the plain one, which a French keyboard does not tell from the unbreakable one, and the text is in normal form
//! C, since the same `é` is one sign on one machine and two on another. Neither case nor width is touched.

mod guess;
mod keep;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use crate::kernel::{Clock, Invalid};

pub use keep::HashingFailed;
pub(super) use keep::{Comparison, compare};

/// NIST SP 800-63B asks for 8, and for 15 where a password stands alone.
const SHORTEST: usize = 12;
/// So that hashing a password costs the same whatever is sent.
const LONGEST_BYTES: usize = 1024;

/// A password that somebody may choose.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Reads a new password, of a person known by these words (their address, their name, their company).
    pub fn parse(typed: &str, personal: &[&str]) -> Result<Self, Invalid> {
        // Before anything is done with it.
        if typed.len() > LONGEST_BYTES {
            return Err(Invalid::new(
                "password_too_long",
                "Le mot de passe est trop long (1 024 octets au plus).",
                "The password is too long (1,024 bytes at most).",
            ));
        }
        let prepared = prepare(typed);
        if prepared.expose_secret().chars().count() < SHORTEST {
            return Err(Invalid::new(
                "password_too_short",
                "Le mot de passe doit compter au moins 12 caractères.",
                "The password must have at least 12 characters.",
            ));
        }
        let password = Self(prepared);
        password.suits(personal)?;
        Ok(password)
    }

    /// Whether it is hard enough to guess for whoever knows these words about its owner.
    pub fn suits(&self, personal: &[&str]) -> Result<(), Invalid> {
        guess::refuse_guessable(self.0.expose_secret(), personal)
    }

    /// The PHC string to keep.
    pub async fn hash(&self, clock: &Clock) -> Result<SecretString, HashingFailed> {
        keep::hash(self.0.clone(), clock).await
    }
}

/// What is kept of a password that was just compared, with today's work.
pub(super) async fn hash_again(typed: &SecretString, clock: &Clock) -> Result<SecretString, HashingFailed> {
    keep::hash(prepare(typed.expose_secret()), clock).await
}

fn prepare(typed: &str) -> SecretString {
    let plain = |character: char| {
        // Of the category Zs; tabs and line ends are none.
        let is_space = character.is_whitespace() && !character.is_control();
        let breaks_lines = matches!(character, '\u{2028}' | '\u{2029}');
        if is_space && !breaks_lines { ' ' } else { character }
    };
    SecretString::from(typed.chars().map(plain).nfc().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSONAL: [&str; 3] = ["jeanne.dupont@exemple.fr", "Jeanne Dupont", "Cabinet Mirabelle"];

    fn code(typed: &str) -> &'static str {
        NewPassword::parse(typed, &PERSONAL).map_or_else(|invalid| invalid.code, |_| "")
    }

    #[test]
    fn twelve_characters_of_any_kind_will_do() {
        for typed in [
            "correct horse",
            "trois petits chats",
            "élégance été!",
            "сорок тысяч обезьян",
            "パスワードはひみつですよ",
            "🦀🐻🍓🎻🚲🌵🧵🪁🥝🛶🧲🪐",
            "jeanne.dupont et ses 3 chats gris",
            &"un grand éléphant vert mange 7 pommes ; ".repeat(24),
        ] {
            assert_eq!(code(typed), "", "{typed}");
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_refused() {
        // characters are counted, not bytes, as they are kept.
        for (typed, wanted) in [
            ("", "password_too_short"),
            ("elevenchars", "password_too_short"),
            ("🦀🐻🍓🎻🚲🌵🧵🪁🥝🛶🧲", "password_too_short"),
            ("e\u{301}le\u{301}phants", "password_too_short"),
            (&"x".repeat(1025), "password_too_long"),
            (&"é".repeat(513), "password_too_long"),
        ] {
            assert_eq!(code(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn a_password_is_the_same_on_every_keyboard() {
        let same = |one: &str, other: &str| prepare(one).expose_secret() == prepare(other).expose_secret();
        assert!(same("élégance été", "e\u{301}le\u{301}gance e\u{301}te\u{301}"));
        assert!(same("trois petits chats", "trois\u{a0}petits\u{202f}chats"));
        for (one, other) in [
            ("Trois petits chats", "trois petits chats"),
            ("trois petits chats", "trois petits chats "),
            ("trois  petits chats", "trois petits chats"),
            ("x² petits chats", "x2 petits chats"),
            ("ｔrois petits chats", "trois petits chats"),
            ("trois\tpetits chats", "trois petits chats"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[tokio::test]
    async fn a_password_is_kept_as_owasp_asks() {
        //
        let typed = NewPassword::parse("correct horse battery", &[]).unwrap();
        let kept = typed.hash(&Clock::system()).await.unwrap();
        assert!(
            kept.expose_secret()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        for (typed, wanted) in [
            ("correct horse battery", Comparison::Right),
            ("correct\u{a0}horse battery", Comparison::Right),
            ("correct horse batterY", Comparison::Wrong),
        ] {
            let compared = compare(&typed.into(), Some(&kept)).await.unwrap();
            assert_eq!(compared, wanted, "{typed}");
        }
    }

    #[tokio::test]
    async fn all_of_a_long_password_counts() {
        let long = "un grand éléphant vert mange 7 pommes ; ".repeat(24);
        let kept = NewPassword::parse(&long, &[])
            .unwrap()
            .hash(&Clock::system())
            .await
            .unwrap();
        let shorter = SecretString::from(&long[..long.len() - 1]);
        assert_eq!(compare(&shorter, Some(&kept)).await.unwrap(), Comparison::Wrong);
        let same = SecretString::from(long);
        assert_eq!(compare(&same, Some(&kept)).await.unwrap(), Comparison::Right);
    }
}
