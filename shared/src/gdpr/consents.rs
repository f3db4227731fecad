//! What a user agreed to: read, changed, never overwritten (RGPD, article 7(1): consent must be proven; 7(3): it is
//! withdrawn as easily as it is given).

use futures_util::future::{try_join, try_join3};
use jiff::Timestamp;
use postgres_types::ToSql;
use serde_json::json;
use uuid::Uuid;

use super::{GdprError, consents_store, legal, store};
use crate::App;
use crate::audit::{self, Actor};
use crate::db::{Claims, DbError, TenantTx};
use crate::kernel::ids::Id;
use crate::kernel::{Caller, Invalid, Page, PageRequest};

/// What is agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentType {
    /// The terms of service.
    Terms,
    /// The privacy policy.
    Privacy,
    /// Being written to about offers.
    Marketing,
    /// Cookies that are not needed.
    Cookies,
}

impl ConsentType {
    /// As in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Marketing => "marketing",
            Self::Cookies => "cookies",
        }
    }

    /// Reads what [`ConsentType::as_str`] wrote.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        [Self::Terms, Self::Privacy, Self::Marketing, Self::Cookies]
            .into_iter()
            .find(|kind| kind.as_str() == typed)
            .ok_or(Invalid::new(
                "consent_type_invalid",
                "Le type de consentement est terms, privacy, marketing ou cookies.",
                "The type of a consent is terms, privacy, marketing or cookies.",
            ))
    }

    /// The document that says what is agreed to; what marketing means stands in the privacy policy.
    const fn document(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy | Self::Marketing => "privacy",
            Self::Cookies => "cookies",
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone)]
pub struct Consent {
    pub(super) id: ConsentId,
    /// What is agreed to.
    pub consent_type: String,
    /// Whether it was.
    pub given: bool,
    /// The version of the text.
    pub version: String,
    /// When.
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, ToSql)]
#[postgres(transparent)]
pub(super) struct ConsentId(pub(super) Uuid);

impl Id for ConsentId {
    fn uuid(self) -> Uuid {
        self.0
    }
}

/// A choice that somebody makes.
#[derive(Debug, Clone)]
pub struct GivenConsent {
    pub(super) consent_type: ConsentType,
    pub(super) given: bool,
    pub(super) version: String,
}

impl GivenConsent {
    /// A choice about this version of the text, or about today's; another version was never published.
    pub fn new(consent_type: ConsentType, given: bool, version: Option<&str>) -> Result<Self, Invalid> {
        let document = legal::find(consent_type.document(), version).ok_or(Invalid::new(
            "consent_version_unknown",
            "Cette version du texte n'existe pas.",
            "There is no such version of the text.",
        ))?;
        Ok(Self {
            consent_type,
            given,
            version: document.version.to_owned(),
        })
    }
}

/// The caller's ledger, newest first, and what stands of it.
pub async fn read_consents(
    app: &App,
    caller: &Caller,
    page: PageRequest,
) -> Result<(Page<Consent>, Vec<Consent>), GdprError> {
    let user = caller.person()?.user;
    let read: Result<_, DbError> = app
        .db
        .read("gdpr.read_consents", &Claims::from(caller), async |tx| {
            try_join(
                consents_store::list(tx, user, page),
                consents_store::current(tx, user),
            )
            .await
        })
        .await;
    let (rows, current) = read?;
    Ok((Page::from_rows(rows, page, |consent| consent.id), current))
}

/// Adds a choice, unless it is the one that stands.
pub async fn give_consent(app: &App, caller: &Caller, consent: &GivenConsent) -> Result<Consent, GdprError> {
    let actor = &Actor::from(caller);
    let body = async |tx: &TenantTx| {
        let user = caller.person()?.user;
        // The lock comes first: two choices at once are one after the other.
        let (person, current) =
            try_join(store::lock_person(tx, user), consents_store::current(tx, user)).await?;
        person.ok_or(GdprError::Gone)?;
        let standing = current.into_iter().find(|known| {
            known.consent_type == consent.consent_type.as_str()
                && known.given == consent.given
                && known.version == consent.version
        });
        if let Some(standing) = standing {
            return Ok(standing);
        }
        let details = json!({
            "consent_type": consent.consent_type.as_str(),
            "consent_given": consent.given,
            "consent_version": consent.version,
        });
        let (added, (), ()) = try_join3(
            consents_store::insert(tx, &app.clock, user, consent, &caller.origin),
            consents_store::update_profile(tx, &app.clock, user, consent),
            audit::record(tx, &app.clock, actor, "consent.change", details),
        )
        .await?;
        Ok(added)
    };
    let claims = Claims::from(caller);
    Box::pin(app.db.write("gdpr.give_consent", &claims, body)).await
}
