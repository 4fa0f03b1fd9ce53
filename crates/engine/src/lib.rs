//! The decisions: server policy as pure functions.
