//! What happens while people talk: turns, their transcripts, and a tool that the model calls.

use serde_json::json;

use super::{
    booking,
    conversation::{Conversation, Speaker},
    life::Life,
    outputs, report,
};
use crate::sandbox::{chance::new_id, target::Target};

const FINAL_TRANSCRIPT: &str = "transcript[transcriptType=\"final\"]";

impl Life {
    /// Says the first `count` lines, evenly over the conversation's time.
    pub(super) async fn talk(&mut self, said: &Conversation, count: usize) {
        let lines = said.lines.iter().take(count);
        let shares = f64::from(u32::try_from(count).unwrap_or(1) + 1);
        for (turn, (speaker, line)) in lines.enumerate() {
            self.linger(self.seconds / shares).await;
            self.say(turn, *speaker, line);
            if turn == 2 && said.lines.len() == count {
                self.use_tool(said).await;
            }
        }
        self.linger(self.seconds / shares).await;
    }

    async fn linger(&self, seconds: f64) {
        tokio::time::sleep(self.stand.behaviour().scaled(seconds)).await;
    }

    fn say(&mut self, turn: usize, speaker: Speaker, line: &str) {
        let role = match speaker {
            Speaker::Assistant => "assistant",
            Speaker::User => "user",
        };
        let speech = |status: &str| json!({ "status": status, "role": role, "turn": turn });
        self.send("speech-update", speech("started"));
        let heard =
            |kind: &str, text: &str| json!({ "role": role, "transcriptType": kind, "transcript": text });
        let half = line.split(' ').next().unwrap_or_default();
        self.send("transcript", heard("partial", half));
        self.send("transcript", heard("final", line));
        if self.courier.wants(FINAL_TRANSCRIPT) {
            let kind = if self.literal_transcripts {
                FINAL_TRANSCRIPT
            } else {
                "transcript"
            };
            self.courier.send(self.envelope(kind, heard("final", line)));
        }
        self.send("speech-update", speech("stopped"));
        self.messages.push(report::spoken_message(self, speaker, line));
        let history = json!({
            "messages": self.messages,
            "messagesOpenAIFormatted": report::openai_messages(self),
        });
        self.send("conversation-update", history);
    }

    /// Calls a function of the assistant's, as a model might, and keeps the answer: the one that books, else the first that
    /// is not for whoever objects. Nobody does in these conversations.
    async fn use_tool(&mut self, said: &Conversation) {
        let tools = self.plan.assistant["model"]["tools"].as_array();
        let functions = || {
            let tools = tools.into_iter().flatten();
            tools.filter(|tool| tool["type"] == "function" && tool["function"].is_object())
        };
        let tool = functions()
            .find(|tool| booking::is_booking(tool))
            .or_else(|| functions().find(|tool| !is_for_objecting(tool)))
            .cloned();
        let Some(tool) = tool else { return };
        if booking::is_booking(&tool) {
            return self.book(&tool).await;
        }
        let server = Target::of(&tool["server"], &self.stand, self.plan.saved_server);
        if server.is_none() && !self.courier.wants("tool-calls") {
            return;
        }
        let function = &tool["function"];
        let name = function["name"].as_str().unwrap_or_default().to_owned();
        let given = outputs::value(&function["parameters"], &name, said, &mut self.plan.chance);
        let id = format!("call_{}", new_id().simple());
        // A text by the contract, an object in the vendor's guides and in live traffic.
        let arguments = if self.plan.chance.happens(0.5) {
            json!(given.to_string())
        } else {
            given
        };
        let call = json!({
            "id": id,
            "type": "function",
            "function": { "name": name, "arguments": arguments },
        });
        let mut with_tool = tool.clone();
        with_tool["toolCall"] = call.clone();
        let message = self.envelope(
            "tool-calls",
            json!({ "toolCallList": [call], "toolWithToolCallList": [with_tool] }),
        );
        let answer = self.courier.ask(server, &message).await;
        self.messages.push(report::tool_message(self, &call));
        let results = answer.as_ref().and_then(|answer| answer["results"].as_array());
        let result = results
            .into_iter()
            .flatten()
            .find(|result| result["toolCallId"] == id.as_str());
        let text = result
            .and_then(|result| result["result"].as_str().or(result["error"].as_str()))
            .unwrap_or("No result returned.");
        let message = report::tool_result_message(self, &id, &name, text);
        self.messages.push(message);
    }
}

/// Whether a tool notes that somebody objects: it takes their words and nothing else.
fn is_for_objecting(tool: &serde_json::Value) -> bool {
    let properties = tool["function"]["parameters"]["properties"].as_object();
    properties.is_some_and(|properties| properties.len() == 1 && properties.contains_key("quote"))
}
