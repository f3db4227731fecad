//! `/proof`: what the holder of a number may know and withdraw, without an account. Public.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zencall::App;
use zencall::http::{Answer, Json, Member, Origin, Prefers, ProblemBody};
use zencall::kernel::{Country, Faults, PhoneNumber, Text};
use zencall::proof::{self, Code, Found, Withdrawn};

const SENT: Text = Text::new(
    "Si ce numéro nous est connu, un code vient de lui être envoyé par SMS. Il est valable dix minutes.",
    "If this number is known to us, a code has just been sent to it by text message. It is valid for ten minutes.",
);

/// Whose code is wanted.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CodeRequest {
    /// A telephone number; a national one is French.
    #[serde(default)]
    #[schema(value_type = String, required)]
    phone: Member<String>,
}

/// A code was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeAnswer {
    success: bool,
    /// The same for every number.
    message: String,
}

/// A number, and the code that came to it. `Debug` is left out: the body holds the code.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ProofRequest {
    /// The number.
    #[serde(default)]
    #[schema(value_type = String, required)]
    phone: Member<String>,
    /// Six digits.
    #[serde(default)]
    #[schema(value_type = String, required)]
    code: Member<String>,
}

impl ProofRequest {
    fn parse(self) -> Result<(PhoneNumber, Code), Faults> {
        let mut faults = Faults::default();
        let phone = self.phone.required("phone", &mut faults, number);
        let code = self
            .code
            .required("code", &mut faults, |typed| Code::parse(&typed));
        faults.finish(|| phone.zip(code))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what members are read with")]
fn number(typed: String) -> Result<PhoneNumber, zencall::kernel::Invalid> {
    PhoneNumber::parse(&typed, Country::FR)
}

/// Ask for a code by text message. The answer does not tell whether the number is known.
#[utoipa::path(post, path = "/api/v1/proof/code", tag = "gdpr", security(()), request_body = CodeRequest,
    responses((status = 202, body = CodeAnswer), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn ask_code(
    State(app): State<App>,
    origin: Origin,
    prefers: Prefers,
    Json(request): Json<CodeRequest>,
) -> Answer<(StatusCode, Json<CodeAnswer>)> {
    let mut faults = Faults::default();
    let phone = request.phone.required("phone", &mut faults, number);
    let phone = faults.finish(|| phone)?;
    proof::ask(&app, &origin, &phone).await?;
    let answer = CodeAnswer {
        success: true,
        message: prefers.choose(&SENT).to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// What was agreed to with this number, and when and why it was called, in every organisation: the proof that R223-2 of the
/// code de la consommation promises, free and without an account.
#[utoipa::path(post, path = "/api/v1/proof", tag = "gdpr", security(()), request_body = ProofRequest,
    responses((status = 200, body = Found), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn read_proof(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<ProofRequest>,
) -> Answer<Json<Found>> {
    let (phone, code) = request.parse()?;
    Ok(Json(proof::read(&app, &origin, &phone, &code).await?))
}

/// Withdraw everything that was agreed to with this number, everywhere. When this answers, no call and no message that
/// starts from now on reaches it.
#[utoipa::path(post, path = "/api/v1/proof/withdraw", tag = "gdpr", security(()), request_body = ProofRequest,
    responses((status = 200, body = Withdrawn), (status = "4XX", body = ProblemBody)))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    origin: Origin,
    Json(request): Json<ProofRequest>,
) -> Answer<Json<Withdrawn>> {
    let (phone, code) = request.parse()?;
    Ok(Json(proof::withdraw(&app, &origin, &phone, &code).await?))
}
