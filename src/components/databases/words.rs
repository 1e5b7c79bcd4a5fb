//! The choices of a database as words, so that defaults can be written as a blueprint would.

use super::spec::{BackupTool, Load, PoolMode};
use crate::k8s::words::words;

words! {
    Load {
        "web" => Web, "transactions" => Transactions, "analytics" => Analytics, "mixed" => Mixed
    }
    PoolMode { "transaction" => Transaction, "session" => Session }
    BackupTool { "pgbackrest" => PgBackRest, "wal-g" => WalG }
}
