//! A tenant of one test: fresh, with an administrator and a member, and rows made straight in the database.

use axum::Router;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use zencall::App;
use zencall::adapters::twilio::{AccountSid, TwilioCredentials, secret};
use zencall::assistants::DISCLOSURES_VERSION;
use zencall::consents::{self, Company, Consent, NewConsent, Purpose};
use zencall::db::{Bytes, Claims, DbError};
use zencall::kernel::Scope;
use zencall::kernel::api_key::ApiKey;
use zencall::kernel::ids::{ApiKeyId, AssistantId, CampaignId, ContactId, OrganizationId, SessionId, UserId};
use zencall::kernel::{Caller, Origin, Person, Principal, Role};

use crate::client::Client;
use crate::{TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_NUMBER};

/// What somebody agreed to on this advertiser's web form: to be called, also by an automated voice, about this.
pub fn consent(advertiser: Company, object: &str, collected_at: Timestamp) -> NewConsent {
    NewConsent {
        purposes: vec![Purpose::Phone, Purpose::AutomatedVoice],
        object: object.to_owned(),
        advertiser,
        third_party: None,
        text: "J'accepte d'être appelé par un assistant vocal.".to_owned(),
        text_version: "1".to_owned(),
        channel: "web_form".to_owned(),
        positive_act: None,
        collected_at,
        valid_until: None,
        special_slot: None,
        evidence: Some(json!("formulaire 12")),
    }
}

/// A company that advertises.
pub fn advertiser(name: &str, siren: Option<&str>) -> Company {
    Company {
        name: name.to_owned(),
        siren: siren.map(str::to_owned),
    }
}

/// A tenant of one test.
#[derive(Clone)]
pub struct TestOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its administrator.
    pub admin: UserId,
    /// A member without further rights.
    pub member: UserId,
    /// A login of both.
    pub session: SessionId,
    app: App,
}

