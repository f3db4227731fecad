//! Incoming phone numbers.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    accounts::{authorize, is_sid},
    errors::TwilioError,
    form::Parameters,
    overrides::Overrides,
};
use crate::sandbox::{
    chance::{new_sid, now, rfc2822},
    rules::is_web_address,
    state::{Kept, Stand},
};

const LARGEST_PAGE: usize = 1000;

/// A new number.
pub(crate) fn resource(account: &str, number: &str) -> Value {
    let sid = new_sid("PN");
    let date = rfc2822(now());
    json!({
        "sid": sid,
        "account_sid": account,
        "phone_number": number,
        "friendly_name": number,
        "origin": "twilio",
        "status": "in-use",
        "type": null,
        "beta": false,
        "api_version": "2010-04-01",
        "address_requirements": "none",
        "address_sid": null,
        "identity_sid": null,
        "bundle_sid": null,
        "trunk_sid": null,
        "emergency_status": "Inactive",
        "emergency_address_sid": null,
        "emergency_address_status": "unregistered",
        "capabilities": { "voice": true, "sms": true, "mms": true, "fax": false },
        "sms_application_sid": "",
        "sms_url": "",
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "voice_application_sid": "",
        "voice_url": "",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_caller_id_lookup": false,
        "voice_receive_mode": "voice",
        "status_callback": "",
        "status_callback_method": "POST",
        "date_created": date,
        "date_updated": date,
        "uri": format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json"),
    })
}

