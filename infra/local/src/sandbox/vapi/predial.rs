//! `campaign.predial`: the question that a campaign of Vapi's own asks before each call. The campaigns themselves are not
//! here; who wants to hear the question has it asked.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{apply_overrides, errors::VapiError};
use crate::sandbox::{
    chance::{iso, new_id, now},
    state::Stand,
    target::Target,
};

/// `POST /_control/vapi/assistants/{id}/predial` with `{ number, name?, assistantOverrides? }`: asks the assistant's server
/// whether this contact may be dialled. As at Vapi, anything but a clear yes is a no.
pub(crate) async fn ask(
    State(stand): State<Arc<Stand>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, VapiError> {
    let asked: Value =
        serde_json::from_slice(&body).map_err(|error| VapiError::fault(format!("body: {error}")))?;
    let number = asked["number"]
        .as_str()
        .ok_or_else(|| VapiError::fault("number must be given"))?;
    let (mut assistant, organisation) = {
        let data = stand.data();
        let assistant = data.kept.assistants.get(&id).cloned();
        let assistant = assistant.ok_or_else(|| VapiError::not_found("assistant", &id))?;
        (assistant, data.kept.organisation.clone())
    };
    let target = Target::of(&assistant["server"], &stand, true)
        .ok_or_else(|| VapiError::fault("the assistant has no server"))?;
    apply_overrides(&mut assistant, asked.get("assistantOverrides"));
    // What Vapi sends of an assistant is what it was made from.
    if let Some(members) = assistant.as_object_mut() {
        for own in ["id", "orgId", "createdAt", "updatedAt"] {
            members.remove(own);
        }
    }
    let (campaign, contact) = (new_id().to_string(), new_id().to_string());
    let customer = json!({ "number": number, "name": asked["name"] });
    let message = json!({
        "type": "campaign.predial",
        "timestamp": now().as_millisecond(),
        "campaignId": campaign,
        "contact": {
            "id": contact,
            "campaignId": campaign,
            "orgId": organisation,
            "number": number,
            "name": asked["name"],
            "assistantOverrides": asked["assistantOverrides"],
            "createdAt": iso(now()),
        },
        "customer": customer,
        "assistant": assistant,
    });
    let answer = target.post(&stand, &contact, &message, 1).await;
    let is_yes = answer
        .as_ref()
        .is_some_and(|answer| answer.status == 200 && answer.body["eligible"] == true);
    Ok(Json(json!({
        "dialled": is_yes,
        "status": answer.as_ref().map(|answer| answer.status),
        "answer": answer.map(|answer| answer.body),
    })))
}
