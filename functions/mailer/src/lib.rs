//! TODO mailer
