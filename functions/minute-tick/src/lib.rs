//! TODO minute-tick
