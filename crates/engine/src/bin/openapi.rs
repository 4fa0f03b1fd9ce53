//! Writes the OpenAPI document to standard output: `cargo run --package engine --features schema --bin openapi`.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let text = serde_json::to_string_pretty(&engine::openapi::document())?;
    writeln!(io::stdout().lock(), "{text}")
}
