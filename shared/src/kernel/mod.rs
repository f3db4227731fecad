//! The vocabulary of the product: values with rules, and no input or output.

pub mod country;
pub mod email;
pub mod fault;
pub mod language;
pub mod numbering;
pub mod phone;
pub mod postal_code;
pub mod timezone;

pub use country::Country;
pub use email::Email;
pub use fault::{Fault, Faults, Invalid, Text};
pub use language::Language;
pub use phone::PhoneNumber;
pub use postal_code::PostalCode;
pub use timezone::Timezone;
