//! Custom resources as small typed structs: the fields that are written, in the order a reader looks for them.

pub mod argoproj;
