//! What goes in and out.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zencall::contacts::{CallbackRequest, Contact, Contract, Kind};

use crate::consents::ConsentRequest;

/// Which contacts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactsQuery {
    /// A piece of a name, a company, an e-mail address or a number.
    pub(crate) q: Option<String>,
    /// A tag that they have.
    pub(crate) tag: Option<String>,
}

/// One contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactAnswer {
    pub(crate) contact: Contact,
}

/// The members of a contact, for the description of the API; `zencall::contacts` reads them, the same way for a
/// creation, a change and each row of an import.
#[derive(ToSchema)]
pub struct ContactMembers {
    /// A telephone number; a national one belongs to the organisation's country. Required when a contact is made.
    #[schema(example = "06 39 98 12 34")]
    pub phone: Option<String>,
    /// As whom they are called; `consumer` where nothing is said.
    pub kind: Option<Kind>,
    /// First name.
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Company.
    #[schema(max_length = 200)]
    pub company: Option<String>,
    /// Postal code; next to a French number, a French one.
    #[schema(example = "75001")]
    pub postal_code: Option<String>,
    /// The IANA zone whose hours count for them.
    #[schema(example = "Indian/Reunion")]
    pub timezone: Option<String>,
    /// `fr`, `en`, `es`, `nl` or `ar`.
    pub language: Option<String>,
    /// At most 50, of at most 50 characters each.
    pub tags: Option<Vec<String>>,
    /// At most 50 texts, numbers or booleans, 10 KiB together.
    #[schema(value_type = Option<Object>)]
    pub variables: Option<serde_json::Value>,
    /// Their contract in progress.
    pub contract: Option<Contract>,
    /// Their request to be called.
    pub callback_request: Option<CallbackRequest>,
    /// Never to be called.
    pub do_not_call: Option<bool>,
    /// What they agreed to, recorded when the contact is made. A change refuses it, an import ignores it.
    pub consent: Option<ConsentRequest>,
}
