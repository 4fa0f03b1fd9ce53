//! The benches as commands.
fn main() {}
