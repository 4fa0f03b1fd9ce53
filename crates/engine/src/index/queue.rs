//! The queue of a list's stream: the first page, which waits for all shards, and the rows that wait for a slow reader.

use protocol::{
    Problem,
    limits::{LIST_WAITING, LIST_WAITING_BYTES},
};

use super::{
    cursor::Cursors,
    filter::ListRequest,
    page::{Page, ShardPage},
};
use crate::{
    chunk::Chunk,
    frame::{self, Kind},
};

/// The frames of a list that wait for the reader of its stream. A later frame of a row replaces the one that waits.
///
/// ```
/// use engine::{frame::Kind, index::{cursor::Cursors, filter::ListRequest, queue::ListQueue}, signer::Signer};
/// let signer = Signer::new("0123456789abcdef0123456789abcdef", None).unwrap();
/// let request = ListRequest::from_query([], None).unwrap();
/// let mut queue = ListQueue::new(request, 1, Cursors::new(&signer, "acme", || [7; 24]));
/// queue.push(&Kind::Row(7), b"first".to_vec());
/// queue.push(&Kind::Page, br#"{"rows":[],"read_to":null}"#.to_vec());
/// queue.push(&Kind::Row(7), b"second".to_vec());
/// let mut written = Vec::new();
/// queue.drain(|chunk| written.push(String::from_utf8(chunk).unwrap()));
/// assert_eq!(written, ["event: page\ndata: {\"jobs\":[]}\n\n", "second"]);
/// ```
#[derive(Clone, Debug)]
pub struct ListQueue<C> {
    request: ListRequest,
    cursors: Cursors,
    /// The pages that have come, until all are there.
    pages: Vec<ShardPage>,
    /// The shards whose page has not come.
    missing: usize,
    page: Option<C>,
    rows: Vec<(u64, C)>,
    /// The bytes of the waiting rows.
    bytes: usize,
    final_frame: Option<C>,
    ended: bool,
}

/// Whether a queue has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Capacity {
    /// The frame waits.
    Enough,
    /// Too much waits, or a page cannot be read: the stream ends, and the reader begins again with a page.
    Exceeded,
}

impl<C: Chunk> ListQueue<C> {
    /// An empty queue for a list of so many shards.
    pub fn new(request: ListRequest, shards: usize, cursors: Cursors) -> ListQueue<C> {
        let (pages, rows) = (Vec::new(), Vec::new());
        ListQueue {
            request,
            cursors,
            pages,
            missing: shards,
            page: None,
            rows,
            bytes: 0,
            final_frame: None,
            ended: false,
        }
    }

    /// Queues a frame of a shard: its kind, and its bytes without the head.
    pub fn push(&mut self, kind: &Kind, bytes: C) -> Capacity {
        match kind {
            Kind::Page => return self.add_page(&bytes.to_vec()),
            Kind::Row(number) => {
                // A stream that is read holds none, and one that is not read at most so many that a search costs little.
                self.bytes = self.bytes.saturating_add(bytes.size());
                if let Some((_, waiting)) = self.rows.iter_mut().find(|(known, _)| known == number) {
                    self.bytes = self.bytes.saturating_sub(waiting.size());
                    *waiting = bytes;
                } else {
                    self.rows.push((*number, bytes));
                }
                if self.rows.len() > LIST_WAITING || self.bytes > LIST_WAITING_BYTES {
                    return Capacity::Exceeded;
                }
            }
            // A shard sends no others.
            Kind::Document(_) | Kind::Log(_) | Kind::Control(_) | Kind::End | Kind::Problem => {}
        }
        Capacity::Enough
    }

    fn add_page(&mut self, json: &[u8]) -> Capacity {
        let Ok(page) = serde_json::from_slice(json) else { return Capacity::Exceeded };
        self.pages.push(page);
        self.missing = self.missing.saturating_sub(1);
        if self.missing == 0 {
            let page = Page::merge(std::mem::take(&mut self.pages), &self.request);
            self.page = Some(C::from_bytes(frame::page(&page, &self.cursors).as_bytes()));
        }
        Capacity::Enough
    }