/// `GET …/IncomingPhoneNumbers.json`.
pub(crate) async fn list(
    State(stand): State<Arc<Stand>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, TwilioError> {
    let path = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json");
    let data = stand.data();
    authorize(&data.kept, &headers, &account, &path)?;
    let query = Parameters::of_query(query.as_deref());
    let pattern = query.filled("PhoneNumber");
    let name = query.filled("FriendlyName");
    let found: Vec<Value> = numbers_of(&data.kept, &account)
        .iter()
        .filter(|number| {
            let text = number["phone_number"].as_str().unwrap_or_default();
            pattern.is_none_or(|pattern| contains(text, pattern))
                && name.is_none_or(|name| number["friendly_name"] == name)
        })
        .cloned()
        .collect();
    Ok(Json(page("incoming_phone_numbers", &path, found, &query)))
}

/// `GET …/IncomingPhoneNumbers/{Sid}.json`.
pub(crate) async fn read(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, TwilioError> {
    let path = path_of(&account, &file);
    let data = stand.data();
    authorize(&data.kept, &headers, &account, &path)?;
    numbers_of(&data.kept, &account)
        .iter()
        .find(|number| is_file(number, &file))
        .map(|number| Json(number.clone()))
        .ok_or_else(|| TwilioError::not_found(&path))
}

/// `POST …/IncomingPhoneNumbers/{Sid}.json`: where its calls and messages go.
pub(crate) async fn update(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, TwilioError> {
    let path = path_of(&account, &file);
    let changed = {
        let mut data = stand.data();
        authorize(&data.kept, &headers, &account, &path)?;
        let parameters = Parameters::of_body(&headers, &body)?;
        let number = data
            .kept
            .accounts
            .get_mut(&account)
            .and_then(|account| account.numbers.iter_mut().find(|number| is_file(number, &file)))
            .ok_or_else(|| TwilioError::not_found(&path))?;
        change(number, &parameters)?;
        number.clone()
    };
    stand.save();
    Ok(Json(changed))
}

/// `DELETE …/IncomingPhoneNumbers/{Sid}.json`: the number is given back.
pub(crate) async fn delete(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, TwilioError> {
    let path = path_of(&account, &file);
    {
        let mut data = stand.data();
        authorize(&data.kept, &headers, &account, &path)?;
        let numbers = data
            .kept
            .accounts
            .get_mut(&account)
            .map(|account| &mut account.numbers)
            .ok_or_else(|| TwilioError::not_found(&path))?;
        let place = numbers
            .iter()
            .position(|number| is_file(number, &file))
            .ok_or_else(|| TwilioError::not_found(&path))?;
        numbers.remove(place);
    }
    stand.save();
    Ok(StatusCode::NO_CONTENT)
}

const ADDRESSES: [(&str, &str); 5] = [
    ("SmsUrl", "sms_url"),
    ("SmsFallbackUrl", "sms_fallback_url"),
    ("VoiceUrl", "voice_url"),
    ("VoiceFallbackUrl", "voice_fallback_url"),
    ("StatusCallback", "status_callback"),
];
const METHODS: [(&str, &str); 5] = [
    ("SmsMethod", "sms_method"),
    ("SmsFallbackMethod", "sms_fallback_method"),
    ("VoiceMethod", "voice_method"),
    ("VoiceFallbackMethod", "voice_fallback_method"),
    ("StatusCallbackMethod", "status_callback_method"),
];
const WORDS: [(&str, &str); 4] = [
    ("FriendlyName", "friendly_name"),
    ("SmsApplicationSid", "sms_application_sid"),
    ("VoiceApplicationSid", "voice_application_sid"),
    ("TrunkSid", "trunk_sid"),
];

/// Applies the parameters that Twilio knows; it ignores the others.
fn change(number: &mut Value, parameters: &Parameters) -> Result<(), TwilioError> {
    let mut changed = number.clone();
    for (parameter, member) in ADDRESSES {
        if let Some(url) = parameters.get(parameter) {
            if !url.is_empty() && !is_web_address(url) {
                return Err(TwilioError::bad_request(
                    21502,
                    format!("{parameter} is not a valid URL: {url}"),
                ));
            }
            Overrides::read(url)
                .map_err(|why| TwilioError::bad_request(21502, format!("{parameter} is not valid: {why}")))?;
            changed[member] = url.into();
        }
    }
    for (parameter, member) in METHODS {
        if let Some(method) = parameters.get(parameter) {
            if !matches!(method, "GET" | "POST") {
                return Err(TwilioError::bad_request(
                    21403,
                    format!("{parameter} must be GET or POST, not {method}"),
                ));
            }
            changed[member] = method.into();
        }
    }
    for (parameter, member) in WORDS {
        if let Some(word) = parameters.get(parameter) {
            if parameter.ends_with("ApplicationSid") && !word.is_empty() && !is_sid("AP", word) {
                return Err(TwilioError::bad_request(
                    21704,
                    format!("{parameter}: there is no application {word}"),
                ));
            }
            changed[member] = word.into();
        }
    }
    changed["date_updated"] = rfc2822(now()).into();
    *number = changed;
    Ok(())
}

fn numbers_of<'a>(kept: &'a Kept, account: &str) -> &'a [Value] {
    kept.accounts
        .get(account)
        .map_or(&[], |account| account.numbers.as_slice())
}

fn path_of(account: &str, file: &str) -> String {
    format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{file}")
}

fn is_file(resource: &Value, file: &str) -> bool {
    let sid = file.strip_suffix(".json");
    sid.is_some() && resource["sid"].as_str() == sid
}

/// Twilio's filter: the pattern stands anywhere in the number, `*` for any one character.
fn contains(number: &str, pattern: &str) -> bool {
    let (number, pattern) = (number.as_bytes(), pattern.as_bytes());
    number.windows(pattern.len().max(1)).any(|part| {
        part.iter()
            .zip(pattern)
            .all(|(digit, wanted)| *wanted == b'*' || digit == wanted)
    })
}

/// One page of a list, with the addresses of its neighbours.
pub(crate) fn page(name: &str, path: &str, items: Vec<Value>, query: &Parameters) -> Value {
    let read = |name| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let size = read("PageSize").unwrap_or(50).clamp(1, LARGEST_PAGE);
    let number = read("Page").unwrap_or(0);
    let total = items.len();
    let start = number.saturating_mul(size);
    let shown: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let address = |page: usize| format!("{path}?PageSize={size}&Page={page}");
    let more = start.saturating_add(size) < total;
    json!({
        name: shown,
        "page": number,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1),
        "uri": address(number),
        "first_page_uri": address(0),
        "next_page_uri": more.then(|| address(number + 1)),
        "previous_page_uri": (number > 0).then(|| address(number - 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn partial_numbers_match() {
        assert!(contains("+33939000001", "+33939000001"));
        assert!(contains("+33939000001", "939"));
        assert!(contains("+33939000001", "+3393900000*"));
        assert!(!contains("+33939000001", "+339390000011"));
        assert!(!contains("+33939000001", "0939"));
    }
}
