//! `/legal/{document}`: the words that people agree to. Public.

use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::gdpr::legal;
use zencall::http::{Answer, Json, Prefers, ProblemBody};
use zencall::kernel::class::{Class, Failure};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    version: Option<String>,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentAnswer {
    document: DocumentView,
}

/// A document, in one version and one language.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentView {
    /// `privacy`, `terms` or `cookies`.
    name: &'static str,
    version: &'static str,
    /// Every version, the newest first.
    versions: Vec<&'static str>,
    /// `fr` or `en`.
    language: &'static str,
    /// Markdown.
    text: &'static str,
    /// The SHA-256 sum of the text, in hexadecimal.
    sha256: String,
}

/// Reads a document: today's version, or the one that is asked for, in French unless the client prefers English.
#[utoipa::path(get, path = "/api/v1/legal/{document}", tag = "gdpr", security(()),
    params(("document" = String, Path, description = "privacy, terms or cookies"),
           ("version" = Option<String>, Query, description = "Default: today's")),
    responses((status = 200, body = DocumentAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_document(
    prefers: Prefers,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<DocumentAnswer>> {
    let document = legal::find(&name, wanted.version.as_deref()).ok_or_else(|| {
        Failure::new(
            Class::NotFound,
            "document_not_found",
            "Ce document, ou cette version, n'existe pas.",
            "There is no such document, or no such version.",
        )
    })?;
    let (language, text) = document.text(prefers.into());
    Ok(Json(DocumentAnswer {
        document: DocumentView {
            name: document.name,
            version: document.version,
            versions: legal::versions(document.name),
            language: language.as_str(),
            text,
            sha256: document.sha256(language),
        },
    }))
}
