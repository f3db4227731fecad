//! The plans of an assistant: artifacts, analysis, compliance, monitoring, speaking, voicemail.

use crate::sandbox::rules::{Rule, TEXT, between, shape, text_up_to};

shape!(JSON_SCHEMA:
    must "type" => Rule::Word(&["string", "number", "integer", "boolean", "array", "object"]),
    may "items" => Rule::Shape(&JSON_SCHEMA),
    may "properties" => Rule::MapOf(&Rule::Shape(&JSON_SCHEMA)),
    may "description" => TEXT,
    may "pattern" => TEXT,
    may "format" => Rule::Word(&[
        "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
    ]),
    may "required" => Rule::List(&TEXT),
    may "enum" => Rule::List(&TEXT),
    may "title" => TEXT);

shape!(ARTIFACT_PLAN:
    may "recordingEnabled" => Rule::Flag,
    may "recordingFormat" => Rule::Word(&["wav;l16", "mp3"]),
    may "recordingUseCustomStorageEnabled" => Rule::Flag,
    may "videoRecordingEnabled" => Rule::Flag,
    may "fullMessageHistoryEnabled" => Rule::Flag,
    may "pcapEnabled" => Rule::Flag,
    may "pcapS3PathPrefix" => TEXT,
    may "pcapUseCustomStorageEnabled" => Rule::Flag,
    may "loggingEnabled" => Rule::Flag,
    may "loggingUseCustomStorageEnabled" => Rule::Flag,
    may "transcriptPlan" => Rule::Shape(&TRANSCRIPT_PLAN),
    may "recordingPath" => TEXT,
    may "structuredOutputIds" => Rule::List(&TEXT),
    may "structuredOutputs" => Rule::List(&Rule::Shape(&STRUCTURED_OUTPUT)),
    may "scorecardIds" => Rule::List(&TEXT),
    may "scorecards" => Rule::List(&Rule::AnyObject),
    may "loggingPath" => TEXT);

shape!(TRANSCRIPT_PLAN:
    may "enabled" => Rule::Flag,
    may "assistantName" => TEXT,
    may "userName" => TEXT);

shape!(STRUCTURED_OUTPUT:
    may "type" => Rule::Word(&["ai", "regex"]),
    may "regex" => Rule::Text { min: 1, max: 1000 },
    may "model" => Rule::Shape(&OUTPUT_MODEL),
    may "compliancePlan" => Rule::Shape(&COMPLIANCE_OVERRIDE),
    may "conditions" => Rule::Nullable(&Rule::List(&Rule::Tagged {
        tag: "type",
        shapes: &[
            ("minMessages", &MIN_MESSAGES),
            ("minCallDuration", &MIN_CALL_DURATION),
            ("endedReason", &ENDED_REASON),
        ],
    })),
    must "name" => Rule::Text { min: 1, max: 40 },
    must "schema" => Rule::Shape(&JSON_SCHEMA),
    may "description" => TEXT,
    may "assistantIds" => Rule::List(&TEXT),
    may "workflowIds" => Rule::List(&TEXT));

shape!(OUTPUT_MODEL:
    must "provider" => Rule::Word(&["openai", "anthropic", "anthropic-bedrock", "google", "custom-llm"]),
    must "model" => TEXT,
    may "messages" => Rule::List(&Rule::AnyObject),
    may "temperature" => between(0.0, 2.0),
    may "maxTokens" => between(50.0, 10_000.0),
    may "thinking" => Rule::AnyObject,
    may "metadataSendMode" => Rule::Word(&["off", "variable", "destructured"]),
    may "url" => TEXT,
    may "headers" => Rule::AnyObject,
    may "timeoutSeconds" => between(20.0, 600.0));

shape!(COMPLIANCE_OVERRIDE: may "forceStoreOnHipaaEnabled" => Rule::Flag);
shape!(MIN_MESSAGES: must "type" => TEXT, must "count" => between(0.0, f64::INFINITY));
shape!(MIN_CALL_DURATION: must "type" => TEXT, must "seconds" => between(0.0, f64::INFINITY));
shape!(ENDED_REASON:
    must "type" => TEXT,
    must "operator" => Rule::Word(&["oneOf", "notOneOf"]),
    must "values" => Rule::List(&TEXT));

