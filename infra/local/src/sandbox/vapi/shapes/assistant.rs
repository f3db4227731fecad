//! Assistants.

use super::{
    model::MODEL,
    plans::{
        ANALYSIS_PLAN, ARTIFACT_PLAN, COMPLIANCE_PLAN, DENOISING_PLAN, KEYPAD_INPUT_PLAN, MONITOR_PLAN,
        START_SPEAKING_PLAN, STOP_SPEAKING_PLAN, TWILIO_TRANSPORT, VOICEMAIL_DETECTION,
    },
    server::{ADDRESS, SERVER},
    tools::TOOL,
    transcriber::TRANSCRIBER,
    voice::VOICE,
};
use crate::sandbox::rules::{Rule, TEXT, between, shape, text_up_to};

const SERVER_MESSAGES: &[&str] = &[
    "assistant.started",
    "assistant.speechStarted",
    "conversation-update",
    "end-of-call-report",
    "function-call",
    "hang",
    "language-changed",
    "language-change-detected",
    "model-output",
    "phone-call-control",
    "speech-update",
    "status-update",
    "transcript",
    "transcript[transcriptType=\"final\"]",
    "tool-calls",
    "transfer-destination-request",
    "handoff-destination-request",
    "transfer-update",
    "user-interrupted",
    "voice-input",
    "chat.created",
    "chat.deleted",
    "session.created",
    "session.updated",
    "session.deleted",
    "call.deleted",
    "call.delete.failed",
    "call.artifact.upload",
];

/// What a saved server is told when an assistant does not say.
pub(crate) const DEFAULT_SERVER_MESSAGES: &[&str] = &[
    "conversation-update",
    "end-of-call-report",
    "function-call",
    "hang",
    "speech-update",
    "status-update",
    "tool-calls",
    "transfer-destination-request",
    "handoff-destination-request",
    "user-interrupted",
    "assistant.started",
];

const CLIENT_MESSAGES: &[&str] = &[
    "conversation-update",
    "assistant.speechStarted",
    "function-call",
    "function-call-result",
    "hang",
    "language-changed",
    "metadata",
    "model-output",
    "speech-update",
    "status-update",
    "transcript",
    "tool-calls",
    "tool-calls-result",
    "tool.completed",
    "transfer-update",
    "user-interrupted",
    "voice-input",
    "workflow.node.started",
    "assistant.started",
];

/// Declares a shape with every member of an assistant, and more.
macro_rules! assistant_shape {
    ($name:ident $(, $need:ident $field:literal => $rule:expr)* $(,)?) => {
        shape!($name:
            may "transcriber" => TRANSCRIBER,
            may "model" => MODEL,
            may "voice" => VOICE,
            may "firstMessage" => TEXT,
            may "firstMessageInterruptionsEnabled" => Rule::Flag,
            may "firstMessageMode" => Rule::Word(&[
                "assistant-speaks-first",
                "assistant-speaks-first-with-model-generated-message",
                "assistant-waits-for-user",
            ]),
            may "voicemailDetection" => VOICEMAIL_DETECTION,
            may "clientMessages" => Rule::List(&Rule::Word(CLIENT_MESSAGES)),
            may "serverMessages" => Rule::List(&Rule::Word(SERVER_MESSAGES)),
            may "maxDurationSeconds" => between(10.0, 43_200.0),
            may "backgroundSound" => Rule::Either(&[ADDRESS, Rule::Word(&["off", "office"])]),
            may "modelOutputInMessagesEnabled" => Rule::Flag,
            may "transportConfigurations" => Rule::List(&Rule::Tagged {
                tag: "provider",
                shapes: &[("twilio", &TWILIO_TRANSPORT)],
            }),
            may "observabilityPlan" => Rule::AnyObject,
            may "credentials" => Rule::List(&Rule::AnyObject),
            may "hooks" => Rule::List(&Rule::AnyObject),
            may "name" => text_up_to(40),
            may "voicemailMessage" => text_up_to(1000),
            may "endCallMessage" => text_up_to(1000),
            may "endCallPhrases" => Rule::List(&Rule::Text { min: 2, max: 140 }),
            may "compliancePlan" => Rule::Shape(&COMPLIANCE_PLAN),
            may "metadata" => Rule::AnyObject,
            may "backgroundSpeechDenoisingPlan" => Rule::Shape(&DENOISING_PLAN),
            may "analysisPlan" => Rule::Shape(&ANALYSIS_PLAN),
            may "artifactPlan" => Rule::Shape(&ARTIFACT_PLAN),
            may "startSpeakingPlan" => Rule::Shape(&START_SPEAKING_PLAN),
            may "stopSpeakingPlan" => Rule::Shape(&STOP_SPEAKING_PLAN),
            may "monitorPlan" => Rule::Shape(&MONITOR_PLAN),
            may "credentialIds" => Rule::List(&TEXT),
            may "server" => Rule::Shape(&SERVER),
            may "keypadInputPlan" => Rule::Shape(&KEYPAD_INPUT_PLAN),
            $($need $field => $rule),*);
    };
}

assistant_shape!(ASSISTANT);
assistant_shape!(ASSISTANT_OVERRIDES,
    may "tools:append" => Rule::List(&TOOL),
    may "variableValues" => Rule::AnyObject);
