//! The face: Leptos views of a value.
