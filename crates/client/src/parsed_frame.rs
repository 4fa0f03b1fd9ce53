//! Frames and documents, parsed as far as the connection needs them.

use protocol::{Status, cursor::Cursor, sse::Frame};

use crate::{json::Json, log::Page, problem::Problem};

/// The fields of a document that the connection needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentHead {
    /// The document's epoch and seq.
    pub cursor: Cursor,
    /// Whether the job has ended.
    pub is_terminal: bool,
    /// Whether no other document can follow: the job has ended and no retry is planned.
    pub is_last: bool,
    /// Whether somebody can retry the job.
    pub is_retriable: bool,
}

impl DocumentHead {
    /// Reads the fields, `None` if the value is not a document.
    pub fn parse(document: &impl Json) -> Option<DocumentHead> {
        let seq = document.number("seq").filter(|seq| *seq >= 1.0 && seq.fract() == 0.0)?;
        let status = Status::parse(&document.text("status")?)?;
        let is_terminal = status.is_terminal();
        // If a retry is planned, only the server knows when the job has ended for good: it sends `end`.
        let is_last = is_terminal && document.text("nextRetryAt").is_none();
        let is_retriable = is_terminal && status != Status::Completed;
        let cursor = Cursor::new(&document.text("epoch")?, seq as u64);
        Some(DocumentHead { cursor, is_terminal, is_last, is_retriable })
    }
}

/// The content of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedFrame<J> {
    /// The job's document.
    Document(DocumentHead, J),
    /// Lines of the job's log.
    Log(Page<J>),
    /// The job has ended: no other frame of it follows.
    End,
    /// The reason why no other frame of the job follows.
    Problem(Problem<J>),
}

impl<J: Json> ParsedFrame<J> {
    /// Parses a frame into its job's id and its content; `None` if this client does not know the frame, as a newer server
    /// may send.
    pub fn parse(frame: &Frame) -> Option<(String, ParsedFrame<J>)> {
        let data = J::parse(&frame.data)?;
        let job = data.text("jobId")?;
        let parsed = match frame.name.as_str() {
            "" => ParsedFrame::Document(DocumentHead::parse(&data)?, data),
            "log" => ParsedFrame::Log(Page::from_frame(&data)),
            "end" => ParsedFrame::End,
            "problem" => ParsedFrame::Problem(Problem::from_body(data, false)?),
            _ => return None,
        };
        Some((job, parsed))
    }
}

#[cfg(test)]
mod tests {
    use protocol::sse::{write_comment, write_frame, write_retry};
    use serde_json::json;

    /// `js/early.js` finds documents in a stream as this test does, without a parser for all event streams.
    #[test]
    fn early_js_can_read_the_encoders_frames() {
        let document = json!({"jobId": "j", "message": "two\r\n\r\nlines"}).to_string();
        let mut stream = String::new();
        write_comment(&mut stream, "ok").unwrap();
        write_retry(&mut stream, 2000);
        for (name, data) in [("", &document), ("log", &document), ("", &document), ("end", &document)] {
            write_frame(&mut stream, name, None, data).unwrap();
            write_comment(&mut stream, "hb").unwrap();
        }
        // A line `data: …` with an empty line behind it, and no line `event: …` before it.
        let lines: Vec<_> = stream.lines().collect();
        let documents: Vec<_> = lines
            .windows(3)
            .filter(|lines| !lines[0].starts_with("event") && lines[2].is_empty())
            .filter_map(|lines| lines[1].strip_prefix("data: "))
            .collect();
        assert_eq!(documents, [&document, &document]);
    }
}
