//! What a failed statement means.

use tokio_postgres::error::SqlState;

use crate::kernel::class::{Class, Classify, Failure, chain};
use crate::kernel::{Scope, api_key};

/// A statement or a connection failed. It has no `source`, so that whoever logs a chain of causes meets [`cause`] and not
/// PostgreSQL's own words.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached, or was lost before anything was committed.
    #[error("the database cannot be reached{}", .0.as_ref().map(|error| format!(": {}", cause(error))).unwrap_or_default())]
    Unreachable(Option<tokio_postgres::Error>),
    /// The connection was lost while the commit was under way: it may or may not have happened.
    #[error("the connection was lost during the commit: {}", cause(.0))]
    CommitUnknown(tokio_postgres::Error),
    /// A constraint refused the row.
    #[error("the constraint {constraint} refused the row")]
    Constraint {
        /// Its name.
        constraint: String,
        /// Which kind.
        kind: ConstraintKind,
    },
    /// A statement failed earlier in this transaction, and its error was not handed on.
    #[error("the transaction had failed before its end")]
    Aborted,
    /// A read sent a statement after its packet had left.
    #[error("a one-packet transaction sent a second packet")]
    SecondPacket,
    /// Too many requests; again in so many seconds.
    #[error("too many requests: again in {0} seconds")]
    TooMany(u32),
    /// The API key is not one of ours, or is good no more.
    #[error("not a usable API key")]
    ApiKeyRefused,
    /// The API key is good, and not for this.
    #[error("the API key lacks the scope {}", .0.map_or("of this", Scope::as_str))]
    ScopeMissing(Option<Scope>),
    /// The request could not be counted.
    #[error("the request was not counted: {0}")]
    Uncounted(Box<DbError>),
    /// Anything else: a bug of ours, or a database of another version.
    #[error("the statement failed: {}", cause(.0))]
    Statement(tokio_postgres::Error),
}

/// Which kind of constraint refused a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// There is such a row already.
    Unique,
    /// It refers to a row that is not there.
    ForeignKey,
    /// A check, or a null.
    Check,
}

impl DbError {
    pub(super) fn of_statement(error: tokio_postgres::Error) -> Self {
        if is_connection_loss(&error) {
            return Self::Unreachable(Some(error));
        }
        let constraint = error
            .as_db_error()
            .and_then(|db| db.constraint())
            .map(str::to_owned);
        let kind = match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Some(ConstraintKind::Unique),
            Some(code) if *code == SqlState::FOREIGN_KEY_VIOLATION => Some(ConstraintKind::ForeignKey),
            Some(code) if *code == SqlState::CHECK_VIOLATION => Some(ConstraintKind::Check),
            Some(code) if code.code() == "ZC401" => return Self::ApiKeyRefused,
            Some(code) if code.code() == "ZC403" => return Self::ScopeMissing(None),
            _ => None,
        };
        match (constraint, kind) {
            (Some(constraint), Some(kind)) => Self::Constraint { constraint, kind },
            _ => Self::Statement(error),
        }
    }

    /// Whether the row belongs into a partition that nobody has made yet: PostgreSQL reports a violated check that has no
    /// name.
    pub fn lacks_partition(&self) -> bool {
        matches!(self, Self::Statement(error) if error.code() == Some(&SqlState::CHECK_VIOLATION))
    }

    /// Whether it is this constraint that refused the row.
    pub fn is_refusal_of(&self, name: &str) -> bool {
        matches!(self, Self::Constraint { constraint, .. } if constraint == name)
    }
}

/// What a log may hold of the driver's error: never DETAIL or HINT, which quote the row, nor the message of a data
/// exception (class 22), which quotes the value.
pub(super) fn cause(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) if db.code().code().starts_with("22") => db.code().code().to_owned(),
        Some(db) => format!("{} {}", db.code().code(), db.message()),
        None => chain(error),
    }
}

/// Whether running the transaction again may succeed: the connection was lost, or two transactions stood in each
/// other's way.
pub(super) fn is_worth_rerunning(error: &tokio_postgres::Error) -> bool {
    is_connection_loss(error)
        || matches!(
            error.code(),
            Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
        )
}

fn is_connection_loss(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        // The server says that it is going away (class 57P), cannot take us (class 08, 53300), or has closed a
        // transaction that a frozen container left open (25P03, 25P04).
        Some(code) => {
            let code = code.code();
            code.starts_with("57P") || code.starts_with("08") || matches!(code, "53300" | "25P03" | "25P04")
        }
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

/// The statement ran into `statement_timeout`, or waited too long for a lock.
fn took_too_long(error: &tokio_postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::QUERY_CANCELED || *code == SqlState::LOCK_NOT_AVAILABLE
    )
}

impl Classify for DbError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unreachable(_) | Self::CommitUnknown(_) => Failure::unavailable(),
            Self::Statement(error) if is_worth_rerunning(error) || took_too_long(error) => {
                Failure::unavailable()
            }
            Self::TooMany(seconds) => Failure::too_many(*seconds),
            Self::ApiKeyRefused => api_key::refused(),
            Self::ScopeMissing(scope) => {
                let scope = scope.map_or("", Scope::as_str);
                Failure::new(Class::Forbidden, "scope_missing", "", "").with_text(
                    format!("Cette clé d'API n'a pas le droit d'accès « {scope} »."),
                    format!("This API key lacks the scope “{scope}”."),
                )
            }
            Self::Uncounted(_) => Failure::unavailable(),
            Self::Constraint { .. } | Self::Aborted | Self::SecondPacket | Self::Statement(_) => {
                Failure::internal()
            }
        }
    }
}

/// Gives a refused row its meaning, at the statement that can raise it.
pub trait OnConstraint<T> {
    /// Turns the refusal of the constraint `name` into the caller's own error.
    fn on_constraint<E: From<DbError>>(self, name: &str, meaning: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> OnConstraint<T> for Result<T, DbError> {
    fn on_constraint<E: From<DbError>>(self, name: &str, meaning: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|error| {
            if error.is_refusal_of(name) {
                meaning()
            } else {
                E::from(error)
            }
        })
    }
}
