//! What is known of a call: its messages, and the facts that `end-of-call-report` carries.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    conversation::{Conversation, Speaker},
    life::Life,
    outputs::{self, Facts},
};
use crate::sandbox::chance::{iso, new_id, now};

fn seconds_from_start(life: &Life) -> f64 {
    let started = life.started.unwrap_or_else(now);
    now().duration_since(started).as_secs_f64()
}

/// The prompt, as the first message of the history.
pub(super) fn system_message(life: &Life, at: Timestamp) -> Value {
    let messages = life.plan.assistant["model"]["messages"].as_array();
    let prompt = messages
        .into_iter()
        .flatten()
        .find(|message| message["role"] == "system")
        .and_then(|message| message["content"].as_str());
    json!({
        "role": "system",
        "message": prompt.unwrap_or_default(),
        "time": at.as_millisecond(),
        "secondsFromStart": 0,
    })
}

/// A line of the conversation.
pub(super) fn spoken_message(life: &Life, speaker: Speaker, line: &str) -> Value {
    let time = now().as_millisecond();
    // About 15 characters a second are spoken.
    let duration = i64::try_from(line.chars().count()).unwrap_or(0) * 65;
    json!({
        "role": match speaker {
            Speaker::Assistant => "bot",
            Speaker::User => "user",
        },
        "message": line,
        "time": time,
        "endTime": time + duration,
        "duration": duration,
        "secondsFromStart": seconds_from_start(life),
    })
}

/// A tool that the model called.
pub(super) fn tool_message(life: &Life, call: &Value) -> Value {
    json!({
        "role": "tool_calls",
        "toolCalls": [call],
        "message": "",
        "time": now().as_millisecond(),
        "secondsFromStart": seconds_from_start(life),
    })
}

/// What the tool answered.
pub(super) fn tool_result_message(life: &Life, id: &str, name: &str, result: &str) -> Value {
    json!({
        "role": "tool_call_result",
        "toolCallId": id,
        "name": name,
        "result": result,
        "time": now().as_millisecond(),
        "secondsFromStart": seconds_from_start(life),
    })
}

/// The history in the words of OpenAI's API.
pub(super) fn openai_messages(life: &Life) -> Value {
    let spoken = life.messages.iter().filter_map(|message| {
        let role = match message["role"].as_str()? {
            "bot" => "assistant",
            "user" => "user",
            "system" => "system",
            _ => return None,
        };
        Some(json!({ "role": role, "content": message["message"] }))
    });
    spoken.collect()
}

/// The artifact while the call lasts.
pub(super) fn artifact_so_far(life: &Life) -> Value {
    let mut artifact = json!({
        "messages": life.messages,
        "messagesOpenAIFormatted": openai_messages(life),
    });
    let plan = &life.plan.assistant["artifactPlan"]["transcriptPlan"];
    if plan["enabled"] != false {
        artifact["transcript"] = json!(transcript(life, plan));
    }
    if life.plan.assistant["variableValues"].is_object() {
        artifact["variableValues"] = life.plan.assistant["variableValues"].clone();
    }
    artifact
}

fn transcript(life: &Life, plan: &Value) -> String {
    let assistant = plan["assistantName"].as_str().unwrap_or("AI");
    let user = plan["userName"].as_str().unwrap_or("User");
    let mut text = String::new();
    for message in &life.messages {
        let name = match message["role"].as_str() {
            Some("bot") => assistant,
            Some("user") => user,
            _ => continue,
        };
        let line = message["message"].as_str().unwrap_or_default();
        text.push_str(&format!("{name}: {line}\n"));
    }
    text
}

/// Where the assistant puts people through to.
pub(super) fn transfer_destination(assistant: &Value) -> Value {
    let tools = assistant["model"]["tools"].as_array();
    tools
        .into_iter()
        .flatten()
        .filter(|tool| tool["type"] == "transferCall")
        .filter_map(|tool| tool["destinations"].as_array())
        .flatten()
        .find(|destination| destination["type"] != "assistant")
        .cloned()
        .unwrap_or_else(|| json!({ "type": "number", "number": "+33199000000" }))
}

/// The facts of a call that ended: the members of the report, and `costBreakdown` for the call itself.
pub(super) fn facts(life: &mut Life, reason: &str, ended: Timestamp, said: Option<&Conversation>) -> Value {
    let mut artifact = artifact_so_far(life);
    let mut analysis = Map::new();
    if let Some(said) = said {
        outputs_into(life, reason, said, &mut artifact);
        analyse(life, said, &mut analysis);
    }
    if life.started.is_some() {
        recordings_into(life, &mut artifact);
    }
    if !life.transfers.is_empty() {
        artifact["transfers"] = json!(life.transfers);
    }
    let mut facts = json!({
        "endedReason": reason,
        "endedAt": iso(ended),
        "artifact": artifact,
        "analysis": analysis,
    });
    if let Some(started) = life.started {
        facts["startedAt"] = json!(iso(started));
    }
    if let Some(transfer) = life.transfers.first() {
        facts["destination"] = transfer["destination"].clone();
    }
    costs_into(life, &mut facts);
    facts
}

