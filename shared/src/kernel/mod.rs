//! The vocabulary of the product: values with rules, and no input or output.

pub mod access_token;
pub mod caller;
pub mod class;
pub mod clock;
pub mod company;
pub mod country;
pub mod email;
pub mod ended_reason;
pub mod fault;
pub mod ids;
pub mod instant;
pub mod language;
pub mod money;
pub mod name;
pub mod numbering;
pub mod page;
pub mod phone;
pub mod postal_code;
pub mod timezone;
pub mod zones;

pub use caller::{Caller, Origin, Role};
pub use class::{Class, Classify, Failure};
pub use clock::Clock;
pub use company::{CompanyRegistration, Siren, Siret, VatNumber};
pub use country::Country;
pub use email::Email;
pub use fault::{Fault, Faults, Invalid, Text};
pub use language::Language;
pub use money::Money;
pub use name::Name;
pub use page::{Page, PageRequest};
pub use phone::PhoneNumber;
pub use postal_code::PostalCode;
pub use timezone::Timezone;
pub use zones::{Zones, zones_of};
