//! Types that hold a secret cannot be written anywhere: this does not compile where one of them learns to be serialised or
//! displayed. `Debug`, which `#[derive(Debug)]` around them needs, says nothing of the value.

use std::fmt::Display;

use secrecy::SecretString;
use serde::Serialize;

use crate::adapters::twilio::{ApiKey, TwilioCredentials};
use crate::api_keys::MadeApiKey;
use crate::app::Pepper;
use crate::db::DatabaseUrl;
use crate::identity::{NewPassword, Session};
use crate::kernel::access_token::TokenKeys;
use crate::kernel::number_key::NumberKey;

/// Which of the two a type is meant by is ambiguous, hence refused, where it has the trait.
macro_rules! has_not {
    ($type:ty: $bound:path) => {
        const _: fn() = || {
            trait Meant<By> {
                fn so() {}
            }
            impl<T: ?Sized> Meant<()> for T {}
            impl<T: ?Sized + $bound> Meant<u8> for T {}
            let _ = <$type as Meant<_>>::so;
        };
    };
}

macro_rules! cannot_be_written {
    ($($type:ty),+ $(,)?) => {
        $(
            has_not!($type: Serialize);
            has_not!($type: Display);
        )+
    };
}

cannot_be_written!(
    SecretString,
    Pepper,
    NumberKey,
    TokenKeys,
    NewPassword,
    Session,
    DatabaseUrl,
    TwilioCredentials,
    ApiKey,
    MadeApiKey,
);

#[test]
fn debug_says_nothing_of_a_secret() {
    let secret = SecretString::from("CANARY");
    let url = DatabaseUrl {
        url: secret.clone(),
        authority: None,
    };
    let pepper = Pepper::new(Box::new([67; 32]));
    let key = NumberKey::new(Box::new([67; 32]));
    for said in [
        format!("{secret:?}"),
        format!("{:?}", Some(&secret)),
        format!("{url:?}"),
        format!("{pepper:?}"),
        format!("{key:?}"),
    ] {
        assert!(!said.contains("CANARY") && !said.contains("67"), "{said}");
    }
}
