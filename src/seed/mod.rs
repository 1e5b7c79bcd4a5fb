//! The secrets of a cluster's first boot: made, kept in an encrypted file, put into what machines boot from.
//!
//! What is compiled holds inert markers (`plan::nodes::markers`). Here they are replaced, outside the repository. All
//! of it is functions of bytes, of a moment and of a source of randomness; `program` and `place` alone touch the
//! world. A secret is never part of an error, of a debug print or of a command line.

mod authority;
mod generate;
mod iso;
mod place;
mod program;
mod render;
mod secrets;
mod value;
mod vault;

pub use authority::{Moment, NotMade, Randomness};
pub use generate::{generate, partners, regenerate};
pub use iso::{Image, volume};
pub use place::{Files, NotPlaced, place, refuse_public};
pub use program::{
    NotRun, System, from_command, from_environment, sops_decrypt, sops_encrypt, variable,
};
pub use render::{NotRendered, render};
pub use secrets::{NotSecrets, Secret, Secrets};
pub use value::{Flaw, check, pin};
pub use vault::{NotOpened, Vault, identities, open, recipient, seal};
#[cfg(test)]
mod tests;
