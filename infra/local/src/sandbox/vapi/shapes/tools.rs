//! Tools of a model, and the people that calls are transferred to.

use serde_json::{Map, Value};

use super::{
    plans::{JSON_SCHEMA, SUMMARY_PLAN},
    server::{ADDRESS, BACKOFF_PLAN, SERVER},
};
use crate::sandbox::rules::{Rule, Shape, TEXT, between, is_international, shape, text_up_to};

/// A tool of any kind. Kinds that the product has no use for are known by name only.
pub(crate) const TOOL: Rule = Rule::Tagged {
    tag: "type",
    shapes: &[
        ("function", &FUNCTION_TOOL),
        ("transferCall", &TRANSFER_TOOL),
        ("endCall", &END_CALL_TOOL),
        ("voicemail", &VOICEMAIL_TOOL),
        ("dtmf", &DTMF_TOOL),
        ("apiRequest", &API_REQUEST_TOOL),
        ("handoff", &HANDOFF_TOOL),
        ("bash", &OTHER_TOOL),
        ("code", &OTHER_TOOL),
        ("computer", &OTHER_TOOL),
        ("gohighlevel.calendar.availability.check", &OTHER_TOOL),
        ("gohighlevel.calendar.event.create", &OTHER_TOOL),
        ("gohighlevel.contact.create", &OTHER_TOOL),
        ("gohighlevel.contact.get", &OTHER_TOOL),
        ("google.calendar.availability.check", &OTHER_TOOL),
        ("google.calendar.event.create", &OTHER_TOOL),
        ("google.sheets.row.append", &OTHER_TOOL),
        ("mcp", &OTHER_TOOL),
        ("query", &OTHER_TOOL),
        ("slack.message.send", &OTHER_TOOL),
        ("sms", &OTHER_TOOL),
        ("textEditor", &OTHER_TOOL),
        ("sipRequest", &OTHER_TOOL),
    ],
};

/// A person or a line that a call goes to.
pub(crate) const DESTINATION: Rule = Rule::Tagged {
    tag: "type",
    shapes: &[("number", &NUMBER_DESTINATION), ("sip", &SIP_DESTINATION)],
};

/// A tool that is not looked into.
static OTHER_TOOL: Shape = Shape {
    fields: &[],
    open: true,
    between: None,
};

const NAME: Rule = Rule::Matching {
    holds: is_function_name,
    says: "must match /^[a-zA-Z0-9_-]{1,64}$/ regular expression",
};

fn is_function_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

const MESSAGES: Rule = Rule::List(&Rule::Tagged {
    tag: "type",
    shapes: &[
        ("request-start", &MESSAGE_START),
        ("request-complete", &MESSAGE_COMPLETE),
        ("request-failed", &MESSAGE_COMPLETE),
        ("request-response-delayed", &MESSAGE_DELAYED),
    ],
});

shape!(MESSAGE_START:
    must "type" => TEXT,
    may "contents" => Rule::List(&Rule::AnyObject),
    may "blocking" => Rule::Flag,
    may "content" => text_up_to(1000),
    may "conditions" => Rule::List(&Rule::AnyObject));

shape!(MESSAGE_COMPLETE:
    must "type" => TEXT,
    may "contents" => Rule::List(&Rule::AnyObject),
    may "role" => Rule::Word(&["assistant", "system"]),
    may "endCallAfterSpokenEnabled" => Rule::Flag,
    may "content" => text_up_to(1000),
    may "conditions" => Rule::List(&Rule::AnyObject));

shape!(MESSAGE_DELAYED:
    must "type" => TEXT,
    may "contents" => Rule::List(&Rule::AnyObject),
    may "timingMilliseconds" => between(100.0, 120_000.0),
    may "content" => text_up_to(1000),
    may "conditions" => Rule::List(&Rule::AnyObject));

shape!(REJECTION_PLAN: may "conditions" => Rule::List(&Rule::AnyObject));

