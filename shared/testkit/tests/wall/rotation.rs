//! The functions' password is changed while containers live: nobody restarts anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use secrecy::SecretString;
use testkit::Environment;
use tokio_postgres::Client;
use uuid::Uuid;
use zencall::db::{DatabaseUrl, Db, LoadUrl};
use zencall::kernel::class::{Class, Classify};

use crate::owner;

/// A login like the functions', the secret that holds its address, and how often that was read.
struct Login {
    owner: Client,
    role: String,
    secret: Arc<Mutex<String>>,
    reads: Arc<AtomicUsize>,
}

impl Login {
    async fn create() -> Self {
        let owner = owner().await;
        let role = format!("rotating_{}", Uuid::now_v7().simple());
        owner
            .batch_execute(&format!(
                "create role {role} login noinherit password 'first'; grant zencall_app to {role}; grant {role} to current_user"
            ))
            .await
            .unwrap();
        Self {
            owner,
            role,
            secret: Arc::new(Mutex::new("first".to_owned())),
            reads: Arc::default(),
        }
    }

    /// A container's way to the database, with room for several connections.
    async fn database(&self) -> Db {
        let url = &Environment::get().await.database_url;
        let (_, address) = url.rsplit_once('@').unwrap();
        let (role, address) = (self.role.clone(), address.to_owned());
        let (secret, reads) = (Arc::clone(&self.secret), Arc::clone(&self.reads));
        let load: LoadUrl = Arc::new(move || {
            reads.fetch_add(1, Ordering::SeqCst);
            let password = secret.lock().unwrap().clone();
            let url = SecretString::from(format!("postgres://{role}:{password}@{address}"));
            Box::pin(async move {
                // Whoever else was refused comes meanwhile.
                tokio::task::yield_now().await;
                Some(DatabaseUrl { url, authority: None })
            })
        });
        Db::new(load, 4)
    }

    /// Changes the password and ends what was opened with the one before.
    async fn change_password(&self, password: &str) {
        let role = &self.role;
        self.owner
            .batch_execute(&format!(
                "alter role {role} password '{password}';
                 select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '{role}'"
            ))
            .await
            .unwrap();
    }

    fn change_secret(&self, password: &str) {
        password.clone_into(&mut self.secret.lock().unwrap());
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    async fn remove(self, database: Db) {
        drop(database);
        self.change_password("gone").await;
        self.owner
            .batch_execute(&format!("drop role {}", self.role))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_changed_password_serves_the_next_request() {
    let login = Login::create().await;
    let database = login.database().await;
    database.ping().await.unwrap();
    database.ping().await.unwrap();
    assert_eq!(login.reads(), 1);

    login.change_password("second").await;
    for read in 2..4 {
        let refused = database.ping().await.unwrap_err();
        assert_eq!(refused.failure().class, Class::Unavailable);
        assert_eq!(login.reads(), read, "once for each request");
    }

    login.change_secret("second");
    database.ping().await.unwrap();
    let reads = login.reads();
    database.ping().await.unwrap();
    assert_eq!(login.reads(), reads);
    login.remove(database).await;
}

#[tokio::test]
async fn several_who_are_refused_at_once_read_it_once() {
    let login = Login::create().await;
    let database = login.database().await;
    for answer in join_all((0..4).map(|_| database.ping())).await {
        answer.unwrap();
    }
    assert_eq!(login.reads(), 1);
    login.change_secret("second");
    login.change_password("second").await;
    for answer in join_all((0..4).map(|_| database.ping())).await {
        answer.unwrap();
    }
    assert_eq!(login.reads(), 2);
    login.remove(database).await;
}
