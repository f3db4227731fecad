//! Every request to Secrets Manager is counted: how often it is asked is the property.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;

/// A secret that tests change, whose readings are counted.
struct Source {
    clock: Clock,
    value: Arc<Mutex<Result<&'static str, SecretsError>>>,
    asked: Arc<AtomicUsize>,
    kept: Kept<String>,
}

impl Source {
    fn of(value: &'static str) -> Self {
        let clock = Clock::held_at("2026-11-24T08:30:00Z".parse().unwrap());
        let value = Arc::new(Mutex::new(Ok(value)));
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, counter) = (Arc::clone(&value), Arc::clone(&asked));
        let fetch: Fetch = Box::new(move || {
            let (answers, counter) = (Arc::clone(&answers), Arc::clone(&counter));
            Box::pin(async move {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                match &*answers.lock().unwrap() {
                    Ok(value) => Ok(SecretString::from(*value)),
                    Err(SecretsError::Absent(name)) => Err(SecretsError::Absent(name.clone())),
                    Err(SecretsError::Unavailable(why)) => Err(SecretsError::Unavailable(why.clone())),
                }
            })
        });
        let read: Read<String> = Box::new(|text| (text != "unreadable").then(|| text.to_owned()));
        Self {
            kept: Kept::new("the-secret", &clock, fetch, read),
            clock,
            value,
            asked,
        }
    }

    fn set(&self, value: &'static str) {
        *self.value.lock().unwrap() = Ok(value);
    }

    fn fail(&self, error: SecretsError) {
        *self.value.lock().unwrap() = Err(error);
    }

    fn is_down(&self) {
        self.fail(SecretsError::Unavailable("not reachable".to_owned()));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    async fn text(&self) -> String {
        self.kept.get().await.unwrap().to_string()
    }
}

#[tokio::test]
async fn one_request_serves_for_five_minutes() {
    let source = Source::of("old");
    for _ in 0..3 {
        assert_eq!(source.text().await, "old");
    }
    source.set("new");
    source.pass(299);
    assert_eq!((source.text().await.as_str(), source.asked()), ("old", 1));
    source.pass(1);
    assert_eq!((source.text().await.as_str(), source.asked()), ("new", 2));
}

#[tokio::test]
async fn many_at_once_make_one_request() {
    let source = Source::of("old");
    let all = join_all((0..20).map(|_| source.text())).await;
    assert!(all.iter().all(|text| text == "old"));
    assert_eq!(source.asked(), 1);
    // Those who come while somebody asks again get the value from before, and do not wait.
    source.set("new");
    source.pass(300);
    let all = join_all((0..20).map(|_| source.text())).await;
    assert_eq!(all.iter().filter(|text| *text == "new").count(), 1, "{all:?}");
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn a_refused_value_is_asked_for_at_most_once_a_minute() {
    let source = Source::of("old");
    let old = source.kept.get().await.unwrap();
    source.set("new");
    // It was read for this very request.
    assert!(matches!(source.kept.newer_than(&old).await.unwrap(), Newer::Same));
    assert_eq!(source.asked(), 1);
    // Somebody else got it from memory, so it may have changed since.
    source.text().await;
    let all = join_all((0..20).map(|_| source.kept.newer_than(&old))).await;
    for newer in all {
        assert!(matches!(newer.unwrap(), Newer::Other(value) if *value == "new"));
    }
    assert_eq!(source.asked(), 2);
    source.set("newest");
    let new = source.kept.get().await.unwrap();
    for _ in 0..59 {
        assert!(matches!(
            source.kept.newer_than(&new).await.unwrap(),
            Newer::Unknown
        ));
        source.pass(1);
    }
    source.pass(1);
    assert!(matches!(
        source.kept.newer_than(&new).await.unwrap(),
        Newer::Other(_)
    ));
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn whoever_forges_for_ten_minutes_costs_ten_requests() {
    let source = Source::of("old");
    let old = source.kept.get().await.unwrap();
    for _ in 0..600 {
        let current = source.kept.get().await.unwrap();
        assert!(Arc::ptr_eq(&current, &old), "the same text is the same value");
        assert!(!matches!(
            source.kept.newer_than(&current).await.unwrap(),
            Newer::Other(_)
        ));
        source.pass(1);
    }
    assert!(source.asked() <= 11, "{}", source.asked());
}

#[tokio::test]
async fn absence_is_remembered_where_strangers_choose_the_name() {
    let mut source = Source::of("old");
    source.kept = source.kept.remembering_absence();
    source.fail(SecretsError::Absent("the-secret".to_owned()));
    for _ in 0..60 {
        assert!(matches!(source.kept.get().await, Err(SecretsError::Absent(_))));
        source.pass(1);
    }
    assert_eq!(source.asked(), 1);
    source.set("old");
    assert_eq!(source.text().await, "old");
}

#[tokio::test]
async fn an_outage_keeps_what_there_is_and_asks_once_a_minute() {
    let source = Source::of("old");
    source.text().await;
    source.is_down();
    source.pass(300);
    for _ in 0..60 {
        assert_eq!(source.text().await, "old");
        source.pass(1);
    }
    assert_eq!(source.asked(), 2);
    source.set("new");
    assert_eq!((source.text().await.as_str(), source.asked()), ("new", 3));
}

#[tokio::test]
async fn without_a_value_every_failure_is_one() {
    let source = Source::of("old");
    source.is_down();
    assert!(matches!(
        source.kept.get().await,
        Err(SecretsError::Unavailable(_))
    ));
    source.set("unreadable");
    assert!(matches!(source.kept.get().await, Err(SecretsError::Absent(name)) if name == "the-secret"));
    source.set("old");
    assert_eq!(source.text().await, "old");
}

#[tokio::test]
async fn a_value_that_was_taken_away_serves_no_longer() {
    let source = Source::of("old");
    for gone in [
        Err(SecretsError::Absent("the-secret".to_owned())),
        Ok("unreadable"),
    ] {
        source.set("old");
        source.pass(300);
        source.text().await;
        source.pass(300);
        *source.value.lock().unwrap() = gone;
        assert!(matches!(source.kept.get().await, Err(SecretsError::Absent(_))));
        // Not even when Secrets Manager is down afterwards.
        source.is_down();
        assert!(source.kept.get().await.is_err());
    }
}

#[test]
fn debug_prints_the_name_alone() {
    let source = Source::of("the-value");
    assert_eq!(format!("{:?}", source.kept), "Kept(the-secret)");
}
