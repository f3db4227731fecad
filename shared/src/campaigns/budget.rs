//! Budgets: what a call may cost at most is set aside before it is dialled, and settled when its report comes. So the
//! calls under way can never spend more than what is left, and a cost that nobody knows keeps what was set aside.

use jiff::SignedDuration;
use rust_decimal::{Decimal, RoundingStrategy};

/// Why a campaign is paused whose budget does not hold one more call.
pub const EXHAUSTED: &str = "budget_exhausted";

/// How long after its end a call's report may still come before nobody waits for it: a campaign without room for one more
/// call is paused when nothing that is under way, or has just ended, can make room.
pub(super) const SETTLING: SignedDuration = SignedDuration::from_mins(30);

/// What a call of this length costs at most, to the hundredth of a cent, rounded up.
pub fn worst_case(price_per_minute: Decimal, longest_seconds: i32) -> Decimal {
    let cost = price_per_minute * Decimal::from(longest_seconds.max(0)) / Decimal::from(60);
    cost.round_dp_with_strategy(4, RoundingStrategy::AwayFromZero)
}

/// Whether the budget holds one more call that costs this at most.
pub(super) fn holds(budget: Decimal, spent: Decimal, next_call: Decimal) -> bool {
    spent < budget && spent.saturating_add(next_call) <= budget
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dollars(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_call_at_the_price_of_a_minute() {
        assert_eq!(worst_case(dollars("0.30"), 600), dollars("3"));
        assert_eq!(worst_case(dollars("0.30"), 1), dollars("0.005"));
        assert_eq!(worst_case(dollars("0.07"), 100), dollars("0.1167"), "rounded up");
        assert_eq!(worst_case(dollars("0.30"), -1), dollars("0"));
    }

    #[test]
    fn ten_hold_three_of_three() {
        //
        for (under_way, more) in [
            (0, true),
            (3, true),
            (6, true),
            (7, true),
            (8, false),
            (10, false),
        ] {
            assert_eq!(
                holds(dollars("10"), Decimal::from(under_way), dollars("3")),
                more,
                "{under_way}"
            );
        }
        assert!(
            !holds(dollars("0"), dollars("0"), dollars("0")),
            "nothing is nothing"
        );
    }

    proptest! {
        /// However calls are set aside and settled, what is spent never passes the budget, as long as no call costs more
        /// than its worst case.
        #[test]
        fn never_below_zero(
            budget in 0_i64..1000,
            worst in 1_i64..50,
            steps in prop::collection::vec((any::<bool>(), 0_i64..50), 1..200),
        ) {
            let (budget, worst) = (Decimal::from(budget), Decimal::from(worst));
            let (mut settled, mut under_way) = (Decimal::ZERO, 0_i64);
            for (places, cost) in steps {
                if places {
                    let spent = settled + worst * Decimal::from(under_way);
                    under_way += i64::from(holds(budget, spent, worst));
                } else if under_way > 0 {
                    under_way -= 1;
                    settled += Decimal::from(cost).min(worst);
                }
                prop_assert!(settled + worst * Decimal::from(under_way) <= budget);
            }
        }
    }
}
