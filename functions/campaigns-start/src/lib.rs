//! TODO campaigns-start
