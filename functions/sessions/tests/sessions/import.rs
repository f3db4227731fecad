//! People brought over from another system: what `make import-users` writes, and how they log in.

use secrecy::ExposeSecret as _;
use serde_json::json;
use testkit::{Client, QueueKind, Reply, TestApp};
use zencall::identity::import::{self, Outcome};
use zencall::kernel::Email;
use zencall::kernel::ids::OrganizationId;
use zencall::kernel::meter::Meter;

const PASSWORD: &str = "vieux mot connu";

/// A file with one person, and the application that it is imported into.
struct Move {
    test: TestApp,
    email: String,
    organization: OrganizationId,
    hash: String,
}

impl Move {
    async fn begins() -> Self {
        let test = TestApp::start().await;
        let hash = bcrypt::hash_with_salt(PASSWORD, 10, [9; 16]).unwrap();
        Self {
            email: format!("Ida.{}@exemple.fr", test.app.clock.uuid().simple()),
            organization: OrganizationId::new(&test.app.clock),
            hash: hash.format_for_version(bcrypt::Version::TwoY),
            test,
        }
    }

    fn file(&self) -> String {
        format!(
            "email,full_name,organization_id,organization_name,password_hash,role,email_confirmed_at\n\
             {},Ida Moreau,{},Atelier Moreau,{},admin,2024-01-31T08:00:00Z\n",
            self.email, self.organization, self.hash
        )
    }

    async fn import(&self, file: &str) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for line in import::lines(file.as_bytes()).unwrap() {
            let newcomer = line.newcomer.unwrap();
            let (db, clock) = (&self.test.app.db, &self.test.app.clock);
            outcomes.push(import::bring(db, clock, &newcomer).await.unwrap());
        }
        outcomes
    }

    fn client(&self) -> Client {
        Client::anonymous(self.test.serving(sessions::routes()))
    }

    async fn logs_in(&self, password: &str) -> Reply {
        let body = json!({ "email": self.email, "password": password });
        self.client().post("/api/v1/auth/login", body).await
    }

    async fn kept(&self) -> String {
        let email = Email::parse(&self.email).unwrap();
        let login = self
            .test
            .app
            .db
            .login_by_email(&Meter::default(), &email)
            .await
            .unwrap()
            .unwrap();
        login.password_hash.expose_secret().to_owned()
    }
}

fn refused(column: &str, outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(faults) if faults.iter().any(|fault| fault.field == column))
}

#[tokio::test]
async fn with_the_password_of_before_one_logs_in_and_it_is_kept_as_today() {
    let moving = Move::begins().await;
    assert_eq!(moving.import(&moving.file()).await, [Outcome::Imported]);
    moving
        .logs_in("vieux mot inconnu")
        .await
        .expect_problem(401, "invalid_credentials");
    assert!(
        moving.kept().await.starts_with("$2y$10$"),
        "only the right password replaces it"
    );
    let session = moving.logs_in(PASSWORD).await.expect(200).json();
    assert_eq!(session["user"]["role"], "admin");
    assert_eq!(session["organization"]["name"], "Atelier Moreau");
    let now = moving.kept().await;
    assert!(now.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{now}");
    moving.logs_in(PASSWORD).await.expect(200);
    assert_eq!(moving.kept().await, now, "once");
}

#[tokio::test]
async fn twice_changes_nothing_least_of_all_a_password() {
    let moving = Move::begins().await;
    moving.import(&moving.file()).await;
    moving.logs_in(PASSWORD).await.expect(200);
    let now = moving.kept().await;
    let other_name = moving.file().replace("Ida Moreau", "Somebody Else");
    assert_eq!(moving.import(&other_name).await, [Outcome::AlreadyHere]);
    assert_eq!(moving.kept().await, now);
    let session = moving.logs_in(PASSWORD).await.expect(200).json();
    assert_eq!(session["user"]["full_name"], "Ida Moreau");
    let twice = format!("{}{}", moving.file(), moving.file().lines().nth(1).unwrap());
    let outcomes = moving.import(&twice).await;
    assert_eq!(outcomes, [Outcome::AlreadyHere, Outcome::AlreadyHere]);
}

#[tokio::test]
async fn a_line_that_cannot_be_is_refused_and_leaves_nothing_behind() {
    let moving = Move::begins().await;
    let nowhere = moving.file().replace("Atelier Moreau", "");
    let outcome = &moving.import(&nowhere).await[0];
    assert!(refused("organization_id", outcome), "{outcome:?}");
    moving.import(&moving.file()).await;
    let elsewhere = moving.file().replace(
        &moving.organization.to_string(),
        &OrganizationId::new(&moving.test.app.clock).to_string(),
    );
    let outcome = &moving.import(&elsewhere).await[0];
    assert!(refused("email", outcome), "{outcome:?}");
    let known = moving
        .test
        .app
        .db
        .user_by_email(&Meter::default(), &Email::parse(&moving.email).unwrap())
        .await;
    let known = known.unwrap().unwrap();
    let same_id = format!(
        "id,email,full_name,organization_id,organization_name\n{},x{},Ida,{},X\n",
        known.user, moving.email, moving.organization
    );
    let outcome = &moving.import(&same_id).await[0];
    assert!(refused("id", outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_colleague_joins_the_organisation_that_is_there_and_without_a_hash_chooses_a_password() {
    let moving = Move::begins().await;
    moving.import(&moving.file()).await;
    let email = format!("max.{}", moving.email);
    let colleague = format!(
        "email;full_name;organization_id\n{email};Max Moreau;{}\n",
        moving.organization
    );
    assert_eq!(moving.import(&colleague).await, [Outcome::Imported]);
    let client = moving.client();
    let login = json!({ "email": email, "password": "" });
    client
        .post("/api/v1/auth/login", login)
        .await
        .expect_problem(401, "invalid_credentials");
    let asked = client
        .post("/api/v1/auth/password/forgot", json!({ "email": email }))
        .await;
    asked.expect(202);
    let message = moving.test.queues.take(QueueKind::Mail).await.remove(0);
    let message = serde_json::from_value(message).unwrap();
    let notice = zencall::identity::compose(&moving.test.app, &message).await;
    let notice = notice.unwrap().unwrap();
    let body = json!({ "token": notice.token(), "password": "quatre gros chiens" });
    client.post("/api/v1/auth/password/reset", body).await.expect(204);
    let login = json!({ "email": email, "password": "quatre gros chiens" });
    let session = client.post("/api/v1/auth/login", login).await.expect(200).json();
    assert_eq!(session["user"]["role"], "member");
    assert_eq!(session["organization"]["id"], moving.organization.to_string());
}
