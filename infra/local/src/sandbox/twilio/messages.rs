//! Text messages (providers.md 2.3 and 2.4).

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
    form::{Parameters, encode},
    numbers::page,
    signature::{public_address, sign},
};
use crate::sandbox::{
    chance::{new_sid, now, rfc2822},
    state::{Data, Stand},
    validate::{is_international, is_web_address},
};

/// `POST …/Messages.json`.
pub(crate) async fn create(
    State(stand): State<Arc<Stand>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), TwilioError> {
    let path = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let (message, callback, token) = {
        let mut data = stand.data();
        authorize(&data.kept, &headers, &account, &path)?;
        let parameters = Parameters::of_body(&headers, &body)?;
        check(&data, &account, &parameters)?;
        let message = resource(&account, &parameters);
        data.messages.push(message.clone());
        let callback = parameters.filled("StatusCallback").map(str::to_owned);
        let token = data
            .kept
            .accounts
            .get(&account)
            .map(|account| account.auth_token.clone())
            .unwrap_or_default();
        (message, callback, token)
    };
    let carrier = Carrier {
        stand: Arc::clone(&stand),
        account,
        sid: text(&message, "sid").to_owned(),
        callback,
        token,
    };
    stand.spawn(carrier.run());
    Ok((StatusCode::CREATED, Json(message)))
}

