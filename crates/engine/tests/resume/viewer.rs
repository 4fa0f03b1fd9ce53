//! The viewer: it reads a stream with the real decoder and keeps what is newer than what it has.

use protocol::{
    Document,
    cursor::Cursor,
    log_line::LogPage,
    sse::{Decoder, Signal},
};

/// What a person sees, and what the next connection begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Viewer {
    /// The last document shown.
    pub(crate) newest: Option<Cursor>,
    /// Whether that document is the last there will be.
    pub(crate) is_last: bool,
    /// The numbers of the log lines it has, a bit each.
    pub(crate) lines: u64,
    /// Whether it comes back no more.
    pub(crate) done: bool,
}

/// What a frame says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// How the job stands, and whether that is its end.
    Document(Cursor, bool),
    /// Lines, a bit each.
    Lines(u64),
    /// That nothing more comes.
    End,
}

/// Reads bytes as they come from a stream.
///
/// A decoder lives as long as its stream; as chunks hold whole frames, but for the last one of a stream that is cut, a
/// new one for each chunk reads the same.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Said>, String> {
    let mut signals = Vec::new();
    Decoder::default().feed(bytes, |signal| signals.push(signal)).map_err(|error| error.to_string())?;
    let frames =
        signals.into_iter().filter_map(|signal| if let Signal::Frame(frame) = signal { Some(frame) } else { None });
    frames
        .map(|frame| match frame.name.as_str() {
            "" => {
                let document: Document = serde_json::from_str(&frame.data).map_err(|error| error.to_string())?;
                let cursor = document.cursor();
                if cursor.to_string() != frame.id {
                    return Err(format!("the id of {cursor} is {}", frame.id));
                }
                Ok(Said::Document(cursor, document.status.is_terminal()))
            }
            "log" => {
                let page: LogPage = serde_json::from_str(&frame.data).map_err(|error| error.to_string())?;
                if page.skipped_from.is_some() {
                    return Err("lines were skipped, though nobody was slow".to_owned());
                }
                Ok(Said::Lines(page.lines.iter().fold(0, |lines, line| lines | 1 << line.number)))
            }
            "end" => Ok(Said::End),
            other => Err(format!("a frame is named {other}")),
        })
        .collect()
}

impl Viewer {
    /// Takes what a frame says, or tells what is wrong with it.
    pub(crate) fn hear(&mut self, said: &Said) -> Result<(), String> {
        match said {
            Said::Document(cursor, is_last) => {
                if self.newest.as_ref().is_none_or(|newest| newest.is_behind(cursor)) {
                    // Who knows the end by its document need not wait for the frame that says so.
                    (self.is_last, self.done) = (*is_last, *is_last);
                    self.newest = Some(cursor.clone());
                }
            }
            Said::Lines(lines) => self.lines |= lines,
            Said::End if self.is_last => self.done = true,
            Said::End => return Err("the end came before the last document".to_owned()),
        }
        Ok(())
    }

    /// The answer to a comer was 204.
    pub(crate) fn is_told_to_stop(&mut self) -> Result<(), String> {
        self.done = true;
        if self.is_last { Ok(()) } else { Err("was told to stop before the last document".to_owned()) }
    }
}