shape!(FUNCTION_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "async" => Rule::Flag,
    may "server" => Rule::Shape(&SERVER),
    may "variableExtractionPlan" => Rule::AnyObject,
    may "parameters" => Rule::List(&Rule::Shape(&PARAMETER)),
    may "function" => Rule::Shape(&FUNCTION),
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(PARAMETER: must "key" => TEXT, must "value" => Rule::Anything);

shape!(FUNCTION:
    must "name" => NAME,
    may "strict" => Rule::Flag,
    may "description" => TEXT,
    may "parameters" => Rule::Shape(&FUNCTION_PARAMETERS));

shape!(FUNCTION_PARAMETERS:
    must "type" => Rule::Word(&["object"]),
    must "properties" => Rule::MapOf(&Rule::Shape(&JSON_SCHEMA)),
    may "required" => Rule::List(&TEXT));

shape!(TRANSFER_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "destinations" => Rule::List(&Rule::Tagged {
        tag: "type",
        shapes: &[
            ("assistant", &ASSISTANT_DESTINATION),
            ("number", &NUMBER_DESTINATION),
            ("sip", &SIP_DESTINATION),
        ],
    }),
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(END_CALL_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(VOICEMAIL_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "beepDetectionEnabled" => Rule::Flag,
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(DTMF_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "sipInfoDtmfEnabled" => Rule::Flag,
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(API_REQUEST_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "name" => text_up_to(40),
    must "method" => Rule::Word(&["POST", "GET", "PUT", "PATCH", "DELETE"]),
    may "timeoutSeconds" => between(1.0, 300.0),
    may "credentialId" => TEXT,
    may "encryptedPaths" => Rule::List(&TEXT),
    may "parameters" => Rule::List(&Rule::Shape(&PARAMETER)),
    may "description" => TEXT,
    must "url" => ADDRESS,
    may "body" => Rule::Shape(&JSON_SCHEMA),
    may "headers" => Rule::Shape(&JSON_SCHEMA),
    may "backoffPlan" => Rule::Shape(&BACKOFF_PLAN),
    may "variableExtractionPlan" => Rule::AnyObject,
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

shape!(HANDOFF_TOOL:
    must "type" => TEXT,
    may "messages" => MESSAGES,
    may "defaultResult" => TEXT,
    may "destinations" => Rule::List(&Rule::AnyObject),
    may "function" => Rule::Shape(&FUNCTION),
    may "rejectionPlan" => Rule::Shape(&REJECTION_PLAN));

/// Text to speak, or an object with it.
const SPOKEN: Rule = Rule::Either(&[TEXT, Rule::Shape(&CUSTOM_MESSAGE)]);

shape!(CUSTOM_MESSAGE:
    must "type" => Rule::Word(&["custom-message"]),
    may "contents" => Rule::List(&Rule::AnyObject),
    may "content" => text_up_to(1000));

shape!(NUMBER_DESTINATION check number_is_international:
    must "type" => TEXT,
    may "message" => SPOKEN,
    may "numberE164CheckEnabled" => Rule::Flag,
    must "number" => Rule::Text { min: 3, max: 40 },
    may "extension" => Rule::Text { min: 1, max: 10 },
    may "callerId" => text_up_to(40),
    may "transferPlan" => Rule::Shape(&TRANSFER_PLAN),
    may "description" => TEXT);

shape!(SIP_DESTINATION:
    must "type" => TEXT,
    may "message" => SPOKEN,
    must "sipUri" => TEXT,
    may "callerId" => text_up_to(40),
    may "transferPlan" => Rule::Shape(&TRANSFER_PLAN),
    may "sipHeaders" => Rule::AnyObject,
    may "description" => TEXT);

shape!(ASSISTANT_DESTINATION:
    must "type" => TEXT,
    may "message" => SPOKEN,
    may "transferMode" => Rule::Word(&[
        "rolling-history",
        "swap-system-message-in-history",
        "swap-system-message-in-history-and-remove-transfer-tool-messages",
        "delete-history",
    ]),
    must "assistantName" => TEXT,
    may "description" => TEXT);

shape!(TRANSFER_PLAN:
    must "mode" => Rule::Word(&[
        "blind-transfer",
        "blind-transfer-add-summary-to-sip-header",
        "warm-transfer-say-message",
        "warm-transfer-say-summary",
        "warm-transfer-twiml",
        "warm-transfer-wait-for-operator-to-speak-first-and-then-say-message",
        "warm-transfer-wait-for-operator-to-speak-first-and-then-say-summary",
        "warm-transfer-experimental",
    ]),
    may "message" => SPOKEN,
    may "timeout" => between(1.0, 600.0),
    may "sipVerb" => Rule::Word(&["refer", "bye", "dial"]),
    may "dialTimeout" => between(1.0, 600.0),
    may "holdAudioUrl" => TEXT,
    may "transferCompleteAudioUrl" => TEXT,
    may "contextEngineeringPlan" => Rule::AnyObject,
    may "twiml" => text_up_to(4096),
    may "summaryPlan" => Rule::Shape(&SUMMARY_PLAN),
    may "sipHeadersInReferToEnabled" => Rule::Flag,
    may "fallbackPlan" => Rule::Shape(&FALLBACK_PLAN));

shape!(FALLBACK_PLAN: must "message" => SPOKEN, may "endCallEnabled" => Rule::Flag);

/// `number` is international, unless its sibling `numberE164CheckEnabled` says that this is not to be checked.
pub(crate) fn number_is_international(object: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    let unchecked = object.get("numberE164CheckEnabled") == Some(&Value::Bool(false));
    let number = object.get("number").and_then(Value::as_str);
    if !unchecked && number.is_some_and(|number| !is_international(number)) {
        found.push(format!(
            "{path}number must be a valid phone number in the E.164 format. Hot tip, you may be missing a country code (Eg. US: +1)."
        ));
    }
}