/// `GET …/Messages.json`, newest first.
pub(crate) async fn list(
    State(stand): State<Arc<Stand>>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, TwilioError> {
    let path = format!("/2010-04-01/Accounts/{account}/Messages.json");
    let data = stand.data();
    authorize(&data.kept, &headers, &account, &path)?;
    let query = Parameters::of_query(query.as_deref());
    let found: Vec<Value> = data
        .messages
        .iter()
        .rev()
        .filter(|message| text(message, "account_sid") == account && shows(&query, message))
        .cloned()
        .collect();
    Ok(Json(page("messages", &path, found, &query)))
}

/// `GET …/Messages/{Sid}.json`.
pub(crate) async fn read(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, TwilioError> {
    let mut data = stand.data();
    let path = path_of(&account, &file);
    authorize(&data.kept, &headers, &account, &path)?;
    find(&mut data, &account, &file).map(|message| Json(message.clone()))
}

/// `POST …/Messages/{Sid}.json`: redacts the text, or cancels what is not sent yet.
pub(crate) async fn update(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, TwilioError> {
    let mut data = stand.data();
    let path = path_of(&account, &file);
    authorize(&data.kept, &headers, &account, &path)?;
    let parameters = Parameters::of_body(&headers, &body)?;
    let message = find(&mut data, &account, &file)?;
    match parameters.get("Body") {
        Some("") => message["body"] = json!(""),
        Some(_) => {
            return Err(TwilioError::bad_request(
                20001,
                "Body: a message can only be redacted, with an empty Body",
            ));
        }
        None => {}
    }
    if let Some(status) = parameters.get("Status") {
        if status != "canceled" || text(message, "status") != "scheduled" {
            return Err(TwilioError::bad_request(
                30409,
                "Status: only a scheduled message can be canceled",
            ));
        }
        message["status"] = json!("canceled");
    }
    message["date_updated"] = json!(rfc2822(now()));
    Ok(Json(message.clone()))
}

/// `DELETE …/Messages/{Sid}.json`.
pub(crate) async fn delete(
    State(stand): State<Arc<Stand>>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, TwilioError> {
    let mut data = stand.data();
    authorize(&data.kept, &headers, &account, &path_of(&account, &file))?;
    find(&mut data, &account, &file)?;
    data.messages.retain(|message| !is_file(message, &account, &file));
    Ok(StatusCode::NO_CONTENT)
}

fn check(data: &Data, account: &str, parameters: &Parameters) -> Result<(), TwilioError> {
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
    match (
        parameters.filled("From"),
        parameters.filled("MessagingServiceSid"),
    ) {
        (None, None) => return refuse(21603, "A 'From' phone number is required."),
        (_, Some(service)) if !is_sid("MG", service) => {
            return refuse(21701, "The Messaging Service Sid is invalid.");
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
        Some(url) if !is_web_address(url) || host_has_underscore(url) => {
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
        .any(|number| text(number, "phone_number") == from && number["capabilities"]["sms"] == true);
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

fn resource(account: &str, parameters: &Parameters) -> Value {
    let media = parameters.count("MediaUrl");
    let sid = new_sid(if media > 0 { "MM" } else { "SM" });
    let body = parameters.get("Body").unwrap_or_default();
    let service = parameters.filled("MessagingServiceSid");
    let scheduled = service.is_some() && parameters.get("ScheduleType") == Some("fixed");
    let status = match service {
        _ if scheduled => "scheduled",
        Some(_) => "accepted",
        None => "queued",
    };
    let date = rfc2822(now());
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{sid}");
    json!({
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": date,
        "date_sent": null,
        "date_updated": date,
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "from": parameters.filled("From"),
        "messaging_service_sid": service,
        "num_media": media.to_string(),
        // Known once a sender of the service is chosen.
        "num_segments": if service.is_some() { "0".to_owned() } else { segments(body).to_string() },
        "price": null,
        "price_unit": "USD",
        "status": status,
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": parameters.get("To"),
        "uri": format!("{uri}.json"),
    })
}

/// Letters that are not ASCII and yet in the GSM alphabet; each of the extended ones counts twice.
const GSM_LETTERS: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
const GSM_EXTENDED: &str = "^{}\\[~]|€";

/// 160 letters of the GSM alphabet or 70 of UCS-2 in one segment, 153 or 67 in each of several (providers.md 2.3).
fn segments(body: &str) -> usize {
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

fn shows(query: &Parameters, message: &Value) -> bool {
    let equal = |parameter: &str, member: &str| {
        query
            .filled(parameter)
            .is_none_or(|value| text(message, member) == value)
    };
    let sent = jiff::fmt::rfc2822::parse(text(message, "date_sent"))
        .map(|sent| sent.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default();
    let day = |value: &str| sent.starts_with(value);
    equal("To", "to")
        && equal("From", "from")
        && query.filled("DateSent").is_none_or(day)
        && query
            .filled("DateSent<")
            .is_none_or(|value| !sent.is_empty() && (sent.as_str() <= value || day(value)))
        && query
            .filled("DateSent>")
            .is_none_or(|value| sent.as_str() >= value)
}

fn path_of(account: &str, file: &str) -> String {
    format!("/2010-04-01/Accounts/{account}/Messages/{file}")
}

fn text<'a>(resource: &'a Value, member: &str) -> &'a str {
    resource[member].as_str().unwrap_or_default()
}

fn is_file(message: &Value, account: &str, file: &str) -> bool {
    text(message, "account_sid") == account && file.strip_suffix(".json") == Some(text(message, "sid"))
}

fn find<'a>(data: &'a mut Data, account: &str, file: &str) -> Result<&'a mut Value, TwilioError> {
    data.messages
        .iter_mut()
        .find(|message| is_file(message, account, file))
        .ok_or_else(|| TwilioError::not_found(&path_of(account, file)))
}

/// Carries one message, and tells its sender.
struct Carrier {
    stand: Arc<Stand>,
    account: String,
    sid: String,
    callback: Option<String>,
    token: String,
}

impl Carrier {
    async fn run(self) {
        for status in ["sent", "delivered"] {
            let behaviour = self.stand.behaviour();
            tokio::time::sleep(behaviour.scaled(1.0)).await;
            let Some(message) = self.change(status) else {
                return;
            };
            tokio::time::sleep(behaviour.webhook_delay()).await;
            if let Some(callback) = &self.callback {
                self.tell(callback, status, &message).await;
            }
        }
    }

    fn change(&self, status: &str) -> Option<Value> {
        let mut data = self.stand.data();
        let message = data
            .messages
            .iter_mut()
            .find(|message| text(message, "sid") == self.sid)?;
        if matches!(text(message, "status"), "scheduled" | "canceled") {
            return None;
        }
        let date = rfc2822(now());
        message["status"] = json!(status);
        message["date_updated"] = json!(date);
        if message["date_sent"].is_null() {
            message["date_sent"] = json!(date);
        }
        if message["num_segments"] == "0" {
            message["num_segments"] = json!(segments(text(message, "body")).to_string());
        }
        Some(message.clone())
    }

    /// By default tried twice, and the second time only if nothing answered (providers.md 2.4 "Retries").
    async fn tell(&self, callback: &str, status: &str, message: &Value) {
        let mut parameters: Vec<(String, String)> = [
            ("AccountSid", self.account.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("From", text(message, "from")),
            ("MessageSid", &self.sid),
            ("MessageStatus", status),
            ("SmsSid", &self.sid),
            ("SmsStatus", status),
            ("To", text(message, "to")),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        if let Some(service) = message["messaging_service_sid"].as_str() {
            parameters.push(("MessagingServiceSid".to_owned(), service.to_owned()));
        }
        for attempt in 1..=2 {
            let sent = self
                .stand
                .http
                .post(public_address(callback))
                .timeout(std::time::Duration::from_secs(15))
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-twilio-signature", sign(&self.token, callback, &parameters))
                .body(encode(&parameters))
                .send()
                .await;
            let answer = sent.ok().map(|response| response.status().as_u16());
            self.stand.delivered(&self.sid, status, attempt, answer, false);
            if answer.is_some() {
                return;
            }
        }
    }
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
