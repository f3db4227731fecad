//! How passwords are kept: argon2id with OWASP's parameters (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane), off
//! the async threads, and never more at once than the memory holds. Hashes of bcrypt, brought over from another system,
//! are read once: whoever logs in with one has an argon2id hash afterwards.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::prepare;
use crate::kernel::Clock;

/// Each run takes [`MEMORY_KIB`]; the smallest function that hashes has 1024 MB (a test reads the template).
const AT_ONCE: usize = 2;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What nobody's password is checked against when nobody has the address: the same work as for a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$gfYSqKUkvjq1zdUpxCbjkA$\
    4k4MTmdfUQPbDGBr2XRlXNBmx3PAmTbvzYCMLbV1cZI";

static HASHING: Semaphore = Semaphore::const_new(AT_ONCE);

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
#[error("hashing a password failed")]
pub struct HashingFailed;

/// How a password compares with what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::identity) enum Comparison {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and was kept with less work than today's, or by another method.
    RightButWeak,
}

/// What is kept of a prepared password, with a salt of its own.
pub(super) async fn hash(prepared: SecretString, clock: &Clock) -> Result<SecretString, HashingFailed> {
    let salt = clock.random_bytes::<16>();
    work(&HASHING, move || {
        let hashed = argon2()?
            .hash_password_with_salt(prepared.expose_secret().as_bytes(), &salt)
            .map_err(|_| HashingFailed)?;
        Ok(SecretString::from(hashed.to_string()))
    })
    .await
}

/// Compares what was typed with what was kept, or with nobody's where nothing was: the same work either way.
pub(in crate::identity) async fn compare(
    typed: &SecretString,
    kept: Option<&SecretString>,
) -> Result<Comparison, HashingFailed> {
    let typed = typed.clone();
    let kept = kept.cloned();
    work(&HASHING, move || compare_here(&typed, kept.as_ref())).await
}

fn compare_here(typed: &SecretString, kept: Option<&SecretString>) -> Result<Comparison, HashingFailed> {
    let phc = kept.map_or(NOBODY, |kept| kept.expose_secret());
    if is_bcrypt(phc) {
        return compare_with_bcrypt(typed, phc);
    }
    let parsed = PasswordHash::new(phc).map_err(|_| HashingFailed)?;
    let prepared = prepare(typed.expose_secret());
    let same = argon2()?.verify_password(prepared.expose_secret().as_bytes(), &parsed);
    Ok(match (same, kept) {
        (Ok(()), Some(_)) if is_weaker(&parsed) => Comparison::RightButWeak,
        (Ok(()), Some(_)) => Comparison::Right,
        _ => Comparison::Wrong,
    })
}

fn is_bcrypt(kept: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|version| kept.starts_with(version))
}

/// As the other system did: on the bytes that were typed, of which bcrypt reads 72. Of a longer password the rest counts
/// from this login on, since the hash that takes its place is of all of it.
fn compare_with_bcrypt(typed: &SecretString, kept: &str) -> Result<Comparison, HashingFailed> {
    match bcrypt::verify(typed.expose_secret(), kept) {
        Ok(true) => Ok(Comparison::RightButWeak),
        Ok(false) => Ok(Comparison::Wrong),
        Err(_) => Err(HashingFailed),
    }
}

fn argon2() -> Result<Argon2<'static>, HashingFailed> {
    #[cfg(test)]
    tests::RUNS.with(|runs| runs.set(runs.get() + 1));
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| HashingFailed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_weaker(kept: &PasswordHash) -> bool {
    let id = Algorithm::Argon2id.ident();
    match Params::try_from(kept) {
        Ok(params) => kept.algorithm != id || params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES,
        Err(_) => true,
    }
}

