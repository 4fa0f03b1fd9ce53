//! A reading: what a frame or an answer says, as far as the connection must know.

use protocol::{Status, cursor::Cursor, sse::Frame};

use crate::{json::Json, problem::Problem};

/// What the connection needs to know of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its place in the job's life.
    pub cursor: Cursor,
    /// Whether the job has ended.
    pub is_terminal: bool,
    /// Whether nothing can follow: the job has ended and no retry is planned.
    pub is_last: bool,
}

impl Head {
    /// Reads a document, `None` when it is none.
    pub fn read(document: &impl Json) -> Option<Head> {
        let seq = document.number("seq").filter(|seq| *seq >= 1.0 && seq.fract() == 0.0)?;
        let is_terminal = Status::parse(&document.text("status")?)?.is_terminal();
        // Where a retry is planned, the end is the server's to tell.
        let is_last = is_terminal && document.text("nextRetryAt").is_none();
        Some(Head { cursor: Cursor::new(&document.text("epoch")?, seq as u64), is_terminal, is_last })
    }
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<J> {
    /// How the job stands.
    Document(Head, J),
    /// Nothing more will come.
    End,
    /// Why nothing more will come.
    Problem(Problem<J>),
    /// Something that this reader does not know, as a newer server may send.
    Unknown,
}

impl<J: Json> Reading<J> {
    /// Reads a frame.
    pub fn of(frame: &Frame) -> Reading<J> {
        match frame.name.as_str() {
            "" => J::parse(&frame.data)
                .and_then(|document| Some(Reading::Document(Head::read(&document)?, document)))
                .unwrap_or(Reading::Unknown),
            "end" => Reading::End,
            "problem" => Problem::read(&frame.data, false).map_or(Reading::Unknown, Reading::Problem),
            _ => Reading::Unknown,
        }
    }
}
