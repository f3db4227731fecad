//! `end-of-call-report`: what a call was, and the members by which it is told in older bodies.

use jiff::Timestamp;
use serde_json::Value;

use super::fact;
use super::json;
use super::projection::{LONGEST_UTTERANCE, LONGEST_WORD, Report, Role, Turn};

/// The longest summary that is kept, in characters.
const LONGEST_SUMMARY: usize = 4_000;
/// The most utterances that are kept of a report: four hours of short sentences. A body is 5 MiB at most, and so is what
/// is kept of it.
const MOST_TURNS: usize = 10_000;
/// What judged the sentiment.
const STRUCTURED_OUTPUT: &str = "structured_output";
const ANALYSIS: &str = "analysis";

pub(super) fn of(content: &Value, at: Timestamp) -> Report {
    let call = &content["call"];
    let artifact = either(&content["artifact"], &call["artifact"]);
    let analysis = either(&content["analysis"], &call["analysis"]);
    let outputs = Judgement::of_outputs(&artifact["structuredOutputs"]);
    let fallback = Judgement::of_members(&analysis["structuredData"]);
    let (judged, source) = if outputs.sentiment.is_some() {
        (&outputs, Some(STRUCTURED_OUTPUT))
    } else if fallback.sentiment.is_some() {
        (&fallback, Some(ANALYSIS))
    } else {
        // Missing is not neutral.
        (&outputs, None)
    };
    let transfers = transfers(&artifact["transfers"]);
    Report {
        ended_reason: fact::ended_reason(content),
        cost: [&content["cost"], &call["cost"], &call["costBreakdown"]["total"]]
            .into_iter()
            .find_map(json::dollars),
        sentiment: judged.sentiment.clone(),
        sentiment_score: judged.sentiment.as_ref().and(judged.score),
        sentiment_source: source.map(str::to_owned),
        summary: outputs.summary.clone().or_else(|| {
            [&analysis["summary"], &content["summary"], &call["summary"]]
                .into_iter()
                .find_map(|summary| json::text(summary, LONGEST_SUMMARY))
        }),
        recording: has_recording(artifact) || has_recording(content) || has_recording(call),
        destination: transfers.destination.or_else(|| fact::destination(content)),
        transferred: transfers.connected,
        turns: turns(&artifact["messages"], at),
    }
}

fn either<'a>(first: &'a Value, second: &'a Value) -> &'a Value {
    if first.is_object() { first } else { second }
}

/// What an analysis says about a conversation.
#[derive(Default)]
struct Judgement {
    sentiment: Option<String>,
    score: Option<f64>,
    summary: Option<String>,
}

impl Judgement {
    /// `structuredOutputs.<generated id> = { name, result }`: told apart by name. An output is one value, or an object
    /// with several.
    fn of_outputs(outputs: &Value) -> Self {
        let mut judgement = Self::default();
        for output in outputs
            .as_object()
            .into_iter()
            .flat_map(|outputs| outputs.values())
        {
            let result = &output["result"];
            if result.is_object() {
                let members = Self::of_members(result);
                judgement.sentiment = judgement.sentiment.or(members.sentiment);
                judgement.score = judgement.score.or(members.score);
                judgement.summary = judgement.summary.or(members.summary);
            } else {
                judgement.learn(output["name"].as_str().unwrap_or_default(), result);
            }
        }
        judgement
    }

    fn of_members(members: &Value) -> Self {
        let mut judgement = Self::default();
        for (name, value) in members.as_object().into_iter().flatten() {
            judgement.learn(name, value);
        }
        judgement
    }

    fn learn(&mut self, name: &str, value: &Value) {
        match name.to_lowercase().replace([' ', '-'], "_").as_str() {
            "sentiment" => self.sentiment = sentiment(value).or(self.sentiment.take()),
            "score" | "sentiment_score" | "sentimentscore" => self.score = value.as_f64().or(self.score),
            "summary" => self.summary = json::text(value, LONGEST_SUMMARY).or(self.summary.take()),
            _ => {}
        }
    }
}

fn sentiment(value: &Value) -> Option<String> {
    let word = json::text(value, LONGEST_WORD)?.to_lowercase();
    ["positive", "neutral", "negative"]
        .contains(&word.as_str())
        .then_some(word)
}

/// To whom a person was put through, and whether anybody took it.
#[derive(Default)]
struct Transfers {
    destination: Option<String>,
    connected: Option<bool>,
}

fn transfers(transfers: &Value) -> Transfers {
    let mut told = Transfers::default();
    for transfer in transfers.as_array().into_iter().flatten() {
        let Some(destination) = fact::address(&transfer["destination"]) else {
            continue;
        };
        match transfer["status"].as_str() {
            Some("connected" | "completed") => {
                return Transfers {
                    destination: Some(destination),
                    connected: Some(true),
                };
            }
            Some("no-answer" | "busy" | "voicemail" | "failed" | "cancelled") => {
                told.connected = Some(false);
                told.destination.get_or_insert(destination);
            }
            _ => {
                told.destination.get_or_insert(destination);
            }
        }
    }
    told
}

/// Addresses of recordings are not kept: they do not download, or are a right to download for anybody (1.4).
fn has_recording(artifact: &Value) -> bool {
    let recording = &artifact["recording"];
    [
        &recording["stereoUrl"],
        &recording["mono"]["combinedUrl"],
        &artifact["recordingUrl"],
        &artifact["stereoRecordingUrl"],
    ]
    .into_iter()
    .any(|address| address.as_str().is_some_and(|address| !address.is_empty()))
}

/// What was said, without the prompt and the tools.
fn turns(messages: &Value, at: Timestamp) -> Vec<Turn> {
    let messages = messages.as_array().into_iter().flatten();
    messages
        .filter_map(|message| {
            Some(Turn {
                role: Role::read(&message["role"])?,
                text: json::text(&message["message"], LONGEST_UTTERANCE)?,
                at: json::instant(&message["time"]).unwrap_or(at),
            })
        })
        .take(MOST_TURNS)
        .collect()
}
