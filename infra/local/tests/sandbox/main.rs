//! The stand-ins of Vapi and Twilio, from outside: through HTTP, as the product and anybody else meets them.

mod calls;
mod control;
mod support;
mod twilio;
mod vapi;
