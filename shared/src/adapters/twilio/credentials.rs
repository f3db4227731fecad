//! One organisation's account at Twilio.

use secrecy::SecretString;

use crate::kernel::Invalid;

const ACCOUNT_SID_INVALID: Invalid = Invalid::new(
    "account_sid_invalid",
    "L'Account SID commence par AC, suivi de 32 caractères hexadécimaux.",
    "The Account SID is AC followed by 32 hexadecimal characters.",
);
const AUTH_TOKEN_INVALID: Invalid = Invalid::new(
    "auth_token_invalid",
    "L'Auth Token compte 32 caractères hexadécimaux.",
    "The Auth Token is 32 hexadecimal characters.",
);
const API_KEY_SID_INVALID: Invalid = Invalid::new(
    "api_key_sid_invalid",
    "Le SID d'une clé d'API commence par SK, suivi de 32 caractères hexadécimaux.",
    "The SID of an API key is SK followed by 32 hexadecimal characters.",
);
const API_KEY_SECRET_INVALID: Invalid = Invalid::new(
    "api_key_secret_invalid",
    "Ce secret de clé d'API n'est pas valide.",
    "This secret of an API key is not valid.",
);

fn is_hexadecimal(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An account at Twilio: `AC` and 32 hexadecimal characters. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSid(String);

impl AccountSid {
    /// Reads it as people paste it, with spaces around it.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let valid = typed.strip_prefix("AC").is_some_and(is_hexadecimal);
        valid.then(|| Self(typed.to_owned())).ok_or(ACCOUNT_SID_INVALID)
    }

    /// As Twilio writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An API key of an account: `SK` and 32 hexadecimal characters. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeySid(String);

impl ApiKeySid {
    /// Reads it as people paste it.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let typed = typed.trim();
        let valid = typed.strip_prefix("SK").is_some_and(is_hexadecimal);
        valid.then(|| Self(typed.to_owned())).ok_or(API_KEY_SID_INVALID)
    }

    /// As Twilio writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An API key with its secret: may be revoked without changing the token that signs webhooks.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Which key.
    pub sid: ApiKeySid,
    /// Its secret.
    pub secret: SecretString,
}

impl ApiKey {
    /// Reads the secret of a key.
    pub fn parse_secret(typed: &str) -> Result<SecretString, Invalid> {
        let typed = typed.trim();
        let valid = (8..=128).contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_graphic());
        valid
            .then(|| SecretString::from(typed))
            .ok_or(API_KEY_SECRET_INVALID)
    }
}

/// One organisation's account at Twilio. `Debug` prints the account, never a secret.
#[derive(Debug, Clone)]
pub struct TwilioCredentials {
    /// Which account.
    pub account_sid: AccountSid,
    /// Its primary token, which signs webhooks.
    pub auth_token: SecretString,
    /// A key for requests, if the organisation gave one.
    pub api_key: Option<ApiKey>,
}

impl TwilioCredentials {
    /// Reads a token as people paste it.
    pub fn parse_auth_token(typed: &str) -> Result<SecretString, Invalid> {
        let typed = typed.trim();
        is_hexadecimal(typed)
            .then(|| SecretString::from(typed))
            .ok_or(AUTH_TOKEN_INVALID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEXADECIMAL: &str = "0123456789abcdefABCDEF0123456789";

    #[test]
    fn identifiers_are_read_as_people_paste_them() {
        assert_eq!(
            AccountSid::parse(&format!(" AC{HEXADECIMAL}\n"))
                .unwrap()
                .as_str(),
            format!("AC{HEXADECIMAL}")
        );
        assert!(ApiKeySid::parse(&format!("SK{HEXADECIMAL}")).is_ok());
        for wrong in [
            "",
            "AC",
            "AC0123",
            &format!("SK{HEXADECIMAL}"),
            &format!("ac{HEXADECIMAL}"),
            &format!("AC{HEXADECIMAL}0"),
        ] {
            assert_eq!(
                AccountSid::parse(wrong).unwrap_err().code,
                "account_sid_invalid",
                "{wrong}"
            );
        }
        assert!(TwilioCredentials::parse_auth_token(&format!("{HEXADECIMAL} ")).is_ok());
        assert!(TwilioCredentials::parse_auth_token("not a token").is_err());
        assert!(ApiKey::parse_secret("with space inside").is_err());
    }

    #[test]
    fn debug_prints_no_secret() {
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(&format!("AC{HEXADECIMAL}")).unwrap(),
            auth_token: SecretString::from("the-token"),
            api_key: Some(ApiKey {
                sid: ApiKeySid::parse(&format!("SK{HEXADECIMAL}")).unwrap(),
                secret: SecretString::from("the-secret"),
            }),
        };
        let printed = format!("{credentials:?}");
        assert!(printed.contains("AC0123"));
        assert!(
            !printed.contains("the-token") && !printed.contains("the-secret"),
            "{printed}"
        );
    }
}
