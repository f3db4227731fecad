//! The law of telephone canvassing in France, as data: which rules there are, with their articles and dates of force
//! ([`provisions`]), and what they count and list, each version since its day ([`terms`]). A change of law is a change of that
//! data, and what was decided before it is decided the same when it is asked again. A new kind of rule wants its check in the
//! gate too.

mod attempts;
mod basis;
pub mod holidays;
pub mod hours;
pub mod provisions;
pub mod schedule;
mod sector;
pub mod table;
pub mod terms;

pub(crate) use attempts::{attempts_period, counts_until, most_attempts};
pub use basis::LegalBasis;
pub use provisions::*;
pub use sector::Sector;
pub use terms::Terms;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::kernel::Timezone;

/// The law of a day, as it binds calls on one ground.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    day: Date,
    basis: LegalBasis,
}

impl Law {
    /// The law that holds at an instant: that of the day in Paris.
    pub fn at(now: Timestamp, basis: LegalBasis) -> Self {
        Self { day: day(now), basis }
    }

    /// Whether this rule is in force and binds such calls.
    pub fn asks(self, rule: &Rule) -> bool {
        rule.is_in_force(self.day) && rule.binds(self.basis)
    }

    /// The ground.
    pub fn basis(self) -> LegalBasis {
        self.basis
    }

    /// What it counts and lists.
    pub fn terms(self) -> &'static Terms {
        terms::terms_at(self.day)
    }
}

/// What the law that holds at an instant counts and lists.
pub fn terms(now: Timestamp) -> &'static Terms {
    terms::terms_at(day(now))
}

/// Whether a rule is in force at an instant.
pub(crate) fn is_in_force(rule: &Rule, now: Timestamp) -> bool {
    rule.is_in_force(day(now))
}

fn day(now: Timestamp) -> Date {
    hours::local_date(&Timezone::paris(), now)
}
