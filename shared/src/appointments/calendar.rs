//! An appointment as an iCalendar file (RFC 5545, and RFC 5546 for how calendars treat a change of it).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::link::{self, LinkRefused};
use super::read::ReadError;
use super::store::{self, Found};
use super::words::words;
use super::{Appointment, Status};
use crate::App;
use crate::adapters::secrets::SecretsError;
use crate::db::{Claims, DbError};
use crate::kernel::Caller;
use crate::kernel::class::{Classify, Failure};
use crate::kernel::ids::{AppointmentId, OrganizationId};
use crate::kernel::shown::shows;

/// Octets on a line, its end not counted (RFC 5545 3.1).
const LONGEST_LINE: usize = 75;

/// A calendar file, and whether it adds the appointment or takes it away.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarFile {
    /// `PUBLISH` or `CANCEL`.
    pub method: &'static str,
    /// The file.
    pub text: String,
}

shows!(CalendarFile, method);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The token opens nothing.
    #[error(transparent)]
    Refused(#[from] LinkRefused),
    /// See [`ReadError`].
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Classify for CalendarError {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(error) => error.failure(),
            Self::Read(error) => error.failure(),
            Self::Secrets(error) => error.failure(),
        }
    }
}

/// For whom a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The organisation: with whom, and about what.
    Organization,
    /// The person who made it: at whose place.
    Person,
}

/// The file for somebody of the organisation.
pub async fn calendar_of(app: &App, caller: &Caller, id: &str) -> Result<CalendarFile, CalendarError> {
    let id = AppointmentId::parse(id).map_err(|_| ReadError::NotFound)?;
    let found = find(app, &Claims::from(caller), id).await?;
    Ok(file(
        &found.appointment,
        &found.organization_name,
        caller.organization,
        Reader::Organization,
    ))
}

/// The file for whoever has the link of a text message.
pub async fn calendar_by_link(app: &App, id: &str, token: &str) -> Result<CalendarFile, CalendarError> {
    let id = AppointmentId::parse(id).map_err(|_| LinkRefused::Forged)?;
    let organization = link::read_token(&*app.pepper().await?, id, token, app.clock.now())?;
    let found = find(app, &Claims::platform(organization), id).await?;
    Ok(file(
        &found.appointment,
        &found.organization_name,
        organization,
        Reader::Person,
    ))
}

async fn find(app: &App, claims: &Claims, id: AppointmentId) -> Result<Found, ReadError> {
    let found: Result<_, DbError> = app
        .db
        .read("appointments.calendar", claims, async |tx| {
            store::find(tx, id).await
        })
        .await;
    found?.ok_or(ReadError::NotFound)
}

fn file(of: &Appointment, name: &str, organization: OrganizationId, reader: Reader) -> CalendarFile {
    let cancelled = of.status == Status::Cancelled;
    let method = if cancelled { "CANCEL" } else { "PUBLISH" };
    let title = words(of.language).title;
    let with = match reader {
        Reader::Organization => of.name.as_deref(),
        Reader::Person => Some(name),
    };
    let summary = with.map_or_else(|| title.to_owned(), |with| format!("{title} : {with}"));
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Zencall//Appointments//FR".to_owned(),
        "CALSCALE:GREGORIAN".to_owned(),
        format!("METHOD:{method}"),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@zencall", of.id),
        format!("DTSTAMP:{}", utc(of.updated_at)),
        format!("CREATED:{}", utc(of.created_at)),
        format!("LAST-MODIFIED:{}", utc(of.updated_at)),
        format!("SEQUENCE:{}", of.sequence),
        format!("STATUS:{}", if cancelled { "CANCELLED" } else { "CONFIRMED" }),
        format!("DTSTART:{}", utc(of.starts_at)),
        format!("DTEND:{}", utc(of.ends_at)),
        format!("SUMMARY:{}", escaped(&summary)),
        format!("ORGANIZER;CN=\"{}\":urn:uuid:{organization}", parameter(name)),
    ];
    if let (Reader::Organization, Some(notes)) = (reader, &of.notes) {
        lines.push(format!("DESCRIPTION:{}", escaped(notes)));
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    CalendarFile {
        method,
        text: lines.iter().map(|line| folded(line)).collect(),
    }
}

/// An instant in the form that needs no time zone's rules beside it.
fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A TEXT (3.3.11): separators escaped, line ends written as `\n`, other control characters left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").replace('\r', "\n").chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() && letter != '\t' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The value of a quoted parameter: it holds neither quotes nor control characters (3.2).
fn parameter(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if letter == '"' { '\'' } else { letter })
        .collect()
}

