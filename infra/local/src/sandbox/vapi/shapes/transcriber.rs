//! Transcribers: a union by `provider`. Lists of languages are left open, except that of Deepgram.

use super::server::SERVER;
use crate::sandbox::rules::{NUMBER, Rule, TEXT, between, shape, text_up_to};

/// A transcriber of any provider.
pub(crate) const TRANSCRIBER: Rule = Rule::Tagged {
    tag: "provider",
    shapes: &[
        ("assembly-ai", &ASSEMBLY_AI),
        ("azure", &AZURE),
        ("custom-transcriber", &CUSTOM_TRANSCRIBER),
        ("deepgram", &DEEPGRAM),
        ("11labs", &ELEVEN_LABS),
        ("gladia", &GLADIA),
        ("google", &GOOGLE),
        ("speechmatics", &SPEECHMATICS),
        ("talkscriber", &TALKSCRIBER),
        ("openai", &OPENAI),
        ("cartesia", &CARTESIA),
        ("soniox", &SONIOX),
        ("xai", &XAI),
        ("vapi", &VAPI),
    ],
};

const DEEPGRAM_LANGUAGES: &[&str] = &[
    "ar", "az", "ba", "be", "bg", "bn", "br", "bs", "ca", "cs", "da", "da-DK", "de", "de-CH", "el", "en",
    "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-US", "es", "es-419", "es-LATAM", "et", "eu",
    "fa", "fi", "fr", "fr-CA", "ha", "haw", "he", "hi", "hi-Latn", "hr", "hu", "id", "is", "it", "ja", "jw",
    "kn", "ko", "ko-KR", "ln", "lt", "lv", "mk", "mr", "ms", "multi", "nl", "nl-BE", "no", "pl", "pt",
    "pt-BR", "pt-PT", "ro", "ru", "sk", "sl", "sn", "so", "sr", "su", "sv", "sv-SE", "ta", "taq", "te", "th",
    "th-TH", "tl", "tr", "tt", "uk", "ur", "vi", "yo", "zh", "zh-CN", "zh-HK", "zh-Hans", "zh-Hant", "zh-TW",
];

shape!(ASSEMBLY_AI:
    must "provider" => TEXT,
    may "language" => Rule::Word(&["multi", "en"]),
    may "confidenceThreshold" => between(0.0, 1.0),
    may "formatTurns" => Rule::Flag,
    may "endOfTurnConfidenceThreshold" => between(0.0, 1.0),
    may "minEndOfTurnSilenceWhenConfident" => between(0.0, f64::INFINITY),
    may "wordFinalizationMaxWaitTime" => between(0.0, f64::INFINITY),
    may "maxTurnSilence" => between(0.0, f64::INFINITY),
    may "vadAssistedEndpointingEnabled" => Rule::Flag,
    may "mode" => Rule::Word(&["max_accuracy", "min_latency", "balanced"]),
    may "prompt" => text_up_to(1750),
    may "agentContext" => text_up_to(1750),
    may "languageCodes" => Rule::List(&TEXT),
    may "speechModel" => Rule::Word(&["universal-streaming-english", "universal-streaming-multilingual", "universal-3-5-pro"]),
    may "realtimeUrl" => TEXT,
    may "wordBoost" => Rule::List(&TEXT),
    may "keytermsPrompt" => Rule::List(&TEXT),
    may "endUtteranceSilenceThreshold" => NUMBER,
    may "disablePartialTranscripts" => Rule::Flag,
    may "fallbackPlan" => Rule::AnyObject);

shape!(AZURE:
    must "provider" => TEXT,
    may "language" => TEXT,
    may "segmentationStrategy" => Rule::Word(&["Default", "Time", "Semantic"]),
    may "segmentationSilenceTimeoutMs" => between(100.0, 5000.0),
    may "segmentationMaximumTimeMs" => between(20000.0, 70000.0),
    may "fallbackPlan" => Rule::AnyObject);

shape!(CUSTOM_TRANSCRIBER:
    must "provider" => TEXT,
    must "server" => Rule::Shape(&SERVER),
    may "fallbackPlan" => Rule::AnyObject);

