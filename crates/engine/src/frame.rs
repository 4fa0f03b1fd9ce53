//! Frames between the object and the edge: a line that the relay reads, then a text that it passes on.
//!
//! `1 document k3v9a0.17` and a newline, then the JSON of the document. The first word is the version; a reader ignores a
//! frame of a version or a kind that it does not know, as edge and object of neighbouring releases must talk.

use protocol::cursor::Cursor;

/// The version of the frames written here.
pub const VERSION: &str = "1";

/// What a frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The document with this cursor.
    Document(Cursor),
    /// Log lines.
    Log,
    /// The end of the job; nothing follows.
    End,
    /// A problem; nothing follows.
    Problem,
}

impl Kind {
    /// The frame of this kind with `json` in it.
    ///
    /// ```
    /// use engine::frame::Kind;
    /// let frame = Kind::Log.frame("{}");
    /// assert_eq!(frame, "1 log\n{}");
    /// assert_eq!(Kind::parse("1 log"), Some(Kind::Log));
    /// ```
    pub fn frame(&self, json: &str) -> String {
        match self {
            Kind::Document(cursor) => format!("{VERSION} document {cursor}\n{json}"),
            Kind::Log => format!("{VERSION} log\n{json}"),
            Kind::End => format!("{VERSION} end\n{json}"),
            Kind::Problem => format!("{VERSION} problem\n{json}"),
        }
    }

    /// Reads the first line of a frame, without its newline; `None` for what this release does not know.
    pub fn parse(line: &str) -> Option<Kind> {
        let mut words = line.split(' ');
        if words.next() != Some(VERSION) {
            return None;
        }
        match words.next()? {
            "document" => words.next().and_then(Cursor::parse).map(Kind::Document),
            "log" => Some(Kind::Log),
            "end" => Some(Kind::End),
            "problem" => Some(Kind::Problem),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for kind in [Kind::Document(Cursor::new("k3v9a0", 17)), Kind::Log, Kind::End, Kind::Problem] {
            let frame = kind.frame("{\"a\":\"b\\n\"}");
            let (line, json) = frame.split_once('\n').unwrap();
            assert_eq!((Kind::parse(line), json), (Some(kind), "{\"a\":\"b\\n\"}"));
        }
    }

    #[test]
    fn an_unknown_version_or_kind_is_ignored_and_more_words_are_not_minded() {
        for line in ["", "1", "2 log", "1 pause", "1 document", "1 document x", " 1 log"] {
            assert_eq!(Kind::parse(line), None, "{line}");
        }
        assert_eq!(Kind::parse("1 log gzip"), Some(Kind::Log));
    }
}
