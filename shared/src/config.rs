//! Every setting of every function: read once, at cold start, from the environment; nothing below asks for it again.
//!
//! Secrets are named here and held by Secrets Manager. A function names what it cannot do without ([`Need`]); it stops
//! at its start if one of those names is missing.

use rust_decimal::Decimal;

/// What a minute costs at most where `CALL_PRICE_PER_MINUTE` does not say, in US dollars. Vapi's own share is 0.05 a minute;
/// the rest is the transcriber, the model, the voice and the line, whose dearest usual choices stay below this.
const PRICE_PER_MINUTE: Decimal = Decimal::from_parts(30, 0, 0, false, 2);

/// What a function cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The database, as the functions' login.
    Database,
    /// The database, connected to only when a request asks for it.
    DatabaseOnDemand,
    /// The database, as its owner: migrations only.
    OwnerDatabase,
    /// The key that hashes refresh tokens and derives one-time tokens.
    Pepper,
    /// The keys that sign access tokens.
    TokenKeys,
    /// Vapi's API.
    Vapi,
    /// What Vapi signs its webhooks with.
    VapiWebhook,
    /// Twilio's API.
    Twilio,
    /// The queue of calls to place.
    CallsQueue,
    /// The queue of provider events.
    EventsQueue,
    /// The queue of mails to send.
    MailQueue,
    /// The queue of exports to write and deletions to carry out.
    GdprQueue,
    /// The bucket of exports.
    Storage,
    /// The queue of text messages to send.
    MessagesQueue,
    /// The queue of files of contacts to import.
    ImportsQueue,
    /// The sender of mails and the address of the pages that their links lead to.
    Mail,
}

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `STAGE`, default `local`: the environment's name, part of the names of tenants' secrets.
    pub stage: String,
    /// `APP_URL`, default `http://localhost:3000`: origin of the frontend, where links in mails lead.
    pub app_url: String,
    /// `API_URL`, default `http://127.0.0.1:9000`: origin of this API; the issuer of access tokens.
    pub api_url: String,
    /// `ALLOWED_ORIGINS`, default none: origins that browsers may call from, separated by commas.
    pub allowed_origins: Vec<String>,
    /// `DATABASE_SECRET`: name of the secret with the functions' database address.
    pub database_secret: String,
    /// `OWNER_DATABASE_SECRET`: name of the secret with the owner's database address (`migrate` alone).
    pub owner_database_secret: String,
    /// `DATABASE_AUTHORITY`, default none: PEM of the authority that signed the database's certificate.
    pub database_authority: Option<String>,
    /// `PEPPER_SECRET`: name of the secret with 32 random bytes in base64.
    pub pepper_secret: String,
    /// `TOKEN_KEYS_SECRET`: name of the secret with the keys of access tokens.
    pub token_keys_secret: String,
    /// `SUPABASE_ISSUER`, default none: the issuer of a Supabase project's tokens, `https://<project>.supabase.co/auth/v1`.
    /// Without it no token of Supabase Auth opens anything.
    pub supabase_issuer: Option<String>,
    /// `SUPABASE_JWKS_URL`, default `<issuer>/.well-known/jwks.json` unless there is a shared secret: where the project's
    /// public keys are (ES256, RS256). https; http on this machine only.
    pub supabase_jwks_url: Option<String>,
    /// `SUPABASE_JWT_SECRET_NAME`, default none: name of the secret with the project's shared one (HS256). Two lines
    /// during a rotation.
    pub supabase_jwt_secret: Option<String>,
    /// `SUPABASE_LINK_BY_EMAIL`, default `false`: whether a user of Supabase becomes, at the first sign-in, the person here
    /// who has confirmed the same address. `true` only where the project, and each provider that it accepts, confirm
    /// addresses: otherwise whoever signs up there with somebody's address becomes them.
    pub supabase_link_by_email: bool,
    /// `VAPI_API_KEY_SECRET`: name of the secret with the platform's private key at Vapi.
    pub vapi_api_key_secret: String,
    /// `VAPI_WEBHOOK_SECRET_NAME`: name of the secret that Vapi's webhooks are authenticated with. Two lines during
    /// a rotation: the new one, then the old one.
    pub vapi_webhook_secret: String,
    /// `VAPI_CREDENTIAL_ID`, default none: the credential at Vapi that signs webhooks (HMAC); without it they carry the
    /// secret as a bearer token.
    pub vapi_credential_id: Option<String>,
    /// `VAPI_API_URL`, default `https://api.vapi.ai`.
    pub vapi_api_url: String,
    /// `ASSISTANT_CHECK_MINUTES`, default 15, 1 to 30: how long a look at Vapi's copy of an assistant serves before the
    /// next one, while a campaign calls with it.
    pub assistant_check_minutes: i32,
    /// `TWILIO_API_URL`, default `https://api.twilio.com`.
    pub twilio_api_url: String,
    /// `VAPI_WEBHOOK_URL`, default `API_URL`: origin that Vapi posts to.
    pub vapi_webhook_url: String,
    /// `TWILIO_WEBHOOK_URL`, default `API_URL`: origin that Twilio posts to, and signs.
    pub twilio_webhook_url: String,
    /// `QUEUE_CALLS_URL`.
    pub queue_calls_url: String,
    /// `QUEUE_EVENTS_URL`.
    pub queue_events_url: String,
    /// `QUEUE_MAIL_URL`.
    pub queue_mail_url: String,
    /// `QUEUE_GDPR_URL`.
    pub queue_gdpr_url: String,
    /// `EXPORT_BUCKET`: where archives of exported data, and files of contacts to import, lie until they expire.
    pub export_bucket: String,
    /// `QUEUE_MESSAGES_URL`.
    pub queue_messages_url: String,
    /// `QUEUE_IMPORTS_URL`.
    pub queue_imports_url: String,
    /// `MAIL_FROM`: the sender of mails, `Name <address>`.
    pub mail_from: String,
    /// `PLATFORM_SLOTS`, default 10: concurrent calls that the platform's account at Vapi allows.
    pub platform_slots: i32,
    /// `PLATFORM_RESERVE`, default 1: how many of them campaigns leave to inbound calls.
    pub platform_reserve: i32,
    /// `CALL_PRICE_PER_MINUTE`, default 0.30: what a minute of a call costs at most, in US dollars. What a campaign's budget
    /// sets aside for a call before it is dialled is this, for the longest that its assistant may talk.
    pub call_price_per_minute: Decimal,
}