shape!(DEEPGRAM:
    must "provider" => TEXT,
    may "model" => TEXT,
    may "language" => Rule::Word(DEEPGRAM_LANGUAGES),
    may "smartFormat" => Rule::Flag,
    may "mipOptOut" => Rule::Flag,
    may "numerals" => Rule::Flag,
    may "profanityFilter" => Rule::Flag,
    may "redaction" => Rule::List(&Rule::Word(&["pci", "pii", "phi", "numbers"])),
    may "confidenceThreshold" => between(0.0, 1.0),
    may "eotThreshold" => between(0.5, 0.9),
    may "eotTimeoutMs" => between(500.0, 10000.0),
    may "languages" => Rule::List(&TEXT),
    may "keywords" => Rule::List(&TEXT),
    may "keyterm" => Rule::List(&TEXT),
    may "endpointing" => between(10.0, 500.0),
    may "fallbackPlan" => Rule::AnyObject);

shape!(ELEVEN_LABS:
    must "provider" => TEXT,
    may "model" => TEXT,
    may "language" => TEXT,
    may "silenceThresholdSeconds" => between(0.3, 3.0),
    may "confidenceThreshold" => between(0.1, 0.9),
    may "minSpeechDurationMs" => between(50.0, 2000.0),
    may "minSilenceDurationMs" => between(50.0, 2000.0),
    may "fallbackPlan" => Rule::AnyObject);

shape!(GLADIA:
    must "provider" => TEXT,
    may "model" => TEXT,
    may "languageBehaviour" => TEXT,
    may "language" => TEXT,
    may "languages" => Rule::List(&TEXT),
    may "transcriptionHint" => text_up_to(600),
    may "prosody" => Rule::Flag,
    may "audioEnhancer" => Rule::Flag,
    may "confidenceThreshold" => between(0.0, 1.0),
    may "endpointing" => between(0.01, 10.0),
    may "speechThreshold" => between(0.0, 1.0),
    may "customVocabularyEnabled" => Rule::Flag,
    may "customVocabularyConfig" => Rule::AnyObject,
    may "region" => Rule::Word(&["us-west", "eu-west"]),
    may "receivePartialTranscripts" => Rule::Flag,
    may "fallbackPlan" => Rule::AnyObject);

shape!(GOOGLE:
    must "provider" => TEXT,
    may "model" => TEXT,
    may "language" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(SPEECHMATICS:
    must "provider" => TEXT,
    may "model" => Rule::Word(&["default"]),
    may "language" => TEXT,
    may "operatingPoint" => Rule::Word(&["standard", "enhanced"]),
    may "region" => Rule::Word(&["eu", "us"]),
    may "enableDiarization" => Rule::Flag,
    may "maxDelay" => between(500.0, 10000.0),
    must "customVocabulary" => Rule::List(&Rule::Anything),
    may "numeralStyle" => Rule::Word(&["written", "spoken"]),
    may "endOfTurnSensitivity" => between(0.0, 1.0),
    may "removeDisfluencies" => Rule::Flag,
    may "minimumSpeechDuration" => between(0.0, 5.0),
    may "fallbackPlan" => Rule::AnyObject);

shape!(TALKSCRIBER:
    must "provider" => TEXT,
    may "model" => Rule::Word(&["whisper"]),
    may "language" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(OPENAI:
    must "provider" => TEXT,
    must "model" => Rule::Word(&["gpt-4o-transcribe", "gpt-4o-mini-transcribe"]),
    may "language" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(CARTESIA:
    must "provider" => TEXT,
    may "model" => Rule::Word(&["ink-whisper", "ink-2"]),
    may "language" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(SONIOX:
    must "provider" => TEXT,
    may "model" => Rule::Word(&["stt-rt-v4", "stt-rt-v5"]),
    may "language" => TEXT,
    may "languages" => Rule::List(&TEXT),
    may "languageHintsStrict" => Rule::Flag,
    may "maxEndpointDelayMs" => between(500.0, 3000.0),
    may "customVocabulary" => Rule::List(&TEXT),
    may "contextGeneral" => Rule::List(&Rule::Anything),
    may "fallbackPlan" => Rule::AnyObject);

shape!(XAI:
    must "provider" => TEXT,
    may "model" => Rule::Word(&["default"]),
    may "language" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(VAPI:
    must "provider" => TEXT,
    may "version" => Rule::Word(&["latest", "1"]),
    may "language" => TEXT,
    may "languages" => Rule::List(&TEXT),
    may "keywords" => Rule::List(&TEXT),
    may "turnTaking" => Rule::Word(&["intelligent", "manual"]));
