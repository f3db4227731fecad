//! What is kept of each message of Vapi, and what is dropped at the door.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ATTEMPT: &str = "01999999-0000-7000-8000-000000000001";
const CANARY: &str = "canary-5f2c";

fn now() -> Timestamp {
    "2026-11-24T10:00:30Z".parse().unwrap()
}

fn project(body: Value) -> Projection {
    Message::parse(body.to_string().as_bytes())
        .unwrap()
        .project(now())
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

/// A report with everything that Vapi may put into it, secrets included.
fn full_report() -> Value {
    json!({ "message": {
        "type": "end-of-call-report",
        "timestamp": 1_795_514_400_000_i64,
        "endedReason": "customer-ended-call",
        "startedAt": "2026-11-24T09:58:00.000Z",
        "endedAt": "2026-11-24T09:59:30.500Z",
        "cost": 0.1234,
        "call": {
            "id": "call-1", "orgId": CANARY, "type": "outboundPhoneCall", "createdAt": "2026-11-24T09:57:50.000Z",
            "assistantId": "assistant-1", "phoneNumberId": "number-1",
            "monitor": { "controlUrl": format!("https://{CANARY}/control"), "listenUrl": format!("wss://{CANARY}") },
            "phoneNumber": { "twilioAccountSid": CANARY, "twilioAuthToken": CANARY },
            "assistantOverrides": { "metadata": { "attempt_id": ATTEMPT, "organization_id": CANARY },
                                    "variableValues": { "prenom": CANARY } },
        },
        "customer": { "number": "+33639980001", "externalId": ATTEMPT, "name": CANARY, "email": CANARY },
        "phoneNumber": { "id": "number-2", "twilioAuthToken": CANARY, "twilioApiSecret": CANARY },
        "assistant": {
            "model": { "messages": [{ "role": "system", "content": CANARY }] },
            "server": { "url": CANARY, "headers": { "Authorization": format!("Bearer {CANARY}") } },
        },
        "artifact": {
            "messages": [
                { "role": "system", "message": CANARY, "time": 1_795_514_280_000_i64 },
                { "role": "bot", "message": "Bonjour.", "time": 1_795_514_281_000_i64 },
                { "role": "user", "message": "Oui ?", "time": 1_795_514_282_000_i64 },
                { "role": "tool_calls", "message": CANARY, "toolCalls": [{ "id": CANARY }] },
                { "role": "tool_call_result", "result": CANARY },
            ],
            "transcript": CANARY,
            "variableValues": { "prenom": CANARY },
            "recording": { "stereoUrl": format!("https://{CANARY}/s.wav"), "mono": {} },
            "presignedMonoUrl": format!("https://{CANARY}/m.wav"),
            "structuredOutputs": {
                CANARY: { "name": "sentiment", "result": { "sentiment": "Positive", "score": 0.8 } },
                "b": { "name": "Summary", "result": "Rendez-vous confirmé." },
            },
            "transfers": [{ "destination": { "type": "number", "number": "+33199000000" }, "status": "connected" }],
        },
        "analysis": { "summary": "Autre résumé.", "successEvaluation": "true",
                      "structuredData": { "sentiment": "negative" } },
        "compliance": { "recordingConsent": { "type": CANARY } },
        "server": { "secret": CANARY },
    } })
}

mod reports {
    use super::*;

    #[test]
    fn what_counts_is_kept_under_our_own_names() {
        let kept = project(full_report());
        assert_eq!(kept.kind, "end-of-call-report");
        assert_eq!(kept.occurred_at, at("2026-11-24T10:00:00Z"));
        assert_eq!(kept.received_at, now());
        assert_eq!(kept.inbound, Some(false));
        assert_eq!(kept.phone.as_deref(), Some("+33639980001"));
        assert_eq!(kept.call_created_at, at("2026-11-24T09:57:50Z"));
        assert_eq!(kept.started_at, at("2026-11-24T09:58:00Z"));
        assert_eq!(kept.ended_at, at("2026-11-24T09:59:30.5Z"));
        let keys = Keys {
            attempt: AttemptId::parse(ATTEMPT).ok(),
            call: Some("call-1".to_owned()),
            assistant: Some("assistant-1".to_owned()),
            phone_number: Some("number-1".to_owned()),
        };
        assert_eq!(kept.keys, keys);
        let Fact::Report(report) = kept.fact else {
            panic!("{:?}", kept.fact)
        };
        let turn = |role, text: &str, time: &str| Turn {
            role,
            text: text.to_owned(),
            at: time.parse().unwrap(),
        };
        assert_eq!(
            *report,
            Report {
                ended_reason: Some("customer-ended-call".to_owned()),
                cost: Some("0.1234".parse().unwrap()),
                sentiment: Some("positive".to_owned()),
                sentiment_score: Some(0.8),
                sentiment_source: Some("structured_output".to_owned()),
                summary: Some("Rendez-vous confirmé.".to_owned()),
                recording: true,
                destination: Some("+33199000000".to_owned()),
                transferred: Some(true),
                turns: vec![
                    turn(Role::Assistant, "Bonjour.", "2026-11-24T09:58:01Z"),
                    turn(Role::User, "Oui ?", "2026-11-24T09:58:02Z"),
                ],
            }
        );
    }

    #[test]
    fn no_secret_passes() {
        let kept = serde_json::to_string(&project(full_report())).unwrap();
        assert!(!kept.contains(CANARY), "{kept}");
    }

    #[test]
    fn what_is_missing_is_nothing_and_never_neutral() {
        let kept = project(json!({ "message": { "type": "end-of-call-report", "call": { "id": "c" } } }));
        assert_eq!(kept.fact, Fact::Report(Box::default()));
        let odd = project(
            json!({ "message": { "type": "end-of-call-report", "artifact": { "structuredOutputs": {
            "a": { "name": "sentiment", "result": "mixed" }, "b": { "name": "score", "result": 0.5 } } } } }),
        );
        assert_eq!(odd.fact, Fact::Report(Box::default()));
    }

    #[test]
    fn the_deprecated_analysis_serves_where_there_is_no_output() {
        let kept = project(json!({ "message": { "type": "end-of-call-report", "analysis": {
            "summary": "Résumé.", "structuredData": { "sentiment": "negative" } } } }));
        let Fact::Report(report) = kept.fact else {
            panic!("{:?}", kept.fact)
        };
        assert_eq!(report.sentiment.as_deref(), Some("negative"));
        assert_eq!(report.sentiment_source.as_deref(), Some("analysis"));
        assert_eq!(report.summary.as_deref(), Some("Résumé."));
    }

    #[test]
    fn a_transfer_that_nobody_took_is_told() {
        let transfers = |statuses: &[&str]| {
            let transfers: Vec<_> = statuses
                .iter()
                .map(|status| json!({ "destination": { "type": "number", "number": "+33199000000" }, "status": status }))
                .collect();
            let kept =
                project(json!({ "type": "end-of-call-report", "artifact": { "transfers": transfers } }));
            let Fact::Report(report) = kept.fact else {
                panic!("{:?}", kept.fact)
            };
            report.transferred
        };
        assert_eq!(transfers(&[]), None);
        assert_eq!(transfers(&["busy", "no-answer"]), Some(false));
        assert_eq!(transfers(&["busy", "connected"]), Some(true));
    }

    #[test]
    fn nothing_of_a_long_conversation_is_lost() {
        let line = "a".repeat(5_000);
        let messages: Vec<_> = (0..700)
            .map(|time| json!({ "role": "user", "message": line, "time": 1_795_514_281_000_i64 + time }))
            .collect();
        let body = json!({ "message": { "type": "end-of-call-report", "endedReason": "voicemail",
            "analysis": { "summary": line }, "artifact": { "messages": messages } } });
        let kept = project(body);
        let Fact::Report(report) = kept.fact else {
            panic!("{:?}", kept.fact)
        };
        assert_eq!(report.turns.len(), 700);
        let longest = |turn: &Turn| turn.text.chars().count() == LONGEST_UTTERANCE;
        assert!(report.turns.iter().all(longest));
    }
}

mod others {
    use super::*;

    fn fact(message: Value) -> Fact {
        project(json!({ "message": message })).fact
    }

    #[test]
    fn each_kind_has_its_fact() {
        let status = |status: &str, ended_reason: Option<&str>, destination: Option<&str>| Fact::Status {
            status: status.to_owned(),
            ended_reason: ended_reason.map(str::to_owned),
            destination: destination.map(str::to_owned),
        };
        let number = json!({ "type": "number", "number": "+33199000000" });
        for (message, expected) in [
            (
                json!({ "type": "status-update", "status": "ringing" }),
                status("ringing", None, None),
            ),
            (
                json!({ "type": "status-update", "status": "ended", "endedReason": "customer-busy" }),
                status("ended", Some("customer-busy"), None),
            ),
            (
                json!({ "type": "status-update", "status": "forwarding", "destination": number }),
                status("forwarding", None, Some("+33199000000")),
            ),
            (json!({ "type": "status-update" }), Fact::Other),
            (
                json!({ "type": "transfer-update", "destination": number }),
                Fact::Transfer {
                    destination: Some("+33199000000".to_owned()),
                },
            ),
            (
                json!({ "type": "transfer-update", "destination": { "type": "sip", "sipUri": "sip:a@b" } }),
                Fact::Transfer {
                    destination: Some("sip:a@b".to_owned()),
                },
            ),
            (
                json!({ "type": "transfer-update", "destination": { "type": "assistant", "assistantName": "B" } }),
                Fact::Transfer { destination: None },
            ),
            (
                json!({ "type": "tool-calls", "toolCallList": [{ "id": "t", "function": { "name": "book", "arguments": "{}" } }] }),
                Fact::ToolCalls {
                    objection: None,
                    ids: vec!["t".to_owned()],
                    names: vec!["book".to_owned()],
                },
            ),
            (json!({ "type": "hang" }), Fact::Other),
            (
                json!({ "type": "transcript", "transcriptType": "final", "transcript": " " }),
                Fact::Other,
            ),
        ] {
            assert_eq!(fact(message.clone()), expected, "{message}");
        }
    }

    #[test]
    fn utterances_are_heard_in_the_older_form_too() {
        for body in [
            json!({ "message": { "type": "transcript", "role": "user", "transcript": "Oui.", "timestamp": 1_795_514_400_000_i64 } }),
            json!({ "type": "transcript", "timestamp": 1_795_514_400_000_i64, "message": { "role": "user", "content": "Oui." } }),
            json!({ "type": "transcript", "role": "user", "timestamp": "2026-11-24T10:00:00Z", "transcript": "Oui." }),
        ] {
            let turn = Turn {
                role: Role::User,
                text: "Oui.".to_owned(),
                at: "2026-11-24T10:00:00Z".parse().unwrap(),
            };
            assert_eq!(project(body.clone()).fact, Fact::Said(turn), "{body}");
        }
    }

    #[test]
    fn the_names_of_the_application_before_are_understood() {
        let older = |kind: &str| {
            project(json!({ "type": kind, "call": { "id": "c", "endedReason": "customer-busy", "cost": 1 } }))
        };
        assert!(matches!(older("call-started").fact, Fact::Status { status, .. } if status == "in-progress"));
        assert!(matches!(older("transfer").fact, Fact::Status { status, .. } if status == "forwarding"));
        let Fact::Report(report) = older("call-ended").fact else {
            panic!()
        };
        assert_eq!(report.ended_reason.as_deref(), Some("customer-busy"));
        assert_eq!(report.cost, Some(Decimal::ONE));
        assert_eq!(older("appointment-booked").fact, Fact::Other);
        assert_eq!(older("appointment-booked").keys.call.as_deref(), Some("c"));
    }

    #[test]
    fn an_attempt_is_a_uuid_and_nothing_else() {
        let attempt = |id: &str| {
            project(json!({ "type": "hang", "customer": { "externalId": id } }))
                .keys
                .attempt
        };
        assert!(attempt(ATTEMPT).is_some());
        assert_eq!(attempt("client-42"), None);
    }

    #[test]
    fn what_lies_on_the_queue_is_read_again_and_another_version_is_not() {
        let kept = project(full_report());
        let mut lying = serde_json::to_value(&kept).unwrap();
        assert_eq!(lying["v"], 1);
        assert_eq!(serde_json::from_value::<Projection>(lying.clone()).unwrap(), kept);
        lying["v"] = json!(2);
        assert!(serde_json::from_value::<Projection>(lying).is_err());
    }
}

/// Any JSON, of any type in any place.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        Just(json!("transcript")),
        Just(json!("end-of-call-report")),
    ];
    let names = prop_oneof![
        Just("type"),
        Just("call"),
        Just("artifact"),
        Just("analysis"),
        Just("structuredOutputs"),
        Just("messages"),
        Just("customer"),
        Just("destination"),
        Just("cost"),
        Just("timestamp"),
        Just("toolCallList"),
        Just("function"),
        Just("transfers"),
        Just("message"),
        Just("name"),
        Just("result"),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((names.clone(), inner), 0..8).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_message_can_be_kept_and_read_again(kind in 0..7_usize, mut content in any_json()) {
        let kinds = ["end-of-call-report", "status-update", "transcript", "tool-calls", "transfer-update", "call-ended", "x"];
        if let Some(members) = content.as_object_mut() {
            members.insert("type".to_owned(), json!(kinds[kind]));
            let message = Message::parse(json!({ "message": content }).to_string().as_bytes()).unwrap();
            message.question();
            let kept = message.project(now());
            let lying = serde_json::to_string(&kept).unwrap();
            prop_assert!(!lying.contains("\\u0000"));
            prop_assert_eq!(serde_json::from_str::<Projection>(&lying).unwrap(), kept);
        }
    }
}
