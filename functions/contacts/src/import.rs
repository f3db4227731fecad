//! `POST /api/v1/contacts/import`: a file in, the fate of each row out.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use zencall::App;
use zencall::contacts::{self, Encoding, File, Imported, Rejection};
use zencall::http::{Answer, Caller, Json, Prefers, Problem, ProblemBody, WEBHOOK_BODY_LIMIT, raw_body};
use zencall::kernel::{Class, Failure};

use crate::ContactMembers;

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportAnswer {
    /// Numbers that are new to the organisation.
    imported: usize,
    /// Rows that met a known number.
    updated: usize,
    /// Rows that were not taken.
    rejected: usize,
    /// Why not.
    errors: Vec<ImportFault>,
}

/// One fault of one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFault {
    /// The line of the file, its header being line 1; the position in a JSON array, from 1.
    line: usize,
    /// The member.
    field: String,
    /// Stable, for programs.
    code: &'static str,
    /// For a person.
    message: String,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
}

/// Import up to 5,000 contacts. A number met before, in the file or in the database, is updated, and the last line wins;
/// an empty cell leaves what is known. Columns are named as the members, or in French; others become variables.
#[utoipa::path(post, path = "/api/v1/contacts/import", tag = "contacts",
    request_body(description = "`text/csv` in UTF-8, `application/octet-stream` in any other encoding, or a JSON array",
        content((String = "text/csv"), (String = "application/octet-stream"), (Vec<ContactMembers> = "application/json"))),
    responses((status = 200, body = ImportAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn import_contacts(
    State(app): State<App>,
    caller: Caller,
    prefers: Prefers,
    headers: HeaderMap,
    body: Body,
) -> Answer<Json<ImportAnswer>> {
    let media_type = MediaType::of(&headers).ok_or_else(unknown_media_type)?;
    let bytes = raw_body(body, WEBHOOK_BODY_LIMIT).await.map_err(name_the_limit)?;
    let file = match &media_type {
        MediaType::Csv(encoding) => File::Csv(&bytes, encoding),
        MediaType::Json => File::Json(&bytes),
    };
    let imported = contacts::import(&app, &caller, file).await?;
    Ok(Json(ImportAnswer::new(imported, prefers)))
}

enum MediaType {
    Csv(Encoding),
    Json,
}

impl MediaType {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers
            .get(header::CONTENT_TYPE)?
            .to_str()
            .ok()?
            .to_ascii_lowercase();
        let mut parts = value.split(';').map(str::trim);
        let media_type = parts.next()?;
        let charset = parts
            .find_map(|part| part.strip_prefix("charset="))
            .map(|name| name.trim_matches('"'));
        let named = charset.map(|name| Encoding::Named(name.to_owned()));
        match media_type {
            "text/csv" => Some(Self::Csv(named.unwrap_or(Encoding::Utf8))),
            "application/octet-stream" => Some(Self::Csv(named.unwrap_or(Encoding::Unknown))),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}

fn unknown_media_type() -> Problem {
    Failure::new(
        Class::MediaType,
        "media_type",
        "Envoyez un fichier CSV en text/csv (UTF-8) ou en application/octet-stream, ou un tableau en application/json.",
        "Send a CSV file as text/csv (UTF-8) or application/octet-stream, or an array as application/json.",
    )
    .into()
}

fn name_the_limit(problem: Problem) -> Problem {
    if problem.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return problem;
    }
    Failure::new(
        Class::TooLarge,
        "too_large",
        "Le fichier dépasse 5 Mio. Découpez-le, ou utilisez /contacts/imports, prévu pour les fichiers plus grands.",
        "The file is larger than 5 MiB. Split it, or use /contacts/imports, which is meant for larger files.",
    )
    .into()
}

impl ImportAnswer {
    fn new(imported: Imported, prefers: Prefers) -> Self {
        let fault = |rejection: Rejection| ImportFault {
            line: rejection.line,
            field: rejection.field,
            code: rejection.invalid.code,
            message: prefers.choose(&rejection.invalid.message).to_owned(),
            suggestion: rejection.suggestion,
        };
        Self {
            imported: imported.imported,
            updated: imported.updated,
            rejected: imported.rejected,
            errors: imported.errors.into_iter().map(fault).collect(),
        }
    }
}
