//! The code with which somebody proves that a number is theirs: six digits derived from its id with the platform's
//! pepper, so that they are stored nowhere, neither in the database nor on a queue. What is kept is a keyed hash of
//! number and code.

use jiff::SignedDuration;
use secrecy::SecretBox;
use uuid::Uuid;

use super::meter::Subject;
use super::{Invalid, PhoneNumber};

type Pepper = SecretBox<[u8; 32]>;

/// How long a code is good for.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Where the code stands in the message, as it is kept and shown.
pub const HIDDEN: &str = "******";
const DIGITS: usize = 6;

/// A code, as somebody types it.
pub struct Code(String);

impl Code {
    /// Six digits; spaces are forgiven.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let digits: String = typed.chars().filter(|sign| !sign.is_whitespace()).collect();
        if digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(Self(digits));
        }
        Err(Invalid::new(
            "code_malformed",
            "Le code compte six chiffres.",
            "The code has six digits.",
        ))
    }

    /// The code with this id.
    pub fn of(pepper: &Pepper, id: Uuid) -> Self {
        let Subject(hash) = Subject::of_text(pepper, "proof_code", &[&id.to_string()]);
        let number = hash[..8]
            .iter()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        Self(format!("{:06}", number % 1_000_000))
    }

    /// What is kept of it.
    pub fn hash(&self, pepper: &Pepper, phone: &PhoneNumber) -> Vec<u8> {
        let Subject(hash) = Subject::of_text(pepper, "proof_code_hash", &[phone.as_str(), &self.0]);
        hash.to_vec()
    }
}

/// The text of a message that carries the code with this id, as it leaves.
pub fn fill_in(pepper: &Pepper, id: Uuid, text: &str) -> String {
    text.replacen(HIDDEN, &Code::of(pepper, id).0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_follow_from_the_id_and_the_pepper() {
        let (one, other): (Pepper, Pepper) = (
            SecretBox::new(Box::new([1; 32])),
            SecretBox::new(Box::new([2; 32])),
        );
        let id = Uuid::from_u128(7);
        let code = Code::of(&one, id);
        assert!(Code::parse(&code.0).is_ok());
        assert_eq!(code.0, Code::of(&one, id).0);
        assert_ne!(code.0, Code::of(&other, id).0);
        let phone = PhoneNumber::from_database("+33639980001".to_owned());
        assert_ne!(code.hash(&one, &phone), code.hash(&other, &phone));
        assert_eq!(fill_in(&one, id, "code ******"), format!("code {}", code.0));
        for odd in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(Code::parse(odd).is_err(), "{odd}");
        }
        assert!(Code::parse(" 123 456 ").is_ok());
    }
}
