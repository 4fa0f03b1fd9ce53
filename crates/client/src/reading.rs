//! A reading: what a frame or an answer says, as far as the connection must know.

use protocol::{Status, cursor::Cursor, sse::Frame};

use crate::{json::Json, log::Page, problem::Problem};

/// What the connection needs to know of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

/// What a frame says of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<J> {
    /// How the job stands.
    Document(Head, J),
    /// Lines of its log.
    Log(Page<J>),
    /// Nothing more will come.
    End,
    /// Why nothing more will come.
    Problem(Problem<J>),
}

impl<J: Json> Reading<J> {
    /// Reads a frame and the id of its job, `None` when it is one that this reader does not know, as a newer server may
    /// send.
    pub fn of(frame: &Frame) -> Option<(String, Reading<J>)> {
        let data = J::parse(&frame.data)?;
        let job = data.text("jobId")?;
        let reading = match frame.name.as_str() {
            "" => Reading::Document(Head::read(&data)?, data),
            "log" => Reading::Log(Page::read(&data)),
            "end" => Reading::End,
            "problem" => Reading::Problem(Problem::of(data, false)?),
            _ => return None,
        };
        Some((job, reading))
    }
}
