//! The lines in the output of a program, as a terminal would show them in the end.

/// Most bytes of a line that are kept; the rest of the line is dropped.
const LINE_BYTES: usize = 16 * 1024;

/// A piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line that stays.
    Line(String),
    /// A line that is overwritten by the next one (it ends with a carriage return), such as a progress bar.
    Overwritten(String),
    /// The beginning of a line that has no end yet.
    Begun(String),
}

impl Piece {
    pub(super) fn text(&self) -> &str {
        match self {
            Piece::Line(text) | Piece::Overwritten(text) | Piece::Begun(text) => text,
        }
    }
}

/// Splits the output of one stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    /// Whether the last byte was a carriage return, which is a part of the line's end if a line feed follows.
    is_returned: bool,
    /// Whether a NUL byte was read: the stream is data and has no lines.
    is_data: bool,
}

impl Lines {
    /// The pieces of the next bytes. The beginning of a line is among them only if `is_all` of what the program has written
    /// was read, because the rest of a number may follow. From the first bytes on that contain a NUL, there are no pieces.
    pub(super) fn read(&mut self, bytes: &[u8], is_all: bool) -> Vec<Piece> {
        if self.is_data || bytes.contains(&0) {
            self.is_data = true;
            self.line.clear();
            return Vec::new();
        }
        let mut pieces = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => pieces.push(Piece::Line(self.take())),
                b'\r' if !self.is_returned => {
                    self.is_returned = true;
                    continue;
                }
                b'\r' => continue,
                _ => {
                    if self.is_returned && !self.line.is_empty() {
                        pieces.push(Piece::Overwritten(self.take()));
                    }
                    if self.line.len() < LINE_BYTES {
                        self.line.push(*byte);
                    }
                }
            }
            self.is_returned = false;
        }
        if is_all && !self.line.is_empty() {
            pieces.push(Piece::Begun(String::from_utf8_lossy(&self.line).into_owned()));
        }
        pieces
    }

    /// The last line, if it has no end.
    pub(super) fn end(&mut self) -> Option<Piece> {
        (!self.line.is_empty()).then(|| Piece::Line(self.take()))
    }

    fn take(&mut self) -> String {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Piece {
        Piece::Line(text.to_owned())
    }

    fn overwritten(text: &str) -> Piece {
        Piece::Overwritten(text.to_owned())
    }

    #[test]
    fn a_line_that_is_overwritten_is_not_one_that_stays() {
        let mut lines = Lines::default();
        assert_eq!(
            lines.read(b"a\n 10%\r 20%\r100%\nb\r\n", false),
            [line("a"), overwritten(" 10%"), overwritten(" 20%"), line("100%"), line("b")]
        );
        assert_eq!(lines.end(), None);
    }

    #[test]
    fn the_end_of_a_line_can_be_split_anywhere() {
        let text = b"a\r\nb\r\r\n 1%\r 2%\nc";
        let whole = Lines::default().read(text, false);
        for at in 0..text.len() {
            let mut lines = Lines::default();
            let mut pieces = lines.read(&text[..at], false);
            pieces.extend(lines.read(&text[at..], false));
            assert_eq!(pieces, whole, "{at}");
            assert_eq!(lines.end(), Some(line("c")));
        }
    }

    #[test]
    fn the_beginning_of_a_line_is_shown_if_everything_was_read() {
        let mut lines = Lines::default();
        assert_eq!(lines.read(b"\r 45", false), []);
        assert_eq!(lines.read(b"%", true), [Piece::Begun(" 45%".to_owned())]);
        assert_eq!(lines.read(b"\r 46%", true), [overwritten(" 45%"), Piece::Begun(" 46%".to_owned())]);
    }

    #[test]
    fn a_stream_with_a_nul_byte_is_data_from_there_on() {
        let mut lines = Lines::default();
        assert_eq!(lines.read(b"text\nbegun", false), [line("text")]);
        assert_eq!(lines.read(b" password\n\0", true), []);
        assert_eq!(lines.read(b"42%\rpassword\nend", true), []);
        assert_eq!(lines.end(), None);
    }

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let mut lines = Lines::default();
        for _ in 0..10 {
            assert_eq!(lines.read(&[b'x'; LINE_BYTES], false), []);
        }
        assert_eq!(lines.read(b"\n", false)[0].text().len(), LINE_BYTES);
    }
}
