//! `POST /_control/twilio/inbound`: somebody writes to a number. What Twilio does by itself comes first: it keeps the words
//! with which people opt out, answers them, and sends nothing more to them from that number.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::webhook::Webhook;
use crate::sandbox::{
    chance::{new_sid, now, rfc2822},
    rules::is_international,
    state::Stand,
};

/// The words that Twilio understands on long codes: English, and the whole message.
const STOP: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];
const UNSUBSCRIBED: &str =
    "You have successfully been unsubscribed. You will not receive any more messages from this number.";

/// A text message that somebody sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    from: String,
    to: String,
    body: String,
}

impl Written {
    /// Reads a request; a sentence if it makes no sense.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let written: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if is_international(&written.from) {
            Ok(written)
        } else {
            Err(format!("from: {} is not an international number", written.from))
        }
    }

    /// Receives it: what the webhook answered, and every text that went back to the sender.
    pub(crate) async fn receive(&self, stand: &Arc<Stand>) -> Result<Value, String> {
        let (account, token, url, sid) = self.take(stand)?;
        let mut replies: Vec<String> = self.opt_out(stand, &account).into_iter().collect();
        let mut status = None;
        if !url.is_empty() {
            let webhook = Webhook {
                url: &url,
                token: &token,
                sid: &sid,
                kind: "received",
                parameters: self.parameters(&account, &sid),
            };
            if let Some((answered, twiml)) = webhook.post(stand).await {
                status = Some(answered);
                let blocked = stand.data().has_opted_out(&account, &self.to, &self.from);
                replies.extend(messages_of(&twiml).into_iter().filter(|_| !blocked));
            }
        }
        for reply in &replies {
            let message = resource(
                &account,
                &self.to,
                &self.from,
                reply,
                "outbound-reply",
                "delivered",
            );
            stand.data().messages.push(message);
        }
        Ok(json!({ "sid": sid, "webhook_status": status, "replies": replies }))
    }

    /// The account that owns the number, its token, where its messages go; and the message itself is there now.
    fn take(&self, stand: &Stand) -> Result<(String, String, String, String), String> {
        let mut data = stand.data();
        let owner = data.kept.accounts.iter().find_map(|(sid, account)| {
            let number = account
                .numbers
                .iter()
                .find(|number| number["phone_number"] == self.to.as_str())?;
            Some((sid.clone(), account.auth_token.clone(), number.clone()))
        });
        let (account, token, number) = owner.ok_or_else(|| format!("to: nobody has {}", self.to))?;
        if number["capabilities"]["sms"] != true {
            return Err(format!("to: {} takes no messages", self.to));
        }
        // An application would win over the address, and there is none to be asked here.
        let url = match number["sms_application_sid"].as_str() {
            None | Some("") => number["sms_url"].as_str().unwrap_or_default(),
            Some(_) => "",
        };
        let message = resource(&account, &self.from, &self.to, &self.body, "inbound", "received");
        let sid = message["sid"].as_str().unwrap_or_default().to_owned();
        data.messages.push(message);
        Ok((account, token, url.to_owned(), sid))
    }

    /// What Twilio answers by itself.
    fn opt_out(&self, stand: &Stand, account: &str) -> Option<String> {
        let word = self.body.trim().to_ascii_uppercase();
        let mut data = stand.data();
        if STOP.contains(&word.as_str()) {
            let first = data.opt_out(account, &self.to, &self.from);
            return first.then(|| UNSUBSCRIBED.to_owned());
        }
        if START.contains(&word.as_str()) {
            data.opt_in(account, &self.to, &self.from);
        }
        None
    }

    fn parameters(&self, account: &str, sid: &str) -> Vec<(String, String)> {
        [
            ("AccountSid", account),
            ("ApiVersion", "2010-04-01"),
            ("Body", &self.body),
            ("From", &self.from),
            ("FromCity", ""),
            ("FromCountry", "FR"),
            ("FromState", ""),
            ("FromZip", ""),
            ("MessageSid", sid),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsMessageSid", sid),
            ("SmsSid", sid),
            ("SmsStatus", "received"),
            ("To", &self.to),
            ("ToCity", ""),
            ("ToCountry", "FR"),
            ("ToState", ""),
            ("ToZip", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

/// The texts that TwiML asks to send back; enough of XML for what a webhook writes.
fn messages_of(twiml: &str) -> Vec<String> {
    let parts = twiml.split("<Message>").skip(1);
    parts
        .filter_map(|part| part.split_once("</Message>"))
        .map(|(text, _)| {
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .collect()
}

fn resource(account: &str, from: &str, to: &str, body: &str, direction: &str, status: &str) -> Value {
    let (sid, date) = (new_sid("SM"), rfc2822(now()));
    json!({
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": date,
        "date_sent": date,
        "date_updated": date,
        "direction": direction,
        "error_code": null,
        "error_message": null,
        "from": from,
        "messaging_service_sid": null,
        "num_media": "0",
        "num_segments": "1",
        "price": null,
        "price_unit": "USD",
        "status": status,
        "to": to,
        "uri": format!("/2010-04-01/Accounts/{account}/Messages/{sid}.json"),
    })
}

#[cfg(test)]
mod tests {
    use super::messages_of;

    #[test]
    fn twiml_is_read_as_far_as_it_says_what_to_send() {
        assert_eq!(messages_of("<Response/>"), Vec::<String>::new());
        let two = "<Response><Message>a &amp; b</Message><Message>c</Message></Response>";
        assert_eq!(messages_of(two), ["a & b", "c"]);
    }
}