/// The environment does not hold what a function cannot do without.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// These variables are missing or empty.
    #[error("missing in the environment: {}", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// This variable does not read as a number.
    #[error("{0} is not a number")]
    NotANumber(&'static str),
    /// Whoever stands on the way could put keys of their own there.
    #[error("{0} has to begin with https://")]
    NotHttps(&'static str),
    /// A token would be ours and theirs.
    #[error("SUPABASE_ISSUER is API_URL")]
    IssuerTwice,
}

impl Config {
    /// Reads the environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings from anywhere; an empty value is a missing one.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| optional(name).unwrap_or_default();
        let origin = |name: &str, default: &str| {
            optional(name).map_or_else(|| default.to_owned(), |url| url.trim_end_matches('/').to_owned())
        };
        let number = |name: &'static str, default: i32| match optional(name) {
            None => Ok(default),
            Some(number) => number.parse().map_err(|_| ConfigError::NotANumber(name)),
        };
        let api_url = origin("API_URL", "http://127.0.0.1:9000");
        let supabase_issuer = optional("SUPABASE_ISSUER").map(|url| url.trim_end_matches('/').to_owned());
        let supabase_jwt_secret = optional("SUPABASE_JWT_SECRET_NAME");
        let supabase_jwks_url = optional("SUPABASE_JWKS_URL").or_else(|| {
            let issuer = supabase_issuer.as_ref().filter(|_| supabase_jwt_secret.is_none());
            issuer.map(|issuer| format!("{issuer}/.well-known/jwks.json"))
        });
        Ok(Self {
            stage: optional("STAGE").unwrap_or_else(|| "local".to_owned()),
            app_url: origin("APP_URL", "http://localhost:3000"),
            allowed_origins: text("ALLOWED_ORIGINS")
                .split(',')
                .map(|origin| origin.trim().to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            database_secret: text("DATABASE_SECRET"),
            owner_database_secret: text("OWNER_DATABASE_SECRET"),
            database_authority: optional("DATABASE_AUTHORITY"),
            pepper_secret: text("PEPPER_SECRET"),
            token_keys_secret: text("TOKEN_KEYS_SECRET"),
            supabase_issuer,
            supabase_jwks_url,
            supabase_jwt_secret,
            supabase_link_by_email: text("SUPABASE_LINK_BY_EMAIL") == "true",
            vapi_api_key_secret: text("VAPI_API_KEY_SECRET"),
            vapi_webhook_secret: text("VAPI_WEBHOOK_SECRET_NAME"),
            vapi_credential_id: optional("VAPI_CREDENTIAL_ID"),
            vapi_api_url: origin("VAPI_API_URL", "https://api.vapi.ai"),
            twilio_api_url: origin("TWILIO_API_URL", "https://api.twilio.com"),
            vapi_webhook_url: origin("VAPI_WEBHOOK_URL", &api_url),
            twilio_webhook_url: origin("TWILIO_WEBHOOK_URL", &api_url),
            queue_calls_url: text("QUEUE_CALLS_URL"),
            queue_events_url: text("QUEUE_EVENTS_URL"),
            queue_mail_url: text("QUEUE_MAIL_URL"),
            queue_gdpr_url: text("QUEUE_GDPR_URL"),
            export_bucket: text("EXPORT_BUCKET"),
            queue_messages_url: text("QUEUE_MESSAGES_URL"),
            queue_imports_url: text("QUEUE_IMPORTS_URL"),
            mail_from: text("MAIL_FROM"),
            platform_slots: number("PLATFORM_SLOTS", 10)?,
            platform_reserve: number("PLATFORM_RESERVE", 1)?,
            assistant_check_minutes: number("ASSISTANT_CHECK_MINUTES", 15)?.clamp(1, 30),
            call_price_per_minute: match optional("CALL_PRICE_PER_MINUTE") {
                None => PRICE_PER_MINUTE,
                Some(price) => price
                    .parse()
                    .ok()
                    .filter(|price| *price >= Decimal::ZERO)
                    .ok_or(ConfigError::NotANumber("CALL_PRICE_PER_MINUTE"))?,
            },
            api_url,
        })
    }

    /// Refuses to go on without what these needs name.
    pub fn require(&self, needs: &[Need]) -> Result<(), ConfigError> {
        let missing: Vec<_> = needs
            .iter()
            .flat_map(|need| self.variables(*need))
            .filter(|(_, value)| value.is_empty())
            .collect();
        if !missing.is_empty() {
            let names = missing.into_iter().map(|(name, _)| name).collect();
            return Err(ConfigError::Missing(names));
        }
        if needs.contains(&Need::TokenKeys) {
            self.require_a_safe_issuer()?;
        }
        Ok(())
    }

    fn require_a_safe_issuer(&self) -> Result<(), ConfigError> {
        if self.supabase_issuer.as_ref() == Some(&self.api_url) {
            return Err(ConfigError::IssuerTwice);
        }
        let url = self
            .supabase_issuer
            .as_ref()
            .and(self.supabase_jwks_url.as_deref());
        let is_safe = |url: &str| {
            url.starts_with("https://")
                || ["http://127.0.0.1:", "http://localhost:"]
                    .iter()
                    .any(|here| url.starts_with(here))
        };
        if url.is_none_or(is_safe) {
            Ok(())
        } else {
            Err(ConfigError::NotHttps("SUPABASE_JWKS_URL"))
        }
    }

    fn variables(&self, need: Need) -> Vec<(&'static str, &str)> {
        match need {
            Need::Database => vec![("DATABASE_SECRET", &self.database_secret)],
            Need::DatabaseOnDemand => vec![("DATABASE_SECRET", &self.database_secret)],
            Need::OwnerDatabase => vec![("OWNER_DATABASE_SECRET", &self.owner_database_secret)],
            Need::Pepper => vec![("PEPPER_SECRET", &self.pepper_secret)],
            Need::TokenKeys => vec![("TOKEN_KEYS_SECRET", &self.token_keys_secret)],
            Need::Vapi => vec![("VAPI_API_KEY_SECRET", &self.vapi_api_key_secret)],
            Need::VapiWebhook => vec![("VAPI_WEBHOOK_SECRET_NAME", &self.vapi_webhook_secret)],
            Need::Twilio => vec![("TWILIO_API_URL", &self.twilio_api_url)],
            Need::CallsQueue => vec![("QUEUE_CALLS_URL", &self.queue_calls_url)],
            Need::EventsQueue => vec![("QUEUE_EVENTS_URL", &self.queue_events_url)],
            Need::MailQueue => vec![("QUEUE_MAIL_URL", &self.queue_mail_url)],
            Need::GdprQueue => vec![("QUEUE_GDPR_URL", &self.queue_gdpr_url)],
            Need::Storage => vec![("EXPORT_BUCKET", &self.export_bucket)],
            Need::MessagesQueue => vec![("QUEUE_MESSAGES_URL", &self.queue_messages_url)],
            Need::ImportsQueue => vec![("QUEUE_IMPORTS_URL", &self.queue_imports_url)],
            Need::Mail => vec![("MAIL_FROM", &self.mail_from)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every need; a new one does not compile until it is here.
    fn every() -> Vec<Need> {
        use Need::*;
        let listed = |need: Need| match need {
            Database | DatabaseOnDemand | OwnerDatabase | Pepper | TokenKeys | Vapi | VapiWebhook
            | Twilio | CallsQueue | EventsQueue | MailQueue | GdprQueue | Storage | MessagesQueue
            | ImportsQueue | Mail => need,
        };
        [
            Database,
            DatabaseOnDemand,
            OwnerDatabase,
            Pepper,
            TokenKeys,
            Vapi,
            VapiWebhook,
            Twilio,
            CallsQueue,
            EventsQueue,
            MailQueue,
            GdprQueue,
            Storage,
            MessagesQueue,
            ImportsQueue,
            Mail,
        ]
        .map(listed)
        .to_vec()
    }

    fn missing(need: Need, lookup: impl Fn(&str) -> Option<String>) -> Vec<&'static str> {
        match Config::from_lookup(lookup).unwrap().require(&[need]) {
            Err(ConfigError::Missing(names)) => names,
            _ => Vec::new(),
        }
    }

    /// Settings that "x" is no value of; each has a default.
    const NUMBERS: [&str; 4] = [
        "PLATFORM_SLOTS",
        "PLATFORM_RESERVE",
        "ASSISTANT_CHECK_MINUTES",
        "CALL_PRICE_PER_MINUTE",
    ];

    #[test]
    fn nothing_starts_without_a_name_that_it_needs() {
        // An empty name is none.
        for need in every() {
            // It has a default, and so is never missing.
            if need == Need::Twilio {
                continue;
            }
            let wanted = missing(need, |_| None);
            assert!(!wanted.is_empty(), "{need:?} needs nothing");
            assert_eq!(missing(need, |_| Some(String::new())), wanted, "{need:?}");
            let all_but_one = |without: &'static str| {
                missing(need, move |name| {
                    (name != without && !NUMBERS.contains(&name)).then(|| "x".to_owned())
                })
            };
            for name in &wanted {
                assert_eq!(all_but_one(name), [*name], "{need:?}");
            }
            assert_eq!(all_but_one("PLATFORM_SLOTS"), Vec::<&str>::new(), "{need:?}");
        }
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let config = Config::from_lookup(|_| None).unwrap();
        let error = config
            .require(&[Need::Pepper, Need::TokenKeys, Need::Mail])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "missing in the environment: PEPPER_SECRET, TOKEN_KEYS_SECRET, MAIL_FROM"
        );
    }
}
