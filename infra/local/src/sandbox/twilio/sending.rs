//! What a message must be to be sent, and how many segments it takes.

use super::{accounts::is_sid, errors::TwilioError, form::Parameters, overrides::Overrides};
use crate::sandbox::{
    rules::{is_international, is_web_address},
    state::Data,
};

/// From here on, errors are the operator's and come after the message was taken.
pub(crate) const CARRIER_ERRORS: u32 = 30_000;

/// Refuses what Twilio refuses.
pub(crate) fn check(data: &Data, account: &str, parameters: &Parameters) -> Result<(), TwilioError> {
    let refuse = |code, sentence: &str| Err(TwilioError::bad_request(code, sentence));
    let Some(to) = parameters.filled("To") else {
        return refuse(21604, "A 'To' phone number is required.");
    };
    if !is_international(to) {
        return Err(TwilioError::bad_request(
            21211,
            format!("The 'To' number {to} is not a valid phone number."),
        ));
    }
    if is_french_landline(to) {
        return Err(TwilioError::bad_request(
            21614,
            format!("'To' number is not a valid mobile number: {to}"),
        ));
    }
    if let Some(code) = data.behaviour.message_errors.get(to)
        && *code < CARRIER_ERRORS
    {
        return refuse(*code, "The message cannot be sent to this recipient.");
    }
    match (
        parameters.filled("From"),
        parameters.filled("MessagingServiceSid"),
    ) {
        (None, None) => return refuse(21603, "A 'From' phone number is required."),
        (_, Some(service)) if !is_sid("MG", service) => {
            return refuse(21701, "The Messaging Service Sid is invalid.");
        }
        (Some(from), None) if data.has_opted_out(account, from, to) => {
            return refuse(21610, "Attempt to send to unsubscribed recipient");
        }
        (Some(from), None) => check_sender(data, account, from)?,
        _ => {}
    }
    let body = parameters.filled("Body");
    let other = parameters.count("MediaUrl") > 0 || parameters.filled("ContentSid").is_some();
    if body.is_none() && !other {
        return refuse(21602, "Message body is required.");
    }
    if body.is_some_and(|body| body.chars().count() > 1600) {
        return refuse(
            21617,
            "The concatenated message body exceeds the 1600 character limit.",
        );
    }
    if parameters.count("MediaUrl") > 10 {
        return refuse(21623, "Number of media files exceeds allowed limit.");
    }
    match parameters.filled("StatusCallback") {
        Some(url) if !is_web_address(url) || host_has_underscore(url) || Overrides::read(url).is_err() => {
            refuse(21609, "The 'StatusCallback' URL is not a valid URL.")
        }
        _ => Ok(()),
    }
}

/// A number of the account that can send, an alphanumeric sender, or a short code.
fn check_sender(data: &Data, account: &str, from: &str) -> Result<(), TwilioError> {
    let letters = from.len() <= 11
        && from.chars().any(|letter| letter.is_ascii_alphabetic())
        && from
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == ' ');
    let short_code = (3..=6).contains(&from.len()) && from.chars().all(|digit| digit.is_ascii_digit());
    if letters || short_code {
        return Ok(());
    }
    if !is_international(from) {
        return Err(TwilioError::bad_request(
            21212,
            format!(
                "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
            ),
        ));
    }
    let numbers = data.kept.accounts.get(account).map(|account| &account.numbers);
    let able = numbers
        .into_iter()
        .flatten()
        .any(|number| number["phone_number"] == from && number["capabilities"]["sms"] == true);
    if able {
        return Ok(());
    }
    Err(TwilioError::bad_request(
        21606,
        format!(
            "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number or short code for your account."
        ),
    ))
}

/// +33 1 to 5 and 9: numbers that no mobile has.
fn is_french_landline(number: &str) -> bool {
    number
        .strip_prefix("+33")
        .is_some_and(|rest| rest.starts_with(|digit: char| ('1'..='5').contains(&digit) || digit == '9'))
}

fn host_has_underscore(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| host.contains('_')))
}

/// Letters that are not ASCII and yet in the GSM alphabet; each of the extended ones counts twice.
const GSM_LETTERS: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
const GSM_EXTENDED: &str = "^{}\\[~]|€";

/// 160 letters of the GSM alphabet or 70 of UCS-2 in one segment, 153 or 67 in each of several.
pub(crate) fn segments(body: &str) -> usize {
    let gsm = body.chars().all(|letter| {
        (letter.is_ascii() && letter != '`') || GSM_LETTERS.contains(letter) || GSM_EXTENDED.contains(letter)
    });
    let (length, alone, each) = if gsm {
        let twice = body.chars().filter(|letter| GSM_EXTENDED.contains(*letter));
        (body.chars().count() + twice.count(), 160, 153)
    } else {
        (body.encode_utf16().count(), 70, 67)
    };
    if length <= alone { 1 } else { length.div_ceil(each) }
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn segments_depend_on_the_alphabet() {
        assert_eq!(segments(&"é".repeat(160)), 1);
        assert_eq!(segments(&"é".repeat(161)), 2);
        assert_eq!(segments(&"ç".repeat(70)), 1);
        assert_eq!(segments(&"ç".repeat(71)), 2);
        assert_eq!(segments(&"€".repeat(81)), 2);
    }
}
