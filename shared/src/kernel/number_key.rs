//! The key under which telephone numbers are recognised that are not kept: of people who object, who were erased, or whom an
//! advertiser has called. Whoever replaced it would recognise nobody any more, so it stays when the pepper is replaced.

use secrecy::SecretBox;

use super::meter::Subject;

/// 256 bits that hash telephone numbers.
#[derive(Debug)]
pub struct NumberKey(SecretBox<[u8; 32]>);

impl NumberKey {
    /// Of these bytes.
    pub fn new(bytes: Box<[u8; 32]>) -> Self {
        Self(SecretBox::new(bytes))
    }

    /// The hash of a number for one purpose, with whatever else it depends on.
    pub fn hash(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        let Subject(hash) = Subject::of_text(&self.0, purpose, parts);
        hash
    }

    /// What tells it from another key, and nothing else.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.hash("fingerprint", &[])
    }
}