impl TestOrganization {
    pub(crate) async fn create(app: &App) -> Self {
        let organization = Self {
            id: OrganizationId::new(&app.clock),
            admin: UserId::new(&app.clock),
            member: UserId::new(&app.clock),
            session: SessionId::new(&app.clock),
            app: app.clone(),
        };
        let now = app.clock.now();
        let name = format!("Agence {}", organization.id);
        organization
            .sql(
                "insert into organizations (id, name, organization_type, created_at, updated_at)
                 values ($1, $2, 'b2b', $3, $3)",
                &[&organization.id, &name, &now],
            )
            .await;
        for (user, role) in [(organization.admin, "admin"), (organization.member, "member")] {
            organization
                .sql(
                    "insert into profiles (id, organization_id, email, full_name, role, email_confirmed_at,
                                           created_at, updated_at)
                     values ($1, $2, $3, 'Camille Test', $4, $5, $5, $5)",
                    &[
                        &user,
                        &organization.id,
                        &format!("{user}@zencall.example"),
                        &role,
                        &now,
                    ],
                )
                .await;
        }
        organization
            .sql(
                "insert into sessions (id, organization_id, user_id, created_at, last_used_at)
                 values ($1, $2, $3, $4, $4)",
                &[&organization.session, &organization.id, &organization.admin, &now],
            )
            .await;
        organization
    }

    /// The administrator's requests to this router.
    pub async fn admin(&self, router: Router) -> Client {
        Client::bearer(router, self.token(self.admin, Role::Admin).await)
    }

    /// The member's requests to this router.
    pub async fn member(&self, router: Router) -> Client {
        Client::bearer(router, self.token(self.member, Role::Member).await)
    }

    async fn token(&self, user: UserId, role: Role) -> String {
        let keys = self.app.token_keys().await.unwrap();
        keys.issue(user, self.id, role, self.session, self.app.clock.now())
            .unwrap()
    }

    /// An API key with these scopes, and its id.
    pub async fn api_key(&self, scopes: &[Scope]) -> (ApiKeyId, SecretString) {
        let (key, now) = (ApiKey::new(&self.app.clock, self.id), self.app.clock.now());
        let hash = Bytes(key.hash(self.app.pepper().await.unwrap().as_ref()).0.to_vec());
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        self.sql(
            "insert into api_keys (id, organization_id, name, scopes, key_hash, created_by, created_at)
             values ($1, $2, 'Intégration', $3, $4, $5, $6)",
            &[&key.id, &self.id, &scopes, &hash, &self.admin, &now],
        )
        .await;
        (key.id, key.text())
    }

    /// The requests of a program with an API key of these scopes to this router.
    pub async fn program(&self, router: Router, scopes: &[Scope]) -> Client {
        let (_, key) = self.api_key(scopes).await;
        Client::bearer(router, key.expose_secret())
    }

    /// The administrator as a use-case sees them.
    pub fn caller(&self) -> Caller {
        let person = Person {
            user: self.admin,
            role: Role::Admin,
            session: self.session,
        };
        Caller {
            principal: Principal::Person(person),
            organization: self.id,
            origin: Origin::default(),
        }
    }

    /// Connects Twilio's stand-in account, as far as the database is concerned.
    pub async fn connect_twilio(&self) {
        self.sql(
            "update organizations
                set twilio_account_sid = $2, twilio_phone_number = $3, twilio_sms_sender = $3, twilio_configured = true,
                    twilio_verified_at = $4, vapi_phone_number_id = $5
              where id = $1",
            &[&self.id, &TWILIO_ACCOUNT_SID, &TWILIO_NUMBER, &self.app.clock.now(), &self.app.clock.uuid().to_string()],
        )
        .await;
    }

    /// Connects that account, and keeps its credentials where a container fetches them.
    pub async fn connect_twilio_with_credentials(&self) {
        self.connect_twilio().await;
        self.store_twilio_credentials(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)
            .await;
    }

    /// Keeps the credentials of an account for this organisation, in place of those before.
    pub async fn store_twilio_credentials(&self, account_sid: &str, auth_token: &str) {
        let credentials = TwilioCredentials {
            account_sid: AccountSid::parse(account_sid).unwrap(),
            auth_token: SecretString::from(auth_token),
            api_key: None,
        };
        let secrets = self.app.secrets().await;
        secret::store(secrets, &self.app.config.stage, self.id, &credentials)
            .await
            .unwrap();
    }

    /// The contact agrees to `consent`, which a member notes.
    pub async fn record_consent(&self, contact: ContactId, consent: &NewConsent) -> Consent {
        consents::record(&self.app, &self.caller(), &contact.to_string(), consent)
            .await
            .unwrap()
    }

    /// A contact with this number.
    pub async fn contact(&self, phone: &str) -> ContactId {
        let id = ContactId::new(&self.app.clock);
        self.sql(
            "insert into contacts (id, organization_id, phone, created_at, updated_at) values ($1, $2, $3, $4, $4)",
            &[&id, &self.id, &phone, &self.app.clock.now()],
        )
        .await;
        id
    }

    /// `count` contacts with numbers of the range that is kept for fiction.
    pub async fn contacts(&self, count: u16) -> Vec<ContactId> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.contact(&format!("+3363998{number:04}")).await);
        }
        ids
    }

    /// An assistant, as far as the database is concerned; Vapi's stand-in does not know it, and nobody will look at it there.
    pub async fn assistant(&self) -> AssistantId {
        let id = AssistantId::new(&self.app.clock);
        self.sql(
            "insert into assistants (id, organization_id, vapi_assistant_id, name, assistant_type, language, model, voice,
                                     system_prompt, first_message, max_duration_seconds, created_at, updated_at,
                                     disclosures_version, told_hash, checked_at)
             values ($1, $2, $3, 'Accueil', 'outbound', 'fr', 'gpt-4o-mini', 'charlotte', 'Soyez bref.', 'Bonjour.', 300,
                     $4, $4, $5, '', '2100-01-01')",
            &[
                &id,
                &self.id,
                &self.app.clock.uuid().to_string(),
                &self.app.clock.now(),
                &DISCLOSURES_VERSION,
            ],
        )
        .await;
        id
    }

    /// A draft `service` campaign that may call at any hour, with these contacts.
    pub async fn campaign(&self, assistant: AssistantId, contacts: &[ContactId]) -> CampaignId {
        let id = CampaignId::new(&self.app.clock);
        let now = self.app.clock.now();
        let windows = json!([{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "24:00" }]);
        self.sql(
            "insert into campaigns (id, organization_id, name, assistant_id, object, legal_basis, advertiser_name, timezone,
                                    call_windows, max_attempts, retry_delay_minutes, retry_on, concurrent_calls,
                                    created_at, updated_at)
             values ($1, $2, 'Rappel de rendez-vous', $3, 'votre rendez-vous', 'service', 'Agence', 'Europe/Paris', $4,
                     3, 60, '{no_answer,busy,voicemail,failed}', 5, $5, $5)",
            &[&id, &self.id, &assistant, &windows, &now],
        )
        .await;
        self.sql(
            "insert into campaign_contacts (organization_id, campaign_id, contact_id, due_at, created_at, updated_at)
             select $1, $2, id, $4, $4, $4 from unnest($3) as id",
            &[&self.id, &id, &contacts, &now],
        )
        .await;
        id
    }

    /// Runs a statement as this organisation.
    pub async fn sql(&self, sql: &str, params: &[&dyn zencall::db::Param]) {
        self.app
            .db
            .write("testkit.sql", &Claims::platform(self.id), async |tx| {
                tx.execute(sql, params).await
            })
            .await
            .unwrap_or_else(|error: DbError| panic!("{sql}: {error:?}"));
    }

    /// The rows of a query as this organisation, each as a JSON object.
    pub async fn rows(&self, sql: &str, params: &[&dyn zencall::db::Param]) -> Vec<Value> {
        let sql = format!("select to_jsonb(q) from ({sql}) q");
        self.app
            .db
            .read("testkit.rows", &Claims::platform(self.id), async |tx| {
                tx.query(&sql, params).await
            })
            .await
            .unwrap_or_else(|error: DbError| panic!("{sql}: {error:?}"))
            .iter()
            .map(|row| row.get(0))
            .collect()
    }
}
