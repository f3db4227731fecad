//! What a provider sent, proven.

/// Something of a provider whose authentication held, on its raw bytes. Only the adapters make one, each after its own
/// provider's check, so that unverified JSON has no type that the product understands.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<E>(E);

impl<E> Verified<E> {
    pub(in crate::adapters) fn attest(proven: E) -> Self {
        Self(proven)
    }

    /// What was proven.
    pub fn get(&self) -> &E {
        &self.0
    }

    pub(in crate::adapters) fn read<F, X>(
        self,
        read: impl FnOnce(E) -> Result<F, X>,
    ) -> Result<Verified<F>, X> {
        read(self.0).map(Verified)
    }
}