    /// Ends the queue with a problem frame, which replaces the frames that wait: the reader may no longer read them.
    pub fn terminate(&mut self, problem: &Problem) {
        self.page = None;
        self.rows.clear();
        self.bytes = 0;
        self.final_frame = Some(C::from_bytes(frame::list_problem(problem).as_bytes()));
        self.ended = true;
    }

    /// Whether nothing follows.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Passes the waiting frames to `out`, in order: nothing before the page.
    pub fn drain(&mut self, mut out: impl FnMut(C)) {
        if self.missing == 0 || self.ended {
            self.page.take().into_iter().for_each(&mut out);
            self.rows.drain(..).for_each(|(_, row)| out(row));
            self.bytes = 0;
        }
        self.final_frame.take().into_iter().for_each(out);
    }
}

#[cfg(test)]
mod tests {
    use protocol::problem::Code;

    use super::*;
    use crate::signer::Signer;

    fn queue(shards: usize) -> ListQueue<Vec<u8>> {
        let signer = Signer::new(&"s".repeat(32), None).unwrap();
        let cursors = Cursors::new(&signer, "acme", || [7; 24]);
        ListQueue::new(ListRequest::from_query([], None).unwrap(), shards, cursors)
    }

    fn drained(queue: &mut ListQueue<Vec<u8>>) -> String {
        let mut text = String::new();
        queue.drain(|chunk| text.push_str(std::str::from_utf8(&chunk).unwrap()));
        text
    }

    #[test]
    fn nothing_is_sent_before_the_pages_of_all_shards() {
        let mut queue = queue(2);
        let page = |created: u64| {
            format!(r#"{{"rows":[{{"created":{created},"job":"a","row":"{created}"}}],"read_to":null}}"#)
        };
        let _ = queue.push(&Kind::Page, page(1).into_bytes());
        let _ = queue.push(&Kind::Row(1), b"row;".to_vec());
        assert_eq!(drained(&mut queue), "");
        let _ = queue.push(&Kind::Page, page(2).into_bytes());
        assert_eq!(drained(&mut queue), "event: page\ndata: {\"jobs\":[2,1]}\n\nrow;");
    }

    #[test]
    fn a_slow_reader_gets_the_last_state_of_each_row_and_past_the_limit_the_stream_ends() {
        let mut queue = queue(0);
        for number in 0..LIST_WAITING as u64 {
            assert_eq!(queue.push(&Kind::Row(number), b"a".to_vec()), Capacity::Enough);
        }
        assert_eq!(queue.push(&Kind::Row(3), b"b".to_vec()), Capacity::Enough);
        assert_eq!(queue.push(&Kind::Row(u64::MAX), b"c".to_vec()), Capacity::Exceeded);
        let text = drained(&mut queue);
        assert_eq!((text.len(), text.matches('b').count()), (LIST_WAITING + 1, 1));
    }

    #[test]
    fn the_bytes_that_wait_are_limited_and_a_later_frame_of_a_row_does_not_add_to_them() {
        let mut queue = queue(0);
        let half = || vec![b'a'; LIST_WAITING_BYTES / 2];
        for number in [1, 2, 1, 2, 2] {
            assert_eq!(queue.push(&Kind::Row(number), half()), Capacity::Enough);
        }
        assert_eq!(drained(&mut queue).len(), LIST_WAITING_BYTES);
        assert_eq!(queue.push(&Kind::Row(1), half()), Capacity::Enough);
        assert_eq!(queue.push(&Kind::Row(2), half()), Capacity::Enough);
        assert_eq!(queue.push(&Kind::Row(3), b"b".to_vec()), Capacity::Exceeded);
    }

    #[test]
    fn a_page_that_cannot_be_read_ends_the_stream_and_is_not_an_empty_one() {
        let mut queue = queue(1);
        assert_eq!(queue.push(&Kind::Page, b"{".to_vec()), Capacity::Exceeded);
        assert_eq!(drained(&mut queue), "");
    }

    #[test]
    fn a_list_that_may_no_longer_be_read_ends_with_the_problem_alone() {
        let mut queue = queue(1);
        let _ = queue.push(&Kind::Row(1), b"row;".to_vec());
        queue.terminate(&Problem::new(Code::Unauthenticated, "The token expired"));
        assert!(queue.has_ended());
        assert!(drained(&mut queue).starts_with("event: problem\ndata: {\"error\":\"UNAUTHENTICATED\""));
    }
}
