//! The one integration test binary.

mod publish;
mod write;
