//! A proxy that counts: round trips of PostgreSQL's protocol, or requests to AWS.

use std::ops::Deref;

use local::loopback::counting;

use crate::{Environment, Options};

/// See [`counting::CountingProxy`].
pub struct CountingProxy(counting::CountingProxy);

impl CountingProxy {
    /// A proxy in front of `target` (`host:port`).
    pub async fn start(target: &str) -> Self {
        Self(counting::CountingProxy::start(target).await.unwrap())
    }

    /// A proxy in front of the server of a `postgres://…` or `http://…` address; returns it with the address through it.
    pub async fn in_front_of(url: &str) -> (Self, String) {
        let (proxy, through) = counting::CountingProxy::in_front_of(url).await.unwrap();
        (Self(proxy), through)
    }

    /// A proxy in front of the database that tests share, and what an application has to know to go through it.
    pub async fn in_front_of_the_database() -> (Self, Options) {
        let (proxy, url) = Self::in_front_of(&Environment::get().await.database_url).await;
        let options = Options {
            database_url: Some(url),
            ..Options::default()
        };
        (proxy, options)
    }
}

impl Deref for CountingProxy {
    type Target = counting::CountingProxy;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
