//! The one integration test binary.

mod write;
