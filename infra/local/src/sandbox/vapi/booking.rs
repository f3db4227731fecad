//! A model that books appointments: what it asks the tool for, what it makes of the answer, and whether the answer has the
//! form that Vapi takes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{life::Life, report};
use crate::sandbox::{
    chance::{Chance, new_id, now},
    state::ToolRecord,
    target::Target,
};

/// A model that is refused offers another time, so often at most.
const TRIES: usize = 4;
/// Days ahead within which people want an appointment.
const DAYS: usize = 20;

/// Whether a tool books: it takes a day and an hour.
pub(super) fn is_booking(tool: &Value) -> bool {
    let properties = &tool["function"]["parameters"]["properties"];
    properties["date"].is_object() && properties["time"].is_object()
}

impl Life {
    /// Books, if somebody wants to: now and then with nonsense first, and now and then asking twice, as Vapi does when an
    /// answer is lost.
    pub(super) async fn book(&mut self, tool: &Value) {
        let wishes = self.stand.behaviour().bookings;
        if !self.plan.chance.happens(wishes.share) {
            return;
        }
        let server = Target::of(&tool["server"], &self.stand, self.plan.saved_server);
        if server.is_none() && !self.courier.wants("tool-calls") {
            return;
        }
        let name = tool["function"]["name"].as_str().unwrap_or_default().to_owned();
        let mut nonsense = self.plan.chance.happens(wishes.nonsense);
        for _ in 0..TRIES {
            let arguments = if nonsense {
                absurd(&mut self.plan.chance)
            } else {
                wanted(&self.plan.customer, &mut self.plan.chance)
            };
            nonsense = false;
            let call = call(&name, &arguments, &mut self.plan.chance);
            let mut with_tool = tool.clone();
            with_tool["toolCall"] = call.clone();
            let message = self.envelope(
                "tool-calls",
                json!({ "toolCallList": [call], "toolWithToolCallList": [with_tool] }),
            );
            let answer = self.courier.ask(server.clone(), &message).await;
            let (said, mut faults) = read(answer.as_ref(), &call, &name);
            if self.plan.chance.happens(wishes.repeat) {
                let again = self.courier.ask(server.clone(), &message).await;
                if read(again.as_ref(), &call, &name).0 != said {
                    faults.push("the same tool call was answered otherwise".to_owned());
                }
            }
            let id = call["id"].as_str().unwrap_or_default().to_owned();
            self.messages.push(report::tool_message(self, &call));
            let (booked, text) = said.unwrap_or((false, "No result returned.".to_owned()));
            let message = report::tool_result_message(self, &id, &name, &text);
            self.messages.push(message);
            self.stand.data().tool_calls.push(ToolRecord {
                call: self.plan.id.clone(),
                id,
                name: name.clone(),
                arguments,
                booked,
                said: text,
                faults,
            });
            if booked {
                return;
            }
        }
    }
}

/// A day and an hour that people like.
fn wanted(customer: &Value, chance: &mut Chance) -> Value {
    let days = i64::try_from(1 + chance.below(DAYS)).unwrap_or(1);
    let day = (now() + SignedDuration::from_hours(24 * days)).to_zoned(jiff::tz::TimeZone::UTC);
    json!({
        "date": day.date().to_string(),
        "time": format!("{:02}:{:02}", 9 + chance.below(9), 30 * chance.below(2)),
        "name": customer["name"].as_str().unwrap_or("Camille Petit"),
        "notes": "Rendez-vous pris au téléphone",
    })
}

/// What models write when they have not understood.
fn absurd(chance: &mut Chance) -> Value {
    let written = [
        json!({ "date": "demain", "time": "dans l'après-midi" }),
        json!({ "date": "2019-02-30", "time": "14:00" }),
        json!({ "date": "2019-02-28", "time": "14:00" }),
        json!({}),
    ];
    chance.pick(&written).cloned().unwrap_or_default()
}

/// The call in one of the forms that Vapi has sent: arguments as a text, as an object, and both flat forms.
fn call(name: &str, arguments: &Value, chance: &mut Chance) -> Value {
    let id = format!("call_{}", new_id().simple());
    let nested = |arguments: Value| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
    match chance.below(4) {
        0 => nested(json!(arguments.to_string())),
        1 => nested(arguments.clone()),
        2 => json!({ "id": id, "name": name, "arguments": arguments }),
        _ => json!({ "id": id, "name": name, "parameters": arguments }),
    }
}

/// Whether it was a result, and the text of it.
type Said = Option<(bool, String)>;

/// What the model hears, and what is wrong with the form of the answer.
fn read(answer: Option<&Value>, call: &Value, name: &str) -> (Said, Vec<String>) {
    let Some(answer) = answer else {
        return (None, vec!["no answer with the status 200".to_owned()]);
    };
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    let results = answer["results"].as_array().cloned().unwrap_or_default();
    check(results.len() == 1, "as many results as tool calls");
    let result = results.first().cloned().unwrap_or_default();
    check(
        result["toolCallId"] == call["id"],
        "results[0].toolCallId is another",
    );
    check(result["name"] == name, "results[0].name is another");
    let texts = [&result["result"], &result["error"]];
    check(
        texts.iter().filter(|text| !text.is_null()).count() == 1,
        "results[0] has a result or an error",
    );
    let text = texts
        .into_iter()
        .find(|text| !text.is_null())
        .and_then(Value::as_str);
    check(
        text.is_some_and(|text| !text.is_empty() && !text.contains(['\n', '\r'])),
        "the result or error is a text on one line",
    );
    let known = ["name", "toolCallId", "result", "error", "message", "metadata"];
    let members = result.as_object().into_iter().flatten();
    check(
        members
            .into_iter()
            .all(|(member, _)| known.contains(&member.as_str())),
        "results[0] has a member that Vapi does not know",
    );
    let said = text.map(|text| (!result["result"].is_null(), text.to_owned()));
    (said, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_answer_is_checked_to_the_letter() {
        let call = json!({ "id": "c" });
        let faults = |answer: Value| read(Some(&answer), &call, "book").1.len();
        let result = |more: Value| {
            let mut result = json!({ "name": "book", "toolCallId": "c", "result": "mardi" });
            for (name, value) in more.as_object().unwrap() {
                result[name] = value.clone();
            }
            faults(json!({ "results": [result] }))
        };
        assert_eq!(result(json!({})), 0);
        assert_eq!(result(json!({ "result": null, "error": "pris" })), 0);
        for wrong in [
            json!({ "name": "other" }),
            json!({ "toolCallId": "d" }),
            json!({ "result": "a\nb" }),
            json!({ "result": 7 }),
            json!({ "result": "" }),
            json!({ "error": "both" }),
            json!({ "status": "ok" }),
        ] {
            assert_eq!(result(wrong.clone()), 1, "{wrong}");
        }
        assert!(faults(json!({ "results": [] })) > 0 && faults(json!({ "result": "mardi" })) > 0);
        assert_eq!(read(None, &call, "book").1.len(), 1);
    }
}