fn outputs_into(life: &mut Life, reason: &str, said: &Conversation, artifact: &mut Value) {
    let facts = Facts {
        conversation: said,
        messages: life.messages.len(),
        seconds: life.seconds,
        ended_reason: reason,
    };
    let plan = &life.plan.assistant["artifactPlan"];
    let (made, skipped) = outputs::structured(plan, &facts, &mut life.plan.chance);
    for (name, outputs) in [("structuredOutputs", made), ("skippedStructuredOutputs", skipped)] {
        if outputs.as_object().is_some_and(|outputs| !outputs.is_empty()) {
            artifact[name] = outputs;
            artifact["structuredOutputsLastUpdatedAt"] = json!(iso(now()));
        }
    }
}

/// Summary and evaluation unless switched off, data only if switched on.
fn analyse(life: &mut Life, said: &Conversation, analysis: &mut Map<String, Value>) {
    let plan = &life.plan.assistant["analysisPlan"];
    if plan["summaryPlan"]["enabled"] != false {
        analysis.insert("summary".to_owned(), json!(said.summary));
    }
    if plan["successEvaluationPlan"]["enabled"] != false {
        let success = said.tone != super::conversation::Tone::Negative;
        // A text, whatever the rubric.
        let text = match plan["successEvaluationPlan"]["rubric"].as_str() {
            Some("NumericScale") => if success { "8" } else { "3" }.to_owned(),
            Some("PercentageScale") => if success { "80%" } else { "30%" }.to_owned(),
            _ => success.to_string(),
        };
        analysis.insert("successEvaluation".to_owned(), json!(text));
    }
    let data = &plan["structuredDataPlan"];
    if data["enabled"] == true && data["schema"].is_object() {
        let made = outputs::value(&data["schema"], "", said, &mut life.plan.chance);
        analysis.insert("structuredData".to_owned(), made);
    }
}

/// Addresses of recordings: names in a private bucket, and presigned ones that are made anew for each delivery.
fn recordings_into(life: &Life, artifact: &mut Value) {
    if life.plan.assistant["artifactPlan"]["recordingEnabled"] == false {
        return;
    }
    let base = format!("https://storage.sandbox.invalid/{}-{}", life.plan.id, new_id());
    let mono = format!("{base}-mono.wav");
    let stereo = format!("{base}-stereo.wav");
    artifact["recording"] = json!({
        "stereoUrl": stereo,
        "mono": {
            "combinedUrl": mono,
            "assistantUrl": format!("{base}-assistant.wav"),
            "customerUrl": format!("{base}-customer.wav"),
        },
    });
    artifact["recordingUrl"] = json!(mono);
    artifact["stereoRecordingUrl"] = json!(stereo);
    artifact["presignedMonoUrl"] = json!(mono);
    artifact["presignedStereoUrl"] = json!(stereo);
}

/// US dollars a minute, by part; of the size that Vapi's price page shows.
const PRICES: [(&str, f64); 5] = [
    ("transport", 0.0300),
    ("stt", 0.0100),
    ("llm", 0.0200),
    ("tts", 0.0500),
    ("vapi", 0.0500),
];

/// Costs follow the simulated duration, so that they look the same at any speed. A call that nobody answered costs nothing.
fn costs_into(life: &Life, facts: &mut Value) {
    let minutes = match life.started {
        Some(_) => life.seconds / 60.0,
        None => 0.0,
    };
    let rounded = |dollars: f64| (dollars * 10_000.0).round() / 10_000.0;
    let mut breakdown = Map::new();
    let mut total = 0.0;
    for (part, price) in PRICES {
        let cost = rounded(price * minutes);
        total += cost;
        breakdown.insert(part.to_owned(), json!(cost));
    }
    let total = rounded(total);
    breakdown.insert("total".to_owned(), json!(total));
    facts["cost"] = json!(total);
    let assistant = &life.plan.assistant;
    let provider = |part: &str| json!({ "provider": assistant[part]["provider"] });
    facts["costs"] = if life.started.is_none() {
        json!([])
    } else {
        json!([
            { "type": "transport", "provider": "twilio", "minutes": minutes, "cost": breakdown["transport"] },
            { "type": "transcriber", "transcriber": provider("transcriber"), "minutes": minutes, "cost": breakdown["stt"] },
            { "type": "model", "model": provider("model"), "promptTokens": 900, "completionTokens": 120, "cost": breakdown["llm"] },
            { "type": "voice", "voice": provider("voice"), "characters": 400, "cost": breakdown["tts"] },
            { "type": "vapi", "subType": "normal", "minutes": minutes, "cost": breakdown["vapi"] },
        ])
    };
    facts["costBreakdown"] = breakdown.into();
}
