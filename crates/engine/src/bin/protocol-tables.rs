//! Reads PROTOCOL.md from standard input and writes it with its generated tables to standard output:
//! `cargo run --package engine --features schema --bin protocol-tables`.

use std::io::{self, Read as _, Write as _};

fn main() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    let text = engine::openapi::tables::with_tables(&text, &engine::openapi::document());
    let text = text.ok_or_else(|| io::Error::other("a generated table has no end or an unknown name"))?;
    io::stdout().lock().write_all(text.as_bytes())
}
