//! Voices: a union by `provider`. Lists of languages and of stock voices are left open.

use super::server::SERVER;
use crate::sandbox::rules::{NUMBER, Rule, TEXT, between, shape, text_up_to};

/// A voice of any provider.
pub(crate) const VOICE: Rule = Rule::Tagged {
    tag: "provider",
    shapes: &[
        ("azure", &AZURE),
        ("cartesia", &CARTESIA),
        ("custom-voice", &CUSTOM_VOICE),
        ("deepgram", &DEEPGRAM),
        ("11labs", &ELEVEN_LABS),
        ("hume", &HUME),
        ("lmnt", &LMNT),
        ("neuphonic", &NEUPHONIC),
        ("openai", &OPENAI),
        ("playht", &PLAYHT),
        ("wellsaid", &WELLSAID),
        ("rime-ai", &RIME_AI),
        ("smallest-ai", &SMALLEST_AI),
        ("tavus", &TAVUS),
        ("vapi", &VAPI),
        ("sesame", &SESAME),
        ("inworld", &INWORLD),
        ("minimax", &MINIMAX),
        ("xai", &XAI),
        ("microsoft", &MICROSOFT),
    ],
};

shape!(CHUNK_PLAN:
    may "enabled" => Rule::Flag,
    may "minCharacters" => between(1.0, 80.0),
    may "punctuationBoundaries" => Rule::List(&TEXT),
    may "formatPlan" => Rule::AnyObject);

shape!(AZURE:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "speed" => between(0.5, 2.0),
    may "fallbackPlan" => Rule::AnyObject);

shape!(CARTESIA:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => TEXT,
    may "language" => TEXT,
    may "experimentalControls" => Rule::AnyObject,
    may "generationConfig" => Rule::AnyObject,
    may "pronunciationDictId" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(CUSTOM_VOICE:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    may "voiceId" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    must "server" => Rule::Shape(&SERVER),
    may "fallbackPlan" => Rule::AnyObject);

shape!(DEEPGRAM:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["aura", "aura-2"]),
    may "mipOptOut" => Rule::Flag,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(ELEVEN_LABS:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "stability" => between(0.0, 1.0),
    may "similarityBoost" => between(0.0, 1.0),
    may "style" => between(0.0, 1.0),
    may "useSpeakerBoost" => Rule::Flag,
    may "speed" => between(0.7, 1.2),
    may "optimizeStreamingLatency" => between(0.0, 4.0),
    may "enableSsmlParsing" => Rule::Flag,
    may "autoMode" => Rule::Flag,
    may "model" => Rule::Word(&[
        "eleven_multilingual_v2", "eleven_turbo_v2", "eleven_turbo_v2_5", "eleven_flash_v2",
        "eleven_flash_v2_5", "eleven_monolingual_v1", "eleven_v3",
    ]),
    may "language" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "pronunciationDictionaryLocators" => Rule::List(&Rule::Anything),
    may "fallbackPlan" => Rule::AnyObject);

shape!(HUME:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    may "model" => Rule::Word(&["octave", "octave2"]),
    must "voiceId" => TEXT,
    may "isCustomHumeVoice" => Rule::Flag,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "description" => TEXT,
    may "fallbackPlan" => Rule::AnyObject);

shape!(LMNT:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "speed" => between(0.25, 2.0),
    may "language" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(NEUPHONIC:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["neu_hq", "neu_fast"]),
    must "language" => Rule::AnyObject,
    may "speed" => between(0.25, 2.0),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(OPENAI:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]),
    may "instructions" => text_up_to(10000),
    may "speed" => between(0.25, 4.0),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(PLAYHT:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "speed" => between(0.1, 5.0),
    may "temperature" => between(0.1, 2.0),
    may "emotion" => TEXT,
    may "voiceGuidance" => between(1.0, 6.0),
    may "styleGuidance" => between(1.0, 30.0),
    may "textGuidance" => between(1.0, 2.0),
    may "model" => Rule::Word(&["PlayHT2.0", "PlayHT2.0-turbo", "Play3.0-mini", "PlayDialog"]),
    may "language" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(WELLSAID:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["caruso", "legacy"]),
    may "enableSsml" => Rule::Flag,
    may "libraryIds" => Rule::List(&TEXT),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(RIME_AI:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["arcana", "mistv2", "mist"]),
    may "speed" => between(0.1, f64::INFINITY),
    may "pauseBetweenBrackets" => Rule::Flag,
    may "phonemizeBetweenBrackets" => Rule::Flag,
    may "reduceLatency" => Rule::Flag,
    may "inlineSpeedAlpha" => TEXT,
    may "language" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(SMALLEST_AI:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["lightning"]),
    may "speed" => NUMBER,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(TAVUS:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "personaId" => TEXT,
    may "callbackUrl" => TEXT,
    may "conversationName" => TEXT,
    may "conversationalContext" => TEXT,
    may "customGreeting" => TEXT,
    may "properties" => Rule::AnyObject,
    may "fallbackPlan" => Rule::AnyObject);

shape!(VAPI:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "version" => Rule::Anything,
    may "speed" => between(0.25, 2.0),
    may "language" => TEXT,
    may "pronunciationDictionary" => Rule::List(&Rule::Anything),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN));

shape!(SESAME:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    must "model" => Rule::Word(&["csm-1b"]),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(INWORLD:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["inworld-tts-1"]),
    may "languageCode" => TEXT,
    may "temperature" => between(0.1, 2.0),
    may "speakingRate" => between(0.5, 1.5),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(MINIMAX:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "model" => Rule::Word(&["speech-02-hd", "speech-02-turbo", "speech-2.5-turbo-preview"]),
    may "emotion" => TEXT,
    may "subtitleType" => Rule::Word(&["word", "sentence"]),
    may "pitch" => between(-12.0, 12.0),
    may "speed" => between(0.5, 2.0),
    may "volume" => between(0.5, 2.0),
    may "region" => Rule::Word(&["worldwide", "china"]),
    may "languageBoost" => TEXT,
    may "textNormalizationEnabled" => Rule::Flag,
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(XAI:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => Rule::Word(&["eve", "ara", "rex", "sal", "leo"]),
    may "language" => TEXT,
    may "speed" => between(0.7, 1.5),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "fallbackPlan" => Rule::AnyObject);

shape!(MICROSOFT:
    may "cachingEnabled" => Rule::Flag,
    must "provider" => TEXT,
    must "voiceId" => TEXT,
    may "style" => TEXT,
    may "styleDegree" => between(0.01, 2.0),
    may "role" => Rule::Word(&["Girl", "Boy", "YoungAdultFemale", "YoungAdultMale", "OlderAdultFemale", "OlderAdultMale", "SeniorFemale", "SeniorMale"]),
    may "chunkPlan" => Rule::Shape(&CHUNK_PLAN),
    may "speed" => between(0.5, 2.0),
    may "fallbackPlan" => Rule::AnyObject);
