//! Choices as words.

/// Gives the words of a choice, so that defaults and messages can be written as a blueprint would.
macro_rules! words {
    ($($choice:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl $choice {
            /// The word, as a blueprint spells it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $choice {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is not a choice here")),
                }
            }
        }
    )+};
}
pub(crate) use words;
