//! Running stand-ins, a client for them, and a server that receives their webhooks.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use local::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NUMBER: &str = "+33939000001";
const ANY_PORT: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Stand-ins with one Twilio account, and fast calls.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) settings: SandboxSettings,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(SandboxSettings::default()).await
    }

    pub(crate) async fn with(settings: SandboxSettings) -> Self {
        let sandbox = Sandbox::start(ANY_PORT, settings.clone()).await.unwrap();
        let world = Self {
            sandbox,
            settings,
            http: client(),
        };
        let account = json!({ "auth_token": TOKEN, "numbers": [NUMBER], "status": "active" });
        let (status, _) = world
            .control("PUT", &format!("/twilio/accounts/{ACCOUNT}"), Some(account))
            .await;
        assert_eq!(status, 200);
        world.behave(json!({})).await;
        world
    }

    /// Calls of 0.05 s, and what the test adds.
    pub(crate) async fn behave(&self, mut behaviour: Value) {
        if behaviour.get("call_seconds").is_none() {
            behaviour["call_seconds"] = json!(0.05);
        }
        let (status, answer) = self.control("PUT", "/behaviour", Some(behaviour)).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    fn request(&self, method: &str, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.sandbox.url());
        let request = self.http.request(method.parse().unwrap(), url);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        Self::answer(self.request(method, &format!("/_control{path}"), body)).await
    }

    pub(crate) async fn vapi(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        Self::answer(self.vapi_request(method, path, body)).await
    }

    pub(crate) fn vapi_request(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::RequestBuilder {
        self.request(method, &format!("/vapi{path}"), body)
            .bearer_auth(&self.settings.vapi_api_key)
    }

    pub(crate) async fn twilio(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.twilio_as(ACCOUNT, TOKEN, method, path, form).await
    }

    pub(crate) async fn twilio_as(
        &self,
        user: &str,
        password: &str,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        let path = format!("/twilio/2010-04-01/Accounts/{ACCOUNT}{path}");
        let mut request = self.request(method, &path, None).basic_auth(user, Some(password));
        if method == "POST" {
            request = request.form(form);
        }
        Self::answer(request).await
    }

    pub(crate) async fn assistant(&self, body: Value) -> String {
        let (status, answer) = self.vapi("POST", "/assistant", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn phone_number(&self) -> String {
        let (status, answer) = self.vapi("POST", "/phone-number", Some(import())).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// An assistant, a number and a call.
    pub(crate) async fn call(&self, assistant: &Value, number: &str) -> (u16, Value) {
        let order = self.order(assistant, number).await;
        self.vapi("POST", "/call", Some(order)).await
    }

    pub(crate) async fn order(&self, assistant: &Value, number: &str) -> Value {
        json!({
            "assistantId": self.assistant(assistant.clone()).await,
            "phoneNumberId": self.phone_number().await,
            "customer": { "number": number, "externalId": "attempt-1", "name": "Zoé" },
            "assistantOverrides": { "metadata": { "attempt": "attempt-1" }, "variableValues": { "prenom": "Zoé" } },
        })
    }

    pub(crate) async fn calls(&self) -> Vec<Value> {
        let (_, calls) = self.control("GET", "/calls", None).await;
        calls.as_array().unwrap().clone()
    }

    /// Waits until every call has its report.
    pub(crate) async fn finished(&self) {
        for _ in 0..500 {
            let (_, calls) = self.vapi("GET", "/call", None).await;
            let calls = calls.as_array().unwrap();
            if calls
                .iter()
                .all(|call| call["costs"].is_array() && call.get("artifact").is_some())
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("calls did not end");
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

pub(crate) fn import() -> Value {
    json!({
        "provider": "twilio",
        "number": NUMBER,
        "twilioAccountSid": ACCOUNT,
        "twilioAuthToken": TOKEN,
        "smsEnabled": false,
        "name": "Agence",
    })
}

/// A webhook as it came.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
}

impl Received {
    pub(crate) fn message(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.raw).unwrap();
        body["message"].clone()
    }
}

/// A server that receives webhooks and answers with statuses in turn, then 200.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

type Shared = (Arc<Mutex<Vec<Received>>>, Arc<Mutex<Vec<u16>>>);

impl Receiver {
    pub(crate) async fn start() -> Self {
        let received = Arc::default();
        let statuses = Arc::default();
        let state: Shared = (Arc::clone(&received), Arc::clone(&statuses));
        let app = Router::new().route("/hook", post(receive)).with_state(state);
        let listener = tokio::net::TcpListener::bind(ANY_PORT).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            received,
            statuses,
        }
    }

    pub(crate) fn answer_with(&self, statuses: &[u16]) {
        *self.statuses.lock().unwrap() = statuses.iter().rev().copied().collect();
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn messages(&self) -> Vec<Value> {
        self.all().iter().map(Received::message).collect()
    }

    /// Waits until this many webhooks came that the condition holds for.
    pub(crate) async fn wait_for(&self, count: usize, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
        for _ in 0..500 {
            let found: Vec<Value> = self.messages().into_iter().filter(&holds).collect();
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain; came: {:?}", self.kinds());
    }

    pub(crate) async fn report(&self) -> Value {
        let is_report = |message: &Value| message["type"] == "end-of-call-report";
        self.wait_for(1, is_report).await.remove(0)
    }

    /// Kinds of messages, with the status of status updates.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let name = |message: &Value| match message["type"].as_str() {
            Some("status-update") => message["status"].as_str().unwrap().to_owned(),
            kind => kind.unwrap().to_owned(),
        };
        self.messages().iter().map(name).collect()
    }
}

async fn receive(
    State((received, statuses)): State<Shared>,
    headers: HeaderMap,
    raw: Bytes,
) -> (StatusCode, String) {
    let tool_call = serde_json::from_slice::<Value>(&raw)
        .ok()
        .and_then(|body| Some(body["message"]["toolCallList"][0]["id"].as_str()?.to_owned()));
    received.lock().unwrap().push(Received { headers, raw });
    let status = statuses.lock().unwrap().pop().unwrap_or(200);
    let answer = match tool_call {
        Some(id) => json!({ "results": [{ "name": "f", "toolCallId": id, "result": "jeudi 14 h" }] }),
        None => Value::Null,
    };
    (StatusCode::from_u16(status).unwrap(), answer.to_string())
}
