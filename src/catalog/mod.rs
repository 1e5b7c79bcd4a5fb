//! What is known of other people's programs, by their pinned versions; nothing here is asked of a network.

pub mod metrics;
