//! A person changes their own name, language or marketing choice.

use futures_util::future::try_join4;
use serde_json::json;

use super::consents::{self, ConsentType};
use super::{MeError, Profile, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, TenantTx};
use crate::kernel::{Caller, Language, Name};
use crate::organizations::{self, Organization};

/// What changes; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Their name.
    pub full_name: Option<Name>,
    /// The language that they are written to in.
    pub language: Option<Language>,
    /// Whether they want to hear of offers.
    pub marketing_consent: Option<bool>,
}

impl Changes {
    fn names(&self) -> Vec<&'static str> {
        [
            self.full_name.as_ref().map(|_| "full_name"),
            self.language.map(|_| "language"),
            self.marketing_consent.map(|_| "marketing_consent"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Changes the caller. A marketing choice is also kept as proof, whether it differs or not.
pub async fn change_me(
    app: &App,
    caller: &Caller,
    changes: &Changes,
) -> Result<(Profile, Organization), MeError> {
    let user = caller.person()?.user;
    let clock = &app.clock;
    let now = clock.now();
    let actor = &Actor::from(caller);
    let choice = &changes
        .marketing_consent
        .map(|given| (ConsentType::Marketing, given));
    let body = async |tx: &TenantTx| {
        let (profile, organization, (), ()) = try_join4(
            store::update_profile(tx, now, user, changes),
            organizations::find(tx),
            consents::record(tx, clock, user, choice.as_slice(), &caller.origin),
            audit::record(
                tx,
                clock,
                actor,
                "user.update",
                json!({ "changed": changes.names() }),
            ),
        )
        .await?;
        profile.zip(organization).ok_or(MeError::Gone)
    };
    Box::pin(app.db.write("identity.change_me", &Claims::from(caller), body)).await
}