/// A line with its end, cut between characters and continued behind a space where it is too long (3.1).
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + line.len() / LONGEST_LINE * 3 + 2);
    let mut filled = 0;
    for letter in line.chars() {
        if filled + letter.len_utf8() > LONGEST_LINE {
            folded.push_str("\r\n ");
            filled = 1;
        }
        folded.push(letter);
        filled += letter.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::{Language, Timezone};

    pub(in crate::appointments) fn appointment() -> Appointment {
        let at = |text: &str| text.parse().unwrap();
        Appointment {
            id: AppointmentId::parse("0192a000-0000-7000-8000-000000000001").unwrap(),
            status: Status::Scheduled,
            starts_at: at("2026-11-24T13:00:00Z"),
            ends_at: at("2026-11-24T13:30:00Z"),
            timezone: Timezone::paris(),
            language: Language::Fr,
            name: Some("Zoé; Müller".to_owned()),
            phone: None,
            email: None,
            notes: Some("Devis,\nurgent".to_owned()),
            assistant_id: None,
            call_id: None,
            campaign_id: None,
            contact_id: None,
            sequence: 2,
            created_at: at("2026-11-23T09:00:00Z"),
            updated_at: at("2026-11-23T10:00:00.5Z"),
        }
    }

    /// Takes a file apart as 3.1 says: continued lines joined, each with its end.
    fn lines(text: &str) -> Vec<String> {
        assert!(text.ends_with("\r\n"));
        for line in text.split("\r\n") {
            assert!(line.len() <= LONGEST_LINE, "{line}");
            assert!(!line.contains(['\r', '\n']), "{line}");
        }
        text.replace("\r\n ", "")
            .trim_end()
            .split("\r\n")
            .map(str::to_owned)
            .collect()
    }

    fn unescaped(text: &str) -> String {
        let mut read = String::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match (letter, letter == '\\') {
                (_, true) => match letters.next().unwrap() {
                    'n' => read.push('\n'),
                    other => read.push(other),
                },
                (letter, false) => read.push(letter),
            }
        }
        read
    }

    #[test]
    fn the_organisation_reads_whom_it_meets_and_the_person_where() {
        let of = appointment();
        let organization = OrganizationId(uuid::Uuid::nil());
        let own = file(
            &of,
            "Agence \"Horizon\", Lyon",
            organization,
            Reader::Organization,
        );
        assert_eq!(own.method, "PUBLISH");
        assert_eq!(
            lines(&own.text),
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:-//Zencall//Appointments//FR",
                "CALSCALE:GREGORIAN",
                "METHOD:PUBLISH",
                "BEGIN:VEVENT",
                "UID:0192a000-0000-7000-8000-000000000001@zencall",
                "DTSTAMP:20261123T100000Z",
                "CREATED:20261123T090000Z",
                "LAST-MODIFIED:20261123T100000Z",
                "SEQUENCE:2",
                "STATUS:CONFIRMED",
                "DTSTART:20261124T130000Z",
                "DTEND:20261124T133000Z",
                "SUMMARY:Rendez-vous : Zoé\\; Müller",
                "ORGANIZER;CN=\"Agence 'Horizon', Lyon\":urn:uuid:00000000-0000-0000-0000-000000000000",
                "DESCRIPTION:Devis\\,\\nurgent",
                "END:VEVENT",
                "END:VCALENDAR",
            ]
        );
        let theirs = file(&of, "Agence", organization, Reader::Person).text;
        assert!(theirs.contains("SUMMARY:Rendez-vous : Agence\r\n"));
        assert!(!theirs.contains("Devis") && !theirs.contains("Zoé"));
    }

    #[test]
    fn a_cancellation_takes_it_out_of_the_calendar() {
        let mut of = appointment();
        of.status = Status::Cancelled;
        let cancelled = file(&of, "Agence", OrganizationId(uuid::Uuid::nil()), Reader::Person);
        assert_eq!(cancelled.method, "CANCEL");
        assert!(
            cancelled.text.contains("METHOD:CANCEL\r\n") && cancelled.text.contains("STATUS:CANCELLED\r\n")
        );
    }

    proptest! {
        #[test]
        fn any_text_comes_out_as_it_went_in(name in "\\PC{0,200}|[;,\\\\\\r\\né👍a ]{0,200}", notes in any::<String>()) {
            let mut of = appointment();
            of.name = Some(name.clone());
            of.notes = Some(notes.clone());
            let text = file(&of, &name, OrganizationId(uuid::Uuid::nil()), Reader::Organization).text;
            let lines = lines(&text);
            let of = |property: &str| {
                let line = lines.iter().find_map(|line| line.strip_prefix(property));
                unescaped(line.unwrap())
            };
            let normal = |text: &str| -> String {
                text.replace("\r\n", "\n").replace('\r', "\n").chars()
                    .filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control()).collect()
            };
            prop_assert_eq!(of("SUMMARY:"), format!("Rendez-vous : {}", normal(&name)));
            prop_assert_eq!(of("DESCRIPTION:"), normal(&notes));
            prop_assert_eq!(lines.len(), 19);
        }
    }
}
