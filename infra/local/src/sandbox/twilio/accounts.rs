//! Accounts: who may call, and what `PUT /_control/twilio/accounts/{sid}` sets.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::{errors::TwilioError, numbers};
use crate::sandbox::{
    chance::{now, rfc2822},
    rules::is_international,
    state::Kept,
};

/// An account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) auth_token: String,
    pub(crate) status: AccountStatus,
    pub(crate) kind: AccountKind,
    created: String,
    /// Secrets of API keys, by their `SK…`.
    #[serde(default)]
    api_keys: BTreeMap<String, String>,
    /// Incoming phone numbers, as the API shows them.
    pub(crate) numbers: Vec<Value>,
}

/// Whether an account may act.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccountStatus {
    /// It may.
    Active,
    /// Twilio stopped it.
    Suspended,
    /// Its owner ended it.
    Closed,
}

/// Whether an account is paid for.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccountKind {
    /// It reaches verified numbers only.
    Trial,
    /// It reaches all.
    Full,
}

/// The body of `PUT /_control/twilio/accounts/{sid}`. What is left out stays as it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRequest {
    auth_token: Option<String>,
    numbers: Option<Vec<NumberRequest>>,
    status: Option<AccountStatus>,
    #[serde(rename = "type")]
    kind: Option<AccountKind>,
    api_keys: Option<BTreeMap<String, String>>,
}

/// A number, with SMS and voice unless it says otherwise.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberRequest {
    Plain(String),
    Detailed {
        number: String,
        #[serde(default = "yes")]
        sms: bool,
        #[serde(default = "yes")]
        voice: bool,
    },
}

fn yes() -> bool {
    true
}

impl AccountRequest {
    /// Reads a request; a sentence if it makes no sense.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(body).map_err(|error| error.to_string())
    }
}

/// Whether the text is a Twilio identifier with this prefix.
pub(crate) fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Creates or changes an account.
pub(crate) fn put_account(kept: &mut Kept, sid: &str, request: AccountRequest) -> Result<Value, String> {
    if !is_sid("AC", sid) {
        return Err(format!("{sid}: an account SID is AC and 32 hexadecimal digits"));
    }
    let former = kept.accounts.get(sid);
    let auth_token = request
        .auth_token
        .or_else(|| former.map(|account| account.auth_token.clone()))
        .ok_or("auth_token: a new account needs one")?;
    if auth_token.len() != 32 || !auth_token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("auth_token: 32 hexadecimal digits".to_owned());
    }
    let held = former.map_or(&[][..], |account| &account.numbers);
    let numbers = match request.numbers {
        None => held.to_vec(),
        Some(wanted) => wanted
            .into_iter()
            .map(|number| number_resource(sid, held, number))
            .collect::<Result<_, _>>()?,
    };
    let account = Account {
        auth_token,
        status: request
            .status
            .or(former.map(|account| account.status))
            .unwrap_or(AccountStatus::Active),
        kind: request
            .kind
            .or(former.map(|account| account.kind))
            .unwrap_or(AccountKind::Full),
        created: former.map_or_else(|| rfc2822(now()), |account| account.created.clone()),
        api_keys: request
            .api_keys
            .or_else(|| former.map(|account| account.api_keys.clone()))
            .unwrap_or_default(),
        numbers,
    };
    let answer = json!({
        "sid": sid,
        "status": account.status,
        "type": account.kind,
        "numbers": account.numbers.iter().map(|number| &number["phone_number"]).collect::<Vec<_>>(),
    });
    kept.accounts.insert(sid.to_owned(), account);
    Ok(answer)
}

fn number_resource(sid: &str, held: &[Value], request: NumberRequest) -> Result<Value, String> {
    let (number, sms, voice) = match request {
        NumberRequest::Plain(number) => (number, true, true),
        NumberRequest::Detailed { number, sms, voice } => (number, sms, voice),
    };
    if !is_international(&number) {
        return Err(format!("numbers: {number} is not an international number (+33…)"));
    }
    // A number that the account already has keeps its identifier and its webhooks.
    let known = held.iter().find(|known| known["phone_number"] == number);
    let mut resource = known.cloned().unwrap_or_else(|| numbers::resource(sid, &number));
    resource["capabilities"] = json!({ "voice": voice, "sms": sms, "mms": sms, "fax": false });
    Ok(resource)
}

/// Who calls: the account itself, or one of its API keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// AccountSid and AuthToken.
    Account,
    /// `SK…` and its secret.
    Key,
}

/// Checks the credentials against the account in the path.
pub(crate) fn authenticate(
    kept: &Kept,
    headers: &HeaderMap,
    sid: &str,
    path: &str,
) -> Result<Authority, TwilioError> {
    let (user, password) = basic(headers).ok_or_else(TwilioError::unauthenticated)?;
    let (owner, authority) = verify(kept, &user, &password).ok_or_else(TwilioError::unauthenticated)?;
    if owner != sid {
        return Err(TwilioError::not_found(path));
    }
    Ok(authority)
}

/// The same, for everything below the account itself: nothing works while it is suspended or closed.
pub(crate) fn authorize(kept: &Kept, headers: &HeaderMap, sid: &str, path: &str) -> Result<(), TwilioError> {
    authenticate(kept, headers, sid, path)?;
    match kept.accounts.get(sid).map(|account| account.status) {
        Some(AccountStatus::Active) => Ok(()),
        _ => Err(TwilioError::of_status(StatusCode::FORBIDDEN)),
    }
}

/// The account that these credentials belong to, if they are right; used by Vapi's import of a number too.
pub(crate) fn verify<'a>(kept: &'a Kept, user: &str, password: &str) -> Option<(&'a str, Authority)> {
    let same = |secret: &str| bool::from(secret.as_bytes().ct_eq(password.as_bytes()));
    if let Some((sid, account)) = kept.accounts.get_key_value(user) {
        return same(&account.auth_token).then_some((sid, Authority::Account));
    }
    kept.accounts.iter().find_map(|(sid, account)| {
        let secret = account.api_keys.get(user)?;
        same(secret).then_some((sid.as_str(), Authority::Key))
    })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The account as the API shows it: with its token, as the real one does.
pub(crate) fn resource(sid: &str, account: &Account) -> Value {
    let uri = format!("/2010-04-01/Accounts/{sid}");
    json!({
        "sid": sid,
        "auth_token": account.auth_token,
        "friendly_name": "Sandbox",
        "owner_account_sid": sid,
        "status": account.status,
        "type": account.kind,
        "date_created": account.created,
        "date_updated": account.created,
        "uri": format!("{uri}.json"),
        "subresource_uris": {
            "incoming_phone_numbers": format!("{uri}/IncomingPhoneNumbers.json"),
            "messages": format!("{uri}/Messages.json"),
        },
    })
}
