//! People: how they sign up, prove who they are, and what they agreed to. One file for each thing that happens.

mod change_email;
mod change_me;
mod change_password;
mod check_password;
mod confirm;
mod consents;
pub mod import;
mod invitations;
mod link;
mod login;
mod logins;
mod logout;
mod mail;
mod me;
mod members;
mod password;
mod refresh;
mod register;
mod resend;
mod session;
mod store;
mod token;

use jiff::Timestamp;

use crate::db::{DbError, TenantTx};
use crate::kernel::class::{Class, Failure};
use crate::kernel::ids::UserId;
use crate::kernel::shown::shows;
use crate::kernel::{Email, Language, Role};
use crate::organizations::{self, Organization};

pub use change_email::{ChangeEmailError, change_email};
pub use change_me::{Changes, change_me};
pub use change_password::{ChangePasswordError, change_password, reset_password};
pub use check_password::{PasswordRefused, check_password};
pub use confirm::{ConfirmError, confirm};
pub use invitations::{
    AcceptError, Invitation, InvitationError, InvitationMail, InvitationNotice, Joining, accept_invitation,
    compose_invitation, invite, list_invitations, mark_invitation_sent, revoke_invitation,
};
pub use link::LinkRefused;
pub use login::{LoginError, login};
pub use logins::{Login, LoginsError, logins, revoke_login};
pub use logout::{LogoutError, logout, logout_by_refresh_token};
pub use mail::{MailMessage, MailPart, Notice, NoticeKind, Recipient, RecipientLink, compose, mark_sent};
pub use me::{MeError, me};
pub use members::{Member, MemberError, change_role, list_members, remove_member};
pub use password::{HashingFailed, NewPassword};
pub use refresh::{RefreshError, refresh};
pub use register::{RegisterError, SignUp, register};
pub use resend::{ResendError, forgot, resend};
pub use session::{Session, SessionError};

/// A person who logs in.
#[derive(Clone)]
pub struct Profile {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// Their name.
    pub full_name: String,
    /// What they may do.
    pub role: Role,
    /// The language that they are written to in.
    pub language: Language,
    /// Whether they have proved that the address is theirs.
    pub email_confirmed: bool,
    /// Whether they agreed to be written to about offers.
    pub marketing_consent: bool,
    /// When they accepted the terms.
    pub terms_accepted_at: Option<Timestamp>,
    /// When they accepted the privacy policy.
    pub gdpr_consent_at: Option<Timestamp>,
}

shows!(Profile, id, email, role);

/// Bad credentials, in one sentence for every reason: it must not tell which part was wrong.
fn unauthenticated(code: &'static str, fr: &'static str, en: &'static str) -> Failure {
    Failure::new(Class::Unauthenticated, code, fr, en)
}

/// Somebody and their organisation; both statements leave at once.
async fn identity_of(tx: &TenantTx, user: UserId) -> Result<Option<(Profile, Organization)>, DbError> {
    let (profile, organization) =
        futures_util::future::try_join(store::find_profile(tx, user), organizations::find(tx)).await?;
    Ok(profile.zip(organization))
}
