//! What is said to somebody who does not want to be called any more: the truth about what became of it.

use super::scripts::script;
use crate::kernel::Language;

/// What became of an objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objected {
    /// It takes effect already.
    Noted,
    /// It is safe, and takes effect when the database answers again.
    Kept,
    /// It is lost, unless it is told again.
    NotNoted,
    /// Nobody knows which number it is about.
    HiddenNumber,
}

impl Objected {
    /// Whether there is nothing left to do.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Noted | Self::Kept)
    }
}

/// The sentence.
pub fn answer_to_objection(objected: Objected, language: Language) -> &'static str {
    let script = script(language);
    match objected {
        Objected::Noted => script.noted,
        Objected::Kept => script.noted_later,
        Objected::NotNoted => script.not_noted,
        Objected::HiddenNumber => script.hidden_number,
    }
}