shape!(ANALYSIS_PLAN:
    may "minMessagesThreshold" => between(0.0, f64::INFINITY),
    may "summaryPlan" => Rule::Shape(&SUMMARY_PLAN),
    may "structuredDataPlan" => Rule::Shape(&STRUCTURED_DATA_PLAN),
    may "structuredDataMultiPlan" => Rule::List(&Rule::AnyObject),
    may "successEvaluationPlan" => Rule::Shape(&SUCCESS_EVALUATION_PLAN),
    may "outcomeIds" => Rule::List(&TEXT));

shape!(SUMMARY_PLAN:
    may "messages" => Rule::List(&Rule::AnyObject),
    may "enabled" => Rule::Flag,
    may "timeoutSeconds" => between(1.0, 60.0));

shape!(STRUCTURED_DATA_PLAN:
    may "messages" => Rule::List(&Rule::AnyObject),
    may "enabled" => Rule::Flag,
    may "schema" => Rule::Shape(&JSON_SCHEMA),
    may "timeoutSeconds" => between(1.0, 60.0));

shape!(SUCCESS_EVALUATION_PLAN:
    may "rubric" => Rule::Word(&[
        "NumericScale", "DescriptiveScale", "Checklist", "Matrix", "PercentageScale", "LikertScale",
        "AutomaticRubric", "PassFail",
    ]),
    may "messages" => Rule::List(&Rule::AnyObject),
    may "enabled" => Rule::Flag,
    may "timeoutSeconds" => between(1.0, 60.0));

shape!(MONITOR_PLAN:
    may "listenEnabled" => Rule::Flag,
    may "listenAuthenticationEnabled" => Rule::Flag,
    may "controlEnabled" => Rule::Flag,
    may "controlAuthenticationEnabled" => Rule::Flag,
    may "monitorIds" => Rule::List(&TEXT));

shape!(COMPLIANCE_PLAN:
may "hipaaEnabled" => Rule::Flag,
may "pciEnabled" => Rule::Flag,
may "securityFilterPlan" => Rule::Shape(&SECURITY_FILTER_PLAN),
may "recordingConsentPlan" => Rule::Tagged {
    tag: "type",
    shapes: &[("stay-on-line", &CONSENT_BY_STAYING), ("verbal", &CONSENT_BY_WORD)],
});

shape!(SECURITY_FILTER_PLAN:
    may "enabled" => Rule::Flag,
    may "filters" => Rule::List(&Rule::AnyObject),
    may "mode" => Rule::Word(&["sanitize", "reject", "replace"]),
    may "replacementText" => TEXT);

shape!(CONSENT_BY_STAYING:
    must "message" => text_up_to(1000),
    may "voice" => super::voice::VOICE,
    may "firstMessageMode" => Rule::Word(&["assistant-speaks-first", "assistant-waits-for-user"]),
    must "type" => TEXT,
    may "waitSeconds" => between(1.0, 6.0));

shape!(CONSENT_BY_WORD:
    must "message" => text_up_to(1000),
    may "voice" => super::voice::VOICE,
    may "firstMessageMode" => Rule::Word(&["assistant-speaks-first", "assistant-waits-for-user"]),
    must "type" => TEXT,
    may "declineTool" => Rule::AnyObject,
    may "declineToolId" => TEXT);

shape!(START_SPEAKING_PLAN:
    may "waitSeconds" => between(0.0, 5.0),
    may "smartEndpointingEnabled" => Rule::Either(&[Rule::Flag, Rule::Word(&["livekit"])]),
    may "smartEndpointingPlan" => Rule::Shape(&SMART_ENDPOINTING_PLAN),
    may "customEndpointingRules" => Rule::List(&Rule::AnyObject),
    may "transcriptionEndpointingPlan" => Rule::Shape(&TRANSCRIPTION_ENDPOINTING_PLAN));

