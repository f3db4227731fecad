//! Amounts of money, as the contract writes them.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

/// Providers bill in dollars.
const CURRENCY: &str = "USD";
/// A call costs fractions of a cent.
const DECIMALS: u32 = 4;

/// An amount with its currency: `{ "amount": "12.3400", "currency": "USD" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Money {
    /// A decimal with four places; text, so that no reader rounds it.
    #[schema(example = "12.3400")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: &'static str,
}

impl Money {
    /// An amount in the currency that providers bill in.
    pub fn new(amount: Decimal) -> Self {
        let mut amount = amount.round_dp(DECIMALS);
        amount.rescale(DECIMALS);
        Self {
            amount: amount.to_string(),
            currency: CURRENCY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_always_has_four_places() {
        for (given, shown) in [
            ("0", "0.0000"),
            ("12.34", "12.3400"),
            ("0.00005", "0.0000"),
            ("0.00015", "0.0002"),
        ] {
            let money = Money::new(given.parse().unwrap());
            let expected = serde_json::json!({ "amount": shown, "currency": "USD" });
            assert_eq!(serde_json::to_value(money).unwrap(), expected);
        }
    }
}