/// Runs a job where it blocks nobody, as soon as there is room for it. The room stays taken until the job has ended, also
/// where nobody waits for it any more.
async fn work<T: Send + 'static>(
    room: &'static Semaphore,
    job: impl FnOnce() -> Result<T, HashingFailed> + Send + 'static,
) -> Result<T, HashingFailed> {
    let permit = room.acquire().await.map_err(|_| HashingFailed)?;
    tokio::task::spawn_blocking(move || {
        let outcome = job();
        drop(permit);
        outcome
    })
    .await
    .map_err(|_| HashingFailed)?
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc;

    use futures_util::future::join;
    use tokio::sync::oneshot;

    use super::*;

    thread_local! {
        /// How often this thread has made ready to hash.
        pub(super) static RUNS: Cell<u32> = const { Cell::new(0) };
    }

    fn weak(m_cost: u32, t_cost: u32) -> SecretString {
        let params = Params::new(m_cost, t_cost, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(b"correct horse battery", &[1; 16])
            .unwrap();
        SecretString::from(weak.to_string())
    }

    #[tokio::test]
    async fn what_was_kept_with_less_work_is_noticed() {
        //
        for (m_cost, t_cost, wanted) in [
            (8_192, 2, Comparison::RightButWeak),
            (MEMORY_KIB, 1, Comparison::RightButWeak),
            (MEMORY_KIB, PASSES, Comparison::Right),
            (MEMORY_KIB, PASSES + 1, Comparison::Right),
        ] {
            let kept = weak(m_cost, t_cost);
            let right = compare(&"correct horse battery".into(), Some(&kept)).await;
            assert_eq!(right.unwrap(), wanted, "{m_cost} {t_cost}");
            let wrong = compare(&"correct horse batterY".into(), Some(&kept)).await;
            assert_eq!(wrong.unwrap(), Comparison::Wrong);
        }
    }

    #[tokio::test]
    async fn a_hash_of_bcrypt_is_read_and_is_to_be_replaced() {
        // Made by others: PHP's crypt() writes 2y, OpenBSD's and most libraries 2b, older ones 2a.
        let body = bcrypt::hash_with_salt("correct horse", 10, [5; 16]).unwrap();
        for version in [
            bcrypt::Version::TwoA,
            bcrypt::Version::TwoB,
            bcrypt::Version::TwoY,
        ] {
            let kept = SecretString::from(body.format_for_version(version));
            let right = compare(&"correct horse".into(), Some(&kept)).await.unwrap();
            assert_eq!(right, Comparison::RightButWeak);
            for typed in ["correct horsE", "", "correct horse "] {
                let wrong = compare(&typed.into(), Some(&kept)).await.unwrap();
                assert_eq!(wrong, Comparison::Wrong, "{typed}");
            }
        }
        let broken = SecretString::from("$2b$10$short");
        assert!(compare(&"x".into(), Some(&broken)).await.is_err());
    }

    #[tokio::test]
    async fn of_a_long_password_bcrypt_reads_72_bytes() {
        let long = "a1b2c3d4".repeat(10);
        let kept = bcrypt::hash_with_salt(&long, 10, [5; 16]).unwrap();
        let kept = SecretString::from(kept.format_for_version(bcrypt::Version::TwoB));
        for (typed, wanted) in [
            (long.as_str(), Comparison::RightButWeak),
            (&long[..72], Comparison::RightButWeak),
            (&long[..71], Comparison::Wrong),
        ] {
            let compared = compare(&typed.into(), Some(&kept)).await.unwrap();
            assert_eq!(compared, wanted, "{}", typed.len());
        }
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_costs_as_much_as_somebody() {
        // the same work, by the parameters.
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let kept = hash("correct horse battery".into(), &Clock::system())
            .await
            .unwrap();
        let somebody = PasswordHash::new(kept.expose_secret()).unwrap();
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params, somebody.params);
        let lengths = |hash: &PasswordHash| (hash.salt.unwrap().len(), hash.hash.unwrap().len());
        assert_eq!(lengths(&nobody), lengths(&somebody));
        // And it is done.
        for kept in [Some(&kept), None] {
            let before = RUNS.get();
            let compared = compare_here(&"nobody".into(), kept).unwrap();
            assert_eq!((compared, RUNS.get() - before), (Comparison::Wrong, 1));
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn hashing_leaves_the_runtime_to_others() {
        // On its one thread, the other task is only polled while the hash is under way if that runs elsewhere.
        let (done, mut is_done) = oneshot::channel();
        let hashing = async {
            let kept = hash("correct horse battery".into(), &Clock::system()).await;
            done.send(()).unwrap();
            kept
        };
        let others = async {
            let mut turns = 0_u32;
            while is_done.try_recv().is_err() {
                turns += 1;
                tokio::task::yield_now().await;
            }
            turns
        };
        let (kept, turns) = join(hashing, others).await;
        assert!(kept.is_ok());
        assert!(turns > 0);
    }

    #[tokio::test]
    async fn no_more_run_at_once_than_there_is_room_for_even_if_nobody_waits_any_more() {
        static ROOM: Semaphore = Semaphore::const_new(1);
        let (go, wait) = mpsc::channel::<()>();
        let (began, mut has_begun) = oneshot::channel();
        let first = tokio::spawn(work(&ROOM, move || {
            began.send(()).unwrap();
            wait.recv().map_err(|_| HashingFailed)
        }));
        while has_begun.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        // Whoever asked goes away; the job goes on, and with it its memory.
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(ROOM.available_permits(), 0);
        let second = tokio::spawn(work(&ROOM, || Ok(())));
        go.send(()).unwrap();
        second.await.unwrap().unwrap();
        assert_eq!(ROOM.available_permits(), 1);
    }
}
