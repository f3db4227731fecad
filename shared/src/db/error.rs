//! What a failed statement means.

use tokio_postgres::error::SqlState;

use crate::kernel::class::{Classify, Failure};

/// A statement or a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached, or was lost before anything was committed.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Option<tokio_postgres::Error>),
    /// The connection was lost while the commit was under way: it may or may not have happened.
    #[error("the connection was lost during the commit")]
    CommitUnknown(#[source] tokio_postgres::Error),
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
    /// Anything else: a bug of ours, or a database of another version.
    #[error("the statement failed")]
    Statement(#[source] tokio_postgres::Error),
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
        // The server says that it is going away (class 57P) or cannot take us (class 08, 53300).
        Some(code) => {
            let code = code.code();
            code.starts_with("57P") || code.starts_with("08") || code == "53300"
        }
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

impl Classify for DbError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unreachable(_) | Self::CommitUnknown(_) => Failure::unavailable(),
            Self::Statement(error) if is_worth_rerunning(error) => Failure::unavailable(),
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
