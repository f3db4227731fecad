//! What a model asks the tool for. Models write dates and names of arguments in many ways, and nonsense too: everything
//! that can only mean one thing is understood, everything else is refused with a reason that can be spoken.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::slot::{NoSlot, Slot};
use crate::kernel::shown::shows;
use crate::kernel::{Country, Email, PhoneNumber, Timezone};

/// How long an appointment takes where nothing is said.
const USUAL_MINUTES: i64 = 30;
const LONGEST_NAME: usize = 200;
const LONGEST_NOTES: usize = 2_000;
/// No text that means a date or a duration is longer.
const LONGEST_WORD: usize = 64;

/// An appointment that somebody wants.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) slot: Slot,
    pub(super) name: Option<String>,
    pub(super) phone: Option<PhoneNumber>,
    pub(super) email: Option<String>,
    pub(super) notes: Option<String>,
}

shows!(Wish, slot);

/// Why a wish is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody can tell which time is meant.
    Unreadable,
    /// It has passed.
    Past,
    /// It lies more than a year ahead.
    TooFar,
    /// It is not on a multiple of five minutes.
    OffGrid,
    /// It is too short or too long.
    Length,
    /// The number cannot be dialled.
    Phone,
    /// Somebody else has the time.
    Taken,
    /// There have been several in this call.
    TooMany,
    /// Something of ours does not work, or nobody knows whose call it is.
    Unavailable,
}

impl From<NoSlot> for Refusal {
    fn from(no: NoSlot) -> Self {
        match no {
            NoSlot::Past => Self::Past,
            NoSlot::TooFar => Self::TooFar,
            NoSlot::OffGrid => Self::OffGrid,
            NoSlot::Length => Self::Length,
        }
    }
}

/// On whose clock and in whose country the wish is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) timezone: &'a Timezone,
    pub(super) country: Country,
    /// Whether the number of the call is known: then one that was misheard is not asked for again.
    pub(super) knows_number: bool,
}

impl Wish {
    /// Reads the arguments of a tool call; `None` are those that were no JSON object.
    pub(super) fn read(arguments: Option<&Value>, home: Home<'_>, now: Timestamp) -> Result<Self, Refusal> {
        let arguments = arguments.and_then(Value::as_object).ok_or(Refusal::Unreadable)?;
        let given = Given::of(arguments);
        let starts_at = given.starts_at(home.timezone)?;
        let ends_at = match given.word(&["ends_at", "end", "end_at", "end_time"]) {
            Some(typed) => instant(&typed, home.timezone).ok_or(Refusal::Unreadable)?,
            None => {
                let minutes = given.minutes()?;
                starts_at
                    .checked_add(SignedDuration::from_mins(minutes))
                    .map_err(|_| Refusal::Length)?
            }
        };
        let slot = Slot::new(starts_at, ends_at, now)?;
        let phone = match given.word(&["phone", "phone_number", "telephone", "customer_phone", "mobile"]) {
            None => None,
            Some(typed) => match PhoneNumber::parse(&typed, home.country) {
                Ok(phone) => Some(phone),
                Err(_) if home.knows_number => None,
                Err(_) => return Err(Refusal::Phone),
            },
        };
        let notes = given.text(
            &[
                "notes", "note", "reason", "subject", "object", "motif", "comment", "title",
            ],
            LONGEST_NOTES,
        );
        let (email, notes) = match given.text(&["email", "e_mail", "mail", "customer_email"], LONGEST_NAME) {
            None => (None, notes),
            Some(typed) => match Email::parse(&typed) {
                Ok(email) => (Some(email.as_str().to_owned()), notes),
                // Dictated addresses are often misheard: a person may make sense of it.
                Err(_) => (None, Some(joined(notes, &typed))),
            },
        };
        Ok(Self {
            slot,
            name: given.name(),
            phone,
            email,
            notes,
        })
    }
}

fn joined(notes: Option<String>, more: &str) -> String {
    let notes = notes.map_or_else(|| more.to_owned(), |notes| format!("{notes}\n{more}"));
    notes.chars().take(LONGEST_NOTES).collect()
}

/// The arguments by their names, however those are spelt.
struct Given<'a>(Vec<(String, &'a Value)>);

impl<'a> Given<'a> {
    fn of(arguments: &'a Map<String, Value>) -> Self {
        Self(
            arguments
                .iter()
                .map(|(name, value)| (snake_case(name), value))
                .collect(),
        )
    }

