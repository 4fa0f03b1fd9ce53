//! The project's own commands: setup, dev, test, build, size, check, key.
fn main() {}
