//! The choices of a database as words, so that defaults can be written as a blueprint would.

use super::spec::{BackupTool, Load, PoolMode};

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
    Load {
        "web" => Web, "transactions" => Transactions, "analytics" => Analytics, "mixed" => Mixed
    }
    PoolMode { "transaction" => Transaction, "session" => Session }
    BackupTool { "pgbackrest" => PgBackRest, "wal-g" => WalG }
}
