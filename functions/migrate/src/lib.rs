//! TODO migrate
