//! Language models: a union by `provider`.

use super::tools::TOOL;
use crate::sandbox::rules::{Rule, TEXT, between, shape, text_up_to};

/// A model of any provider.
pub(crate) const MODEL: Rule = Rule::Tagged {
    tag: "provider",
    shapes: &[
        ("openai", &OPENAI),
        ("anthropic", &ANTHROPIC),
        ("anthropic-bedrock", &ANTHROPIC),
        ("google", &GOOGLE),
        ("custom-llm", &CUSTOM),
        ("vapi", &VAPI),
        ("anyscale", &OTHER),
        ("cerebras", &OTHER),
        ("deepinfra", &OTHER),
        ("deep-seek", &OTHER),
        ("groq", &OTHER),
        ("inflection-ai", &OTHER),
        ("minimax", &OTHER),
        ("openrouter", &OTHER),
        ("perplexity-ai", &OTHER),
        ("together-ai", &OTHER),
        ("xai", &OTHER),
    ],
};

/// Declares a model's shape: what all models have, and more.
macro_rules! model_shape {
    ($name:ident, $($need:ident $field:literal => $rule:expr),+ $(,)?) => {
        shape!($name:
            must "provider" => TEXT,
            may "messages" => Rule::List(&Rule::Shape(&MESSAGE)),
            may "tools" => Rule::List(&TOOL),
            may "toolIds" => Rule::List(&TEXT),
            may "toolRefs" => Rule::List(&Rule::AnyObject),
            may "knowledgeBase" => Rule::AnyObject,
            may "temperature" => between(0.0, 2.0),
            may "emotionRecognitionEnabled" => Rule::Flag,
            may "numFastTurns" => between(0.0, f64::INFINITY),
            $($need $field => $rule),+);
    };
}

const MAX_TOKENS: Rule = between(50.0, 10_000.0);

shape!(MESSAGE:
    must "content" => Rule::Nullable(&TEXT),
    must "role" => Rule::Word(&["assistant", "function", "user", "system", "tool"]));

model_shape!(OTHER, must "model" => TEXT, may "maxTokens" => MAX_TOKENS);
model_shape!(ANTHROPIC,
    must "model" => TEXT,
    may "maxTokens" => MAX_TOKENS,
    may "thinking" => Rule::AnyObject);
model_shape!(GOOGLE,
    must "model" => TEXT,
    may "maxTokens" => MAX_TOKENS,
    may "realtimeConfig" => Rule::AnyObject);
model_shape!(CUSTOM,
    must "model" => TEXT,
    must "url" => TEXT,
    may "maxTokens" => MAX_TOKENS,
    may "metadataSendMode" => TEXT,
    may "headers" => Rule::AnyObject,
    may "wordLevelConfidenceEnabled" => Rule::Flag,
    may "timeoutSeconds" => between(0.0, f64::INFINITY));
model_shape!(VAPI,
    may "model" => TEXT,
    may "version" => Rule::Anything,
    may "workflowId" => TEXT,
    may "workflow" => Rule::AnyObject);
model_shape!(OPENAI,
    must "model" => OPENAI_MODEL,
    may "maxTokens" => MAX_TOKENS,
    may "fallbackModels" => Rule::List(&OPENAI_MODEL),
    may "toolStrictCompatibilityMode" => Rule::Word(&[
        "strip-parameters-with-unsupported-validation",
        "strip-unsupported-validation",
    ]),
    may "promptCacheRetention" => Rule::Word(&["in_memory", "24h"]),
    may "promptCacheKey" => text_up_to(64),
    may "reasoningEffort" => Rule::Word(&["minimal", "none", "low", "medium", "high", "xhigh"]));

const OPENAI_MODEL: Rule = Rule::Matching {
    holds: is_openai_model,
    says: "must be one of the models of OpenAI that Vapi lists",
};

/// The models, each alone or, for some, with a region after a colon.
fn is_openai_model(name: &str) -> bool {
    match name.split_once(':') {
        None => OPENAI_MODELS.contains(&name),
        Some((model, region)) => OPENAI_REGIONAL.contains(&model) && OPENAI_REGIONS.contains(&region),
    }
}

const OPENAI_MODELS: &[&str] = &[
    "gpt-5.6-sol",
    "gpt-5.6-terra",
    "gpt-5.6-luna",
    "gpt-5.5",
    "chat-latest",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.2",
    "gpt-5.2-chat-latest",
    "gpt-5.1",
    "gpt-5.1-chat-latest",
    "gpt-5",
    "gpt-5-chat-latest",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano-2025-04-14",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "chatgpt-4o-latest",
    "o3",
    "o3-mini",
    "o4-mini",
    "o1-mini",
    "o1-mini-2024-09-12",
    "gpt-4o-realtime-preview-2024-10-01",
    "gpt-4o-realtime-preview-2024-12-17",
    "gpt-4o-mini-realtime-preview-2024-12-17",
    "gpt-realtime-2025-08-28",
    "gpt-realtime-mini-2025-12-15",
    "gpt-realtime-2",
    "gpt-4o-mini-2024-07-18",
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-4o-2024-05-13",
    "gpt-4o-2024-08-06",
    "gpt-4o-2024-11-20",
    "gpt-4-turbo",
    "gpt-4-turbo-2024-04-09",
    "gpt-4-turbo-preview",
    "gpt-4-0125-preview",
    "gpt-4-1106-preview",
    "gpt-4",
    "gpt-4-0613",
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-1106",
    "gpt-3.5-turbo-16k",
    "gpt-3.5-turbo-0613",
];

const OPENAI_REGIONAL: &[&str] = &[
    "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-1106",
    "gpt-4-0125-preview",
    "gpt-4-0613",
    "gpt-4-1106-preview",
    "gpt-4-turbo-2024-04-09",
    "gpt-4.1",
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano-2025-04-14",
    "gpt-4o",
    "gpt-4o-2024-05-13",
    "gpt-4o-2024-08-06",
    "gpt-4o-2024-11-20",
    "gpt-4o-mini-2024-07-18",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.6-luna",
    "gpt-5.6-sol",
    "gpt-5.6-terra",
];

const OPENAI_REGIONS: &[&str] = &[
    "australiaeast",
    "canadaeast",
    "eastus",
    "eastus2",
    "france",
    "germanywestcentral",
    "india",
    "northcentralus",
    "norway",
    "polandcentral",
    "southcentralus",
    "spaincentral",
    "swedencentral",
    "uk",
    "westeurope",
    "westus",
    "westus3",
];
