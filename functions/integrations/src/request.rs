//! The body of `PUT /integrations/twilio`, and its faults, all at once.

use serde::Deserialize;
use utoipa::ToSchema;
use zencall::http::Member;
use zencall::integrations::{AccountSid, ApiKey, ApiKeySid, TwilioCredentials};
use zencall::integrations::{NewConnection, SMS_SENDER_NOT_ALLOWED, SmsSender};
use zencall::kernel::class::{Class, Failure};
use zencall::kernel::{Country, Faults, PhoneNumber};

/// What an organisation connects with. `Debug` is left out: the body holds secrets.
#[derive(Default, Deserialize, ToSchema)]
pub struct ConnectTwilio {
    /// `AC` and 32 hexadecimal characters.
    #[serde(default)]
    #[schema(value_type = String, required)]
    account_sid: Member<String>,
    /// The account's primary token: it also signs Twilio's webhooks.
    #[serde(default)]
    #[schema(value_type = String, required)]
    auth_token: Member<String>,
    /// `SK` and 32 hexadecimal characters: a key that sends the requests instead of the token.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    api_key_sid: Member<String>,
    /// The key's secret.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    api_key_secret: Member<String>,
    /// A number of the account, in E.164 or as dialled in the organisation's country.
    #[serde(default)]
    #[schema(value_type = String, required)]
    phone_number: Member<String>,
    /// What text messages are sent from, a number or a name; default: the number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    sms_sender: Member<String>,
}

/// The faults of members that Twilio could not but reject.
const CREDENTIALS: [&str; 4] = [
    "account_sid_invalid",
    "auth_token_invalid",
    "api_key_sid_invalid",
    "api_key_secret_invalid",
];

impl ConnectTwilio {
    /// The connection that is wanted.
    pub fn parse(self, country: Country) -> Result<NewConnection, Failure> {
        let mut faults = Faults::default();
        let account_sid = self
            .account_sid
            .required("account_sid", &mut faults, |typed| AccountSid::parse(&typed));
        let auth_token = self.auth_token.required("auth_token", &mut faults, |typed| {
            TwilioCredentials::parse_auth_token(&typed)
        });
        let phone_number = self.phone_number.required("phone_number", &mut faults, |typed| {
            PhoneNumber::parse(&typed, country)
        });
        let api_key = api_key(self.api_key_sid, self.api_key_secret, &mut faults);
        let sender = self.sms_sender.optional("sms_sender", &mut faults, |typed| {
            SmsSender::parse(&typed, country)
        });
        let sms_sender = match (sender, &phone_number) {
            (Some(sender), _) => Some(sender),
            (None, Some(number)) => faults.keep("sms_sender", SmsSender::from_number(number.clone())),
            (None, None) => None,
        };
        let connection = faults.finish(|| {
            Some(NewConnection {
                credentials: TwilioCredentials {
                    account_sid: account_sid?,
                    auth_token: auth_token?,
                    api_key,
                },
                phone_number: phone_number?,
                sms_sender: sms_sender?,
            })
        });
        connection.map_err(failure)
    }
}

/// A key needs its secret and a secret its key.
fn api_key(sid: Member<String>, secret: Member<String>, faults: &mut Faults) -> Option<ApiKey> {
    if matches!(sid, Member::Absent | Member::Null) && matches!(secret, Member::Absent | Member::Null) {
        return None;
    }
    let sid = sid.required("api_key_sid", faults, |typed| ApiKeySid::parse(&typed));
    let secret = secret.required("api_key_secret", faults, |typed| ApiKey::parse_secret(&typed));
    Some(ApiKey {
        sid: sid?,
        secret: secret?,
    })
}

/// Where all faults are of one kind that has a code of its own, the answer carries that code.
fn failure(faults: Faults) -> Failure {
    let mut failure = Failure::invalid(faults);
    let all = |wanted: &dyn Fn(&str) -> bool| failure.faults.iter().all(|fault| wanted(fault.invalid.code));
    if all(&|code| code == SMS_SENDER_NOT_ALLOWED.code) {
        failure.code = SMS_SENDER_NOT_ALLOWED.code;
        failure.text = SMS_SENDER_NOT_ALLOWED.message;
    } else if all(&|code| CREDENTIALS.contains(&code)) {
        let rejected = Failure::new(
            Class::Invalid,
            "twilio_credentials_rejected",
            "Ces identifiants n'ont pas la forme de ceux de Twilio.",
            "These credentials do not have the form of Twilio's.",
        );
        (failure.code, failure.text) = (rejected.code, rejected.text);
    }
    failure
}
