//! The wall between tenants, and what a transaction costs and survives: properties of the database and of
//! `zencall::db`, shown through the functions' own login (A-01 … A-08).

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod catalogue;
mod connections;
mod errors;
mod fixtures;
mod keys;
mod lookups;
mod powers;
mod references;
mod rotation;
mod round_trips;
mod tenants;

use testkit::Environment;
use tokio_postgres::{Client, NoTls};

/// A bare connection, outside the application: as the functions' login, or as the owner of the tables.
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn login() -> Client {
    connect(&Environment::get().await.database_url).await
}

async fn owner() -> Client {
    connect(&Environment::get().await.owner_url).await
}
