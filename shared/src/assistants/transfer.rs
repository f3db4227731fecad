//! What is said about putting somebody through.

use super::scripts::script;
use crate::kernel::Language;

/// Before they are put through.
pub fn transferring(language: Language) -> &'static str {
    script(language).transferring
}

/// Where there is nobody to put them through to, or nobody can tell.
pub fn nobody_to_transfer_to(language: Language) -> &'static str {
    script(language).nobody_there
}