    fn find(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|wanted| {
            let (_, value) = self.0.iter().find(|(name, _)| name == wanted)?;
            (!value.is_null()).then_some(*value)
        })
    }

    /// A text without what no text holds, cut; nothing where it is empty.
    fn text(&self, names: &[&str], longest: usize) -> Option<String> {
        let value = self.find(names)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let text: String = text
            .trim()
            .chars()
            .filter(|letter| *letter == '\n' || !letter.is_control())
            .filter(|letter| !matches!(letter, '\u{fffe}' | '\u{ffff}'))
            .take(longest)
            .collect();
        (!text.is_empty()).then_some(text)
    }

    /// The same for what is short or meaningless.
    fn word(&self, names: &[&str]) -> Option<String> {
        self.text(names, LONGEST_WORD)
    }

    fn name(&self) -> Option<String> {
        let one_line = |text: String| text.replace('\n', " ");
        self.text(
            &["name", "full_name", "customer_name", "contact_name", "nom"],
            LONGEST_NAME,
        )
        .or_else(|| {
            let parts = [
                self.text(&["first_name", "prenom"], LONGEST_NAME / 2 - 1),
                self.text(&["last_name"], LONGEST_NAME / 2),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
        .map(one_line)
    }

    fn minutes(&self) -> Result<i64, Refusal> {
        let Some(typed) = self.word(&["duration_minutes", "duration", "minutes", "length_minutes"]) else {
            return Ok(USUAL_MINUTES);
        };
        let digits: String = typed.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().map_err(|_| Refusal::Length)
    }

    /// A date and a time in one argument, or in two.
    fn starts_at(&self, zone: &Timezone) -> Result<Timestamp, Refusal> {
        let whole = [
            "starts_at",
            "start",
            "start_at",
            "starts",
            "start_time",
            "datetime",
            "date_time",
            "appointment_at",
            "at",
        ];
        if let Some(at) = self.word(&whole).and_then(|typed| instant(&typed, zone)) {
            return Ok(at);
        }
        let day = self.word(&["date", "day", "appointment_date", "start_date"]);
        let day = day.ok_or(Refusal::Unreadable)?;
        let Some(typed) = self.word(&["time", "hour", "heure", "appointment_time", "start_time", "start"])
        else {
            return instant(&day, zone).ok_or(Refusal::Unreadable);
        };
        let date = date(day.get(..10).unwrap_or(&day)).ok_or(Refusal::Unreadable)?;
        let time = time(&typed).ok_or(Refusal::Unreadable)?;
        local(date.to_datetime(time), zone).ok_or(Refusal::Unreadable)
    }
}

/// `startsAt` and `Starts-At` are `starts_at`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars().take(LONGEST_WORD) {
        if letter.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        match letter {
            '-' | ' ' => snake.push('_'),
            letter => snake.push(letter.to_ascii_lowercase()),
        }
    }
    snake
}

/// An instant with its offset, or a date and a time on this clock.
fn instant(typed: &str, zone: &Timezone) -> Option<Timestamp> {
    if let Ok(at) = crate::kernel::instant::parse(typed) {
        return Some(at);
    }
    let split = typed.find(['T', 't', ' '])?;
    let (day, rest) = (typed.get(..split)?, typed.get(split + 1..)?);
    local(date(day)?.to_datetime(time(rest)?), zone)
}

/// `2026-11-24`, or `24/11/2026` as in France.
fn date(typed: &str) -> Option<Date> {
    let parts: Vec<&str> = typed.trim().split(['-', '/', '.']).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let (year, day) = if first.len() == 4 {
        (first, third)
    } else {
        (third, first)
    };
    let number = |text: &str| {
        text.bytes()
            .all(|digit| digit.is_ascii_digit())
            .then(|| text.parse::<i16>().ok())?
    };
    let small = |text: &str| i8::try_from(number(text)?).ok();
    (year.len() == 4)
        .then(|| Date::new(number(year)?, small(second)?, small(day)?).ok())
        .flatten()
}

/// `14:00`, `14:00:00`, `14h`, `14 h 30`, `2:00 PM`.
fn time(typed: &str) -> Option<Time> {
    let text: String = typed
        .to_lowercase()
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '.')
        .collect();
    let text = text.strip_suffix('z').unwrap_or(&text);
    let (text, afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(text), _) => (text, Some(false)),
        (_, Some(text)) => (text, Some(true)),
        _ => (text, None),
    };
    let mut parts = text.split([':', 'h']);
    let number = |part: &str| -> Option<i8> {
        let digits = part.len() <= 2 && part.bytes().all(|digit| digit.is_ascii_digit());
        digits.then(|| {
            if part.is_empty() {
                Some(0)
            } else {
                part.parse().ok()
            }
        })?
    };
    let hour = number(parts.next().filter(|hour| !hour.is_empty())?)?;
    let minute = number(parts.next().unwrap_or_default())?;
    let second = number(parts.next().unwrap_or_default())?;
    let bare = !text.contains([':', 'h']) && afternoon.is_none();
    if parts.next().is_some() || bare {
        return None;
    }
    let hour = match (afternoon, hour) {
        (None, hour) => hour,
        (Some(false), 12) => 0,
        (Some(true), 12) => 12,
        (Some(false), hour @ 1..=11) => hour,
        (Some(true), hour @ 1..=11) => hour + 12,
        _ => return None,
    };
    Time::new(hour, minute, second, 0).ok()
}

/// An hour that a change of clocks leaves out is none; one that comes twice is the first of the two.
fn local(at: DateTime, zone: &Timezone) -> Option<Timestamp> {
    let ambiguous = zone.rules().to_ambiguous_timestamp(at);
    if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.compatible().ok()
}

#[cfg(test)]
#[path = "wish_tests.rs"]
mod tests;
