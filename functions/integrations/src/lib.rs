//! TODO integrations
