//! What text messages may be sent from.

use super::SMS_SENDER_NOT_ALLOWED;
use crate::kernel::{Country, Invalid, PhoneNumber, numbering};

/// The longest name that operators show.
const LONGEST_NAME: usize = 11;

/// A sender of text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsSender {
    /// A name: one-way, nobody can answer STOP to it.
    Name(String),
    /// A number.
    Number(PhoneNumber),
}

impl SmsSender {
    /// Reads a sender: whatever has a letter is a name, the rest a number.
    pub fn parse(typed: &str, country: Country) -> Result<Self, Invalid> {
        let typed = typed.trim();
        if !typed.chars().any(char::is_alphabetic) {
            let number = PhoneNumber::parse(typed, country).map_err(|_| SMS_SENDER_NOT_ALLOWED)?;
            return Self::from_number(number);
        }
        let fits = typed.len() <= LONGEST_NAME
            && typed
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
        fits.then(|| Self::Name(typed.to_owned()))
            .ok_or(SMS_SENDER_NOT_ALLOWED)
    }

    /// A number as sender: operators in France block messages of applications from mobile numbers.
    pub fn from_number(number: PhoneNumber) -> Result<Self, Invalid> {
        if is_french_mobile(&number) {
            Err(SMS_SENDER_NOT_ALLOWED)
        } else {
            Ok(Self::Number(number))
        }
    }

    /// As it is handed to Twilio.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Number(number) => number.as_str(),
        }
    }
}

/// 06 and 07, those of overseas (0690, 0692, …) included: they are mobile numbers in their own calling codes.
fn is_french_mobile(number: &PhoneNumber) -> bool {
    let e164 = number.as_str();
    let subscriber = numbering::french_national(e164).or_else(|| {
        let overseas = ["+590", "+594", "+596", "+262"];
        overseas.into_iter().find_map(|code| e164.strip_prefix(code))
    });
    subscriber.is_some_and(|digits| digits.starts_with(['6', '7']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<String, &'static str> {
        let sender = SmsSender::parse(typed, Country::FR);
        sender
            .map(|sender| sender.as_str().to_owned())
            .map_err(|invalid| invalid.code)
    }

    #[test]
    fn names_and_numbers_that_operators_let_through_are_taken() {
        assert_eq!(parse(" ZENCALL ").as_deref(), Ok("ZENCALL"));
        assert_eq!(parse("Agence 2000").as_deref(), Ok("Agence 2000"));
        assert_eq!(parse("01 62 00 00 01").as_deref(), Ok("+33162000001"));
        assert_eq!(parse("+32470123456").as_deref(), Ok("+32470123456"));
    }

    #[test]
    fn mobile_numbers_and_impossible_names_are_refused() {
        for typed in [
            "",
            "0612345678",
            "+33756789012",
            "0639981234",
            "+262692123456",
            "TWELVELETTER",
            "Société",
            "A-B",
            "12345",
        ] {
            assert_eq!(parse(typed), Err("sms_sender_not_allowed"), "{typed}");
        }
    }
}
