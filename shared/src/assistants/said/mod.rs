//! Whether an assistant said what the law wants said, by the transcript of its call: that it is a machine (AI Act
//! art. 50(1)), on whose behalf and why it calls and whether to sell (L221-16 code de la consommation), that the call is recorded where it is
//! (RGPD art. 13), and how to object (RGPD art. 21(4)).
//!
//! A transcript is what a machine understood: case, accents, punctuation, a letter here and a word there do not matter.
//! What is not found is missing; what nobody could hear, or did not have to be said, is not applicable.

mod phrases;
mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::adapters::vapi::webhook::{Role, Turn};
use crate::kernel::Language;
use phrases::phrases;
use words::{Text, share_of};

/// How many of the assistant's turns are its opening: the law wants it said at the latest at the first interaction, and a
/// person who answers cuts a sentence in two.
const OPENING_TURNS: usize = 3;
/// A call that lasts at least so long and of which nothing of the assistant is transcribed shows nothing of what was said.
const LONG_ENOUGH_SECONDS: i32 = 10;
/// How much of the words of a name, and of a purpose, must be heard, in percent.
const HEARD_OF_NAME: usize = 50;
const HEARD_OF_PURPOSE: usize = 50;

/// Whether one thing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It was.
    Found,
    /// It was not, or cannot be recognised.
    Missing,
    /// It did not have to be, or there was nobody to hear it.
    NotApplicable,
}

impl Finding {
    /// Of what was not looked for when the call ended.
    fn not_applicable() -> Self {
        Self::NotApplicable
    }
}

/// What a call's transcript shows of what must be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disclosures {
    /// That a machine speaks.
    pub ai: Finding,
    /// On whose behalf.
    pub identity: Finding,
    /// Why.
    pub purpose: Finding,
    /// That the call is a commercial one.
    #[serde(default = "Finding::not_applicable")]
    pub commercial: Finding,
    /// That the call is recorded.
    pub recording: Finding,
    /// How to object.
    pub objection: Finding,
}

/// A call that is over, as far as this looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoken<'a> {
    /// What its assistant speaks.
    pub(crate) language: Language,
    /// On whose behalf and why it was placed; nothing where nobody's campaign placed it.
    pub(crate) campaign: Option<(&'a str, &'a str)>,
    /// Whether the law wants it said that the call is a commercial one.
    pub(crate) is_commercial: bool,
    /// Whether there is a recording.
    pub(crate) is_recorded: bool,
    /// Whether a person answered.
    pub(crate) is_heard: bool,
    /// How long it took.
    pub(crate) seconds: i32,
}

impl Disclosures {
    /// Where there was nobody to hear anything.
    const UNHEARD: Self = Self {
        ai: Finding::NotApplicable,
        identity: Finding::NotApplicable,
        purpose: Finding::NotApplicable,
        commercial: Finding::NotApplicable,
        recording: Finding::NotApplicable,
        objection: Finding::NotApplicable,
    };

    /// The names of what is missing.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("ai", self.ai),
            ("identity", self.identity),
            ("purpose", self.purpose),
            ("commercial", self.commercial),
            ("recording", self.recording),
            ("objection", self.objection),
        ]
        .into_iter()
        .filter(|(_, finding)| *finding == Finding::Missing)
        .map(|(name, _)| name)
        .collect()
    }
}

/// Looks for everything that must be said in what the assistant said.
pub(crate) fn look_for(call: &Spoken<'_>, turns: &[Turn]) -> Disclosures {
    let said: Vec<_> = turns
        .iter()
        .filter(|turn| turn.role == Role::Assistant)
        .take(OPENING_TURNS)
        .map(|turn| turn.text.as_str())
        .collect();
    if !call.is_heard || (said.is_empty() && call.seconds < LONG_ENOUGH_SECONDS) {
        return Disclosures::UNHEARD;
    }
    let opening = Text::read(&said.join(" "), call.language);
    let phrases = phrases(call.language);
    let says = |any: &[&str]| {
        let found = any
            .iter()
            .any(|phrase| opening.has(&Text::read(phrase, call.language)));
        finding(found)
    };
    let says_if = |must_be: bool, any: &[&str]| {
        if must_be {
            says(any)
        } else {
            Finding::NotApplicable
        }
    };
    let of_campaign = |find: &dyn Fn(&str, &str) -> Finding| {
        call.campaign
            .map_or(Finding::NotApplicable, |(advertiser, object)| {
                find(advertiser, object)
            })
    };
    let hears = |wanted: &str, percent| {
        let wanted = Text::read(wanted, call.language);
        finding(opening.has_run_together(&wanted) || share_of(&wanted.telling(), &opening) >= percent)
    };
    Disclosures {
        ai: says(phrases.ai),
        identity: of_campaign(&|advertiser, _| hears(advertiser, HEARD_OF_NAME)),
        purpose: of_campaign(&|_, object| hears(object, HEARD_OF_PURPOSE)),
        commercial: says_if(call.is_commercial, phrases.commercial),
        recording: says_if(call.is_recorded, phrases.recording),
        objection: of_campaign(&|_, _| says(phrases.objection)),
    }
}

fn finding(found: bool) -> Finding {
    if found { Finding::Found } else { Finding::Missing }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
