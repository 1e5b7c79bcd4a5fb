//! The choices of a workload as words.

use super::spec::{Access, Concurrency, Seccomp, Spread};
use crate::k8s::words::words;

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