shape!(SMART_ENDPOINTING_PLAN:
    must "provider" => Rule::Word(&["vapi", "livekit", "custom-endpointing-model"]),
    may "waitFunction" => TEXT,
    may "server" => Rule::Shape(&super::server::SERVER));

shape!(TRANSCRIPTION_ENDPOINTING_PLAN:
    may "onPunctuationSeconds" => between(0.0, 3.0),
    may "onNoPunctuationSeconds" => between(0.0, 3.0),
    may "onNumberSeconds" => between(0.0, 3.0));

shape!(STOP_SPEAKING_PLAN:
    may "numWords" => between(0.0, 10.0),
    may "voiceSeconds" => between(0.0, 0.5),
    may "backoffSeconds" => between(0.0, 10.0),
    may "acknowledgementPhrases" => Rule::List(&text_up_to(240)),
    may "interruptionPhrases" => Rule::List(&text_up_to(240)));

shape!(KEYPAD_INPUT_PLAN:
    may "enabled" => Rule::Flag,
    may "timeoutSeconds" => between(0.0, 10.0),
    may "delimiters" => Rule::Word(&["#", "*", ""]));

shape!(DENOISING_PLAN:
    may "smartDenoisingPlan" => Rule::Shape(&SMART_DENOISING),
    may "fourierDenoisingPlan" => Rule::Shape(&FOURIER_DENOISING));
shape!(SMART_DENOISING: may "enabled" => Rule::Flag);
shape!(FOURIER_DENOISING:
    may "enabled" => Rule::Flag,
    may "mediaDetectionEnabled" => Rule::Flag,
    may "staticThreshold" => between(-80.0, 0.0),
    may "baselineOffsetDb" => between(-30.0, -5.0),
    may "windowSizeMs" => between(1000.0, 30_000.0),
    may "baselinePercentile" => between(1.0, 99.0));

/// Whether and how a machine that answers is recognised.
pub(crate) const VOICEMAIL_DETECTION: Rule = Rule::Either(&[
    Rule::Word(&["off"]),
    Rule::Tagged {
        tag: "provider",
        shapes: &[
            ("vapi", &VOICEMAIL_BY_MODEL),
            ("google", &VOICEMAIL_BY_MODEL),
            ("openai", &VOICEMAIL_BY_MODEL),
            ("twilio", &VOICEMAIL_BY_TWILIO),
        ],
    },
]);

shape!(VOICEMAIL_BY_MODEL:
    must "provider" => TEXT,
    may "beepMaxAwaitSeconds" => between(0.0, 30.0),
    may "backoffPlan" => Rule::Shape(&VOICEMAIL_BACKOFF),
    may "type" => Rule::Word(&["audio", "transcript"]));

shape!(VOICEMAIL_BACKOFF:
    may "startAtSeconds" => between(0.0, f64::INFINITY),
    may "frequencySeconds" => between(2.5, f64::INFINITY),
    may "maxRetries" => between(1.0, 10.0));

shape!(VOICEMAIL_BY_TWILIO:
    must "provider" => TEXT,
    may "voicemailDetectionTypes" => Rule::List(&Rule::Word(&[
        "machine_start", "human", "fax", "unknown", "machine_end_beep", "machine_end_silence",
        "machine_end_other",
    ])),
    may "enabled" => Rule::Flag,
    may "machineDetectionTimeout" => between(3.0, 59.0),
    may "machineDetectionSpeechThreshold" => between(1000.0, 6000.0),
    may "machineDetectionSpeechEndThreshold" => between(500.0, 5000.0),
    may "machineDetectionSilenceTimeout" => between(2000.0, 10_000.0));

shape!(TWILIO_TRANSPORT:
    must "provider" => TEXT,
    may "timeout" => between(1.0, 600.0),
    may "record" => Rule::Flag,
    may "recordingChannels" => Rule::Word(&["mono", "dual"]));
