//! Who am I.

use futures_util::future::try_join;

use super::{Profile, store, unauthenticated};
use crate::App;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::caller::PersonOnly;
use crate::kernel::class::{Classify, Failure};
use crate::organizations::{self, Organization};

/// The caller cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum MeError {
    /// The person is gone; their access token lives out its minutes.
    #[error("the person is gone")]
    Gone,
    /// A program has no profile.
    #[error(transparent)]
    PersonOnly(#[from] PersonOnly),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Classify for MeError {
    fn failure(&self) -> Failure {
        match self {
            Self::Gone => unauthenticated(
                "unauthenticated",
                "Ce compte n'existe plus.",
                "This account does not exist any more.",
            ),
            Self::PersonOnly(error) => error.failure(),
            Self::Db(error) => error.failure(),
        }
    }
}

/// The caller and their organisation.
pub async fn me(app: &App, caller: &Caller) -> Result<(Profile, Organization), MeError> {
    let user = caller.person()?.user;
    app.db
        .read("identity.me", &Claims::from(caller), async |tx| {
            let (profile, organization) =
                try_join(store::find_profile(tx, user), organizations::find(tx)).await?;
            profile.zip(organization).ok_or(MeError::Gone)
        })
        .await
}
