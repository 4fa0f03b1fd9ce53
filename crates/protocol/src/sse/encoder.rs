//! The encoder: what a server writes, one event at a time.

use std::fmt;

/// The error for a name, id or comment with a CR, LF or NUL, which would end its line or make readers ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, id or comment of a stream has a line break or a NUL")
    }
}

impl std::error::Error for Unwritable {}

/// Appends a frame: `event:` unless `name` is empty, `id:` if there is an id, and a `data:` line for each line of `data`.
///
/// Readers get the lines of `data` joined by LF, whether CR, LF or CRLF separated them.
///
/// # Errors
///
/// [`Unwritable`] for a name or id with a CR, LF or NUL; nothing is appended in that case.
pub fn write_frame(out: &mut String, name: &str, id: Option<&str>, data: &str) -> Result<(), Unwritable> {
    check(name)?;
    id.map_or(Ok(()), check)?;
    if !name.is_empty() {
        field(out, "event: ", name);
    }
    if let Some(id) = id {
        field(out, "id: ", id);
    }
    let mut parts = data.split('\n').peekable();
    while let Some(part) = parts.next() {
        // A CR directly before the LF belongs to that line end; any other CR is a line end of its own.
        let part = if parts.peek().is_some() { part.strip_suffix('\r').unwrap_or(part) } else { part };
        part.split('\r').for_each(|line| field(out, "data: ", line));
    }
    out.push('\n');
    Ok(())
}

/// Appends the line that sets the time in milliseconds that readers wait before they reconnect.
///
/// The line ends no block; it belongs directly before the next one. Some readers (httpx-sse, fetch-event-source) take the
/// empty line after a block without data for an empty event.
pub fn write_retry(out: &mut String, millis: u64) {
    field(out, "retry: ", &millis.to_string());
}

/// Appends a comment line, which shows readers that the connection is alive. Like [`write_retry`], it ends no block.
///
/// # Errors
///
/// [`Unwritable`] for a text with a CR, LF or NUL; nothing is appended in that case.
pub fn write_comment(out: &mut String, text: &str) -> Result<(), Unwritable> {
    check(text)?;
    field(out, ": ", text);
    Ok(())
}

fn field(out: &mut String, prefix: &str, value: &str) {
    out.push_str(prefix);
    out.push_str(value);
    out.push('\n');
}

fn check(text: &str) -> Result<(), Unwritable> {
    if text.contains(['\r', '\n', '\0']) { Err(Unwritable) } else { Ok(()) }
}
