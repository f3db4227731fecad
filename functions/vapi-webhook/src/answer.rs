//! Answers to the messages that want one. Each is safe: what we cannot do is
//! said in a sentence, and nobody is dialled or put through by mistake.

use serde_json::{Value, json};
use zencall::adapters::vapi::webhook::{Question, ToolCall};

/// What the caller hears when no assistant of ours takes the call.
const NOBODY_TAKES_IT: &str =
    "Bonjour. Ce numéro ne prend pas d'appel pour le moment. Merci de rappeler plus tard. Au revoir.";
const NOBODY_TO_TRANSFER_TO: &str = "Je ne peux pas transférer votre appel pour le moment.";

/// The answer to a question; always with status 200, since Vapi discards any other.
pub(crate) fn to(question: Question) -> Value {
    match question {
        Question::ToolCalls(calls) => {
            let results: Vec<_> = calls.iter().map(result).collect();
            json!({ "results": results })
        }
        Question::FunctionCall(call) => json!({ "result": refusal(&call) }),
        Question::Assistant => json!({ "error": NOBODY_TAKES_IT }),
        Question::TransferDestination => json!({ "error": NOBODY_TO_TRANSFER_TO }),
        // Closed until consent can be looked up: anything but true is "do not dial".
        Question::Predial => json!({ "eligible": false }),
    }
}

fn result(call: &ToolCall) -> Value {
    json!({ "name": call.name, "toolCallId": call.id, "error": refusal(call) })
}

/// One line for the model, which tells the caller in its own words.
fn refusal(call: &ToolCall) -> String {
    match call.arguments {
        Some(_) => format!("There is no tool named {:?}.", call.name),
        None => format!("The arguments of {:?} are not a JSON object.", call.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_stands_on_one_line() {
        let call = ToolCall {
            id: "c".to_owned(),
            name: "a\u{2028}\r\nb".to_owned(),
            arguments: None,
        };
        assert!(!refusal(&call).contains(['\n', '\r', '\u{2028}']));
    }
}
