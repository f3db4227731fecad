//! Where a secret might be left: log lines, and the rows of a database of the test's own.

use std::io::Write;
use std::sync::{Mutex, Once};

use secrecy::ExposeSecret as _;
use testkit::{Environment, TestApp};
use tokio_postgres::{Client, NoTls};
use tracing_subscriber::util::SubscriberInitExt as _;
use zencall::telemetry;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();

#[derive(Clone)]
struct Memory;

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hears everything that the functions would log, with the filter that tells most.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        let filter = telemetry::filter().parse_lossy("trace");
        let memory = || Memory;
        telemetry::subscriber(filter, memory).init();
    });
}

/// The lines so far, of every test of this program.
pub(crate) fn logs() -> Vec<String> {
    let lines = LINES.lock().unwrap();
    String::from_utf8_lossy(&lines)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The owner of the tables of this test's own database.
pub(crate) async fn owner_of(test: &TestApp) -> Client {
    let app = &test.app;
    let url = app
        .secrets()
        .await
        .get(&app.config.database_secret)
        .await
        .unwrap();
    let name = url.expose_secret().rsplit_once('/').unwrap().1.to_owned();
    let (server, _) = Environment::get().await.owner_url.rsplit_once('/').unwrap();
    let (client, connection) = tokio_postgres::connect(&format!("{server}/{name}"), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}
