//! Text messages.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    accounts::authorize,
    carrier::Carrier,
    errors::TwilioError,
    form::Parameters,
    numbers::page,
    sending::{check, segments},
};
use crate::sandbox::{
    chance::{new_sid, now, rfc2822},
    state::{Data, Stand},
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
