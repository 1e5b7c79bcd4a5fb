//! The choices of a workload as words.

use super::spec::{Access, Concurrency, Seccomp, Spread};

/// Gives the words of a choice, so that defaults can be written as a blueprint would.
macro_rules! words {
    ($($choice:ident { $($word:literal => $variant:ident),+ })+) => {$(
        impl $choice {
            /// The word, as a blueprint spells it.
            pub fn word(self) -> &'static str {
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

words! {
    Concurrency { "Forbid" => Forbid, "Allow" => Allow, "Replace" => Replace }
    Spread { "preferred" => Preferred, "required" => Required }
    Access {
        "ReadWriteOnce" => ReadWriteOnce,
        "ReadWriteOncePod" => ReadWriteOncePod,
        "ReadWriteMany" => ReadWriteMany,
        "ReadOnlyMany" => ReadOnlyMany
    }
    Seccomp { "RuntimeDefault" => RuntimeDefault, "Unconfined" => Unconfined }
}
