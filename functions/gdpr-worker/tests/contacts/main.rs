//! The rights of the people whom an organisation calls: a copy of what is about them and nobody else, and being forgotten
//! here and at the providers, for good.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod afterwards;
mod copies;
mod forgetting;
#[expect(dead_code, reason = "it uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::Tenant;
use testkit::{Options, TestApp};
use zencall::consents::verify::verify;
use zencall::consents::{self, NewConsent, Purpose};
use zencall::kernel::ids::ContactId;

const NOW: &str = "2026-11-24T11:00:00Z";
const PHONE: &str = "+33639980000";

async fn at(now: &str, options: Options) -> TestApp {
    TestApp::with(Options {
        held_at: Some(now.parse().unwrap()),
        ..options
    })
    .await
}

/// Somebody who agreed, was called and texted, and somebody else.
struct Person {
    contact: ContactId,
    vapi_call: String,
    sid: String,
}

impl Person {
    async fn of(tenant: &Tenant<'_>) -> Self {
        tenant.fill().await;
        let (app, organization) = (&tenant.test.app, &tenant.organization);
        organization.connect_twilio_with_credentials().await;
        let contacts = organization
            .rows("select id from contacts where phone = '+33639980000'", &[])
            .await;
        let contact = ContactId::parse(contacts[0]["id"].as_str().unwrap()).unwrap();
        for who in [contact, organization.contact("+33639985555").await] {
            let consent = NewConsent {
                purposes: vec![Purpose::Phone],
                evidence: Some(json!(format!("formulaire de {who}"))),
                ..testkit::consent(testkit::advertiser("Atelier", None), "Chaudière", app.clock.now())
            };
            organization.record_consent(who, &consent).await;
        }
        let (vapi_call, sid) = (
            app.clock.uuid().to_string(),
            format!("SM{}", app.clock.uuid().simple()),
        );
        let sql = "update calls set vapi_call_id = $2, summary = 'Il est au lit.' where contact_id = $1";
        organization.sql(sql, &[&contact, &vapi_call]).await;
        let sql = "update messages set twilio_message_sid = $2, contact_id = $1 where phone = '+33639980000'";
        organization.sql(sql, &[&contact, &sid]).await;
        Self {
            contact,
            vapi_call,
            sid,
        }
    }

    fn path(&self, what: &str) -> String {
        format!("/api/v1/gdpr/contacts/{}/{what}", self.contact)
    }
}
