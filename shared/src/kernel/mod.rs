//! The vocabulary of the product: values with rules, and no input or output.

pub mod fault;

pub use fault::{Fault, Faults, Invalid, Text};
