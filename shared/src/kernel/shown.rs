//! What may be seen of values that hold people's names, numbers and words, wherever somebody prints them.

/// Implements `Debug` for a type with members that no log may hold: the members that are listed are shown, the others are
/// hinted at. A test of the house holds that no such type derives it.
macro_rules! shows {
    ($type:ident $(<$life:lifetime>)? $(, $member:ident)* $(,)?) => {
        impl $(<$life>)? std::fmt::Debug for $type $(<$life>)? {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .debug_struct(stringify!($type))
                    $(.field(stringify!($member), &self.$member))*
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use shows;

#[cfg(test)]
mod tests {
    struct Letter<'a> {
        id: u8,
        text: &'a str,
    }

    shows!(Letter<'a>, id);

    #[test]
    fn only_what_is_listed_is_shown() {
        let letter = Letter {
            id: 7,
            text: "Bonjour Camille",
        };
        assert!(!letter.text.is_empty());
        assert_eq!(format!("{letter:?}"), "Letter { id: 7, .. }");
    }
}
