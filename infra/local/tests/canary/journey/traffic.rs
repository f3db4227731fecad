//! Calls and messages, and what providers say of them.

use super::*;

impl Journey<'_> {
    /// A campaign whose calls Vapi takes, and events that carry secrets, as Vapi's do.
    pub(crate) async fn calls(&mut self) {
        let contacts = self.test.serving(contacts::routes());
        let mut ids = Vec::new();
        for number in 0..12 {
            let body =
                json!({ "phone": format!("+3363998{number:04}"), "kind": "business", "first_name": "Zoé" });
            let made = self.post(contacts.clone(), "/api/v1/contacts", body, 201).await;
            ids.push(made.json()["contact"]["id"].clone());
        }
        let campaigns = self.test.serving(campaigns::routes());
        let every_hour = json!([{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }]);
        let body = json!({
            "name": "Rappel", "assistant_id": self.assistant, "object": "votre rendez-vous", "legal_basis": "service",
            "contact_ids": ids, "settings": { "call_windows": every_hour, "concurrent_calls": 10 },
        });
        let made = self.post(campaigns, "/api/v1/campaigns", body, 201).await;
        let campaign = made.json()["campaign"]["id"].clone();
        let start = self.test.serving(campaigns_start::routes());
        self.post(
            start,
            "/api/v1/campaigns/start",
            json!({ "campaign_id": campaign }),
            202,
        )
        .await;
        for call in self.take(QueueKind::Calls).await {
            call_dialer::handle(&self.test.app, &message(&call))
                .await
                .unwrap();
        }
        let placed = self.test.placed_calls().await;
        for call in &placed {
            for kind in ["status-update", "end-of-call-report"] {
                self.vapi_event(kind, call).await;
            }
        }
        for event in self.take(QueueKind::Events).await {
            provider_events::handle(&self.test.app, &message(&event))
                .await
                .unwrap();
        }
        minute_tick::run(&self.test.app).await.unwrap();
        let calls = self.test.serving(calls::routes());
        let reply = self.client(calls).get("/api/v1/calls").await;
        self.noted(reply, 200);
    }

    async fn vapi_event(&mut self, kind: &str, call: &Value) {
        let number = json!({
            "twilioAccountSid": ACCOUNT, "twilioAuthToken": self.secret("the Twilio token"),
            "twilioApiSecret": self.secret("the API key's secret"),
        });
        let headers = json!({ "Authorization": format!("Bearer {}", self.secret("the webhook's secret")) });
        let event = json!({ "message": {
            "type": kind, "status": "in-progress", "endedReason": "customer-ended-call", "phoneNumber": number,
            "cost": 0.1, "assistant": { "server": { "headers": headers } },
            "call": {
                "id": call["id"], "phoneNumber": number, "customer": { "externalId": call["external_id"] },
                "monitor": { "controlUrl": format!("https://vapi.example/{}", self.secret("the Twilio token")) },
            },
            "artifact": { "messages": [{ "role": "user", "message": "Oui.", "time": 1795510812000_i64 }] },
        } });
        let router = self.test.serving(vapi_webhook::routes());
        let bearer = Client::bearer(router.clone(), self.secret("the webhook's secret"));
        let reply = bearer.post("/api/v1/vapi/webhook", event.clone()).await;
        self.noted(reply, 200);
        let wrong = Client::bearer(router, self.secret("a wrong bearer"));
        let reply = wrong.post("/api/v1/vapi/webhook", event).await;
        self.noted(reply, 401);
    }

    /// Text messages, and what Twilio says of them.
    pub(crate) async fn messages(&mut self) {
        let router = self.test.serving(messages::routes());
        let body = json!({ "to": "+33639981234", "body": "Votre rendez-vous est confirmé." });
        self.post(router.clone(), "/api/v1/messages", body, 202).await;
        for text in self.take(QueueKind::Messages).await {
            message_sender::handle(&self.test.app, &message(&text))
                .await
                .unwrap();
        }
        let right = self.secret("the Twilio token");
        self.twilio_event(&right, 204).await;
        for event in self.take(QueueKind::Events).await {
            provider_events::handle(&self.test.app, &message(&event))
                .await
                .unwrap();
        }
        let reply = self.client(router).get("/api/v1/messages").await;
        self.noted(reply, 200);
    }

    async fn twilio_event(&mut self, token: &str, status: u16) {
        let path = format!("/api/v1/twilio/webhook/{}", self.organization);
        let form = [
            ("AccountSid", ACCOUNT),
            ("MessageSid", "SM1"),
            ("MessageStatus", "delivered"),
        ];
        let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
        mac.update(format!("{}{path}", self.test.app.config.twilio_webhook_url).as_bytes());
        for (name, value) in form {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        let pairs: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::post(&path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", STANDARD.encode(mac.finalize().into_bytes()))
            .body(Body::from(pairs.join("&")))
            .unwrap();
        let client = Client::anonymous(self.test.serving(twilio_webhook::routes()));
        let reply = client.request(request).await;
        self.noted(reply, status);
    }

    /// Another token, with the one before still good for webhooks.
    pub(crate) async fn rotation(&mut self) {
        self.set_account("the next Twilio token").await;
        let next = self.account("the next Twilio token");
        self.put_twilio(next, 200).await;
        for (token, status) in [
            ("the Twilio token", 204),
            ("the next Twilio token", 204),
            ("a wrong Twilio token", 403),
        ] {
            let token = self.secret(token);
            self.twilio_event(&token, status).await;
        }
        self.take(QueueKind::Events).await;
    }

    /// Credentials that are refused while they are used; then the connection is removed.
    pub(crate) async fn failures(&mut self) {
        self.set_account("a wrong Twilio token").await;
        let router = self.test.serving(messages::routes());
        let body = json!({ "to": "+33639981235", "body": "Encore." });
        self.post(router, "/api/v1/messages", body, 202).await;
        for text in self.take(QueueKind::Messages).await {
            message_sender::handle(&self.test.app, &message(&text))
                .await
                .unwrap();
        }
        let contacts = self.test.serving(contacts::routes());
        let cut = Request::post("/api/v1/contacts")
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!("Bearer {}", self.session["access_token"].as_str().unwrap()),
            )
            .body(Body::from(format!(
                "[\"{}\", nonsense",
                self.secret("the password")
            )))
            .unwrap();
        let reply = Client::anonymous(contacts.clone()).request(cut).await;
        self.noted(reply, 400);
        let lost = format!("/api/v1/contacts/{}", self.secret("a wrong bearer"));
        let reply = self.client(contacts).get(&lost).await;
        self.noted(reply, 404);
        let router = self.test.serving(integrations::routes());
        let reply = self.client(router).delete(PATH).await;
        self.noted(reply, 204);
    }
}
