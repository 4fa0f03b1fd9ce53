//! The fallback: which way to listen, and when to try the better one again.

/// A way to listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Route {
    /// One response that stays open.
    #[default]
    Stream,
    /// A request that waits for the next change.
    LongPoll,
    /// A request that answers at once, again and again.
    Poll,
}

/// How often in a row a way must fail without a byte before the next one is taken.
const STRIKES: u8 = 2;
/// Milliseconds until a stream is tried again after the first fall; it doubles with every fall after it.
pub const PROBE_MS: u64 = 120_000;
const PROBE_LONGEST_MS: u64 = 30 * 60_000;

/// Chooses the way: streams, long polls where streams are cut before any byte arrives (as a proxy that buffers does),
/// plain polls where those are cut too; and streams again after a while, polls going on meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fallback {
    route: Route,
    strikes: u8,
    probe_at: u64,
    falls: u32,
    /// A poll has been answered since the fall: the server is there, it is streams that do not get through.
    proven: bool,
}

impl Fallback {
    /// The way to take.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Whether polls are the way and work.
    pub fn is_polling(&self) -> bool {
        self.proven
    }

    /// When a stream is to be tried again, where polls are the way.
    pub fn probe_at(&self) -> Option<u64> {
        self.proven.then_some(self.probe_at)
    }

    /// A stream has brought bytes.
    pub fn stream_worked(&mut self) {
        *self = Fallback::default();
    }

    /// A poll was answered.
    pub fn poll_worked(&mut self) {
        if self.route != Route::Stream {
            self.strikes = 0;
            self.proven = true;
        }
    }

    /// A stream was cut before it brought a byte, though the server may well be there. True when another way is to be
    /// taken at once.
    pub fn stream_was_cut(&mut self, now: u64) -> bool {
        if self.route != Route::Stream {
            self.put_off(now);
            return true;
        }
        let is_over = self.strike();
        if is_over {
            self.route = Route::LongPoll;
            self.put_off(now);
        }
        is_over
    }

    /// A poll was cut before it was answered, though the server may well be there. True when another way is to be taken
    /// at once.
    pub fn poll_was_cut(&mut self) -> bool {
        if !self.proven {
            // Not even a plain poll gets through, so it is not streams that are the matter.
            self.poll_failed();
            return false;
        }
        let is_over = self.route == Route::LongPoll && self.strike();
        if is_over {
            self.route = Route::Poll;
        }
        is_over
    }

    /// The server could not be reached for a stream, which says nothing about streams.
    pub fn stream_failed(&mut self, now: u64) {
        if self.route == Route::Stream {
            self.strikes = 0;
        } else {
            self.put_off(now);
        }
    }

    /// The server could not be reached for a poll, which says nothing about polls.
    pub fn poll_failed(&mut self) {
        if !self.proven && self.route != Route::Stream {
            *self = Fallback::default();
        }
    }

    fn strike(&mut self) -> bool {
        self.strikes = self.strikes.saturating_add(1);
        let is_over = self.strikes >= STRIKES;
        if is_over {
            self.strikes = 0;
        }
        is_over
    }

    fn put_off(&mut self, now: u64) {
        let gap = PROBE_MS.saturating_mul(1_u64.checked_shl(self.falls).unwrap_or(u64::MAX)).min(PROBE_LONGEST_MS);
        self.falls = self.falls.saturating_add(1);
        self.probe_at = now.saturating_add(gap);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn fallen() -> Fallback {
        let mut fallback = Fallback::default();
        assert!(!fallback.stream_was_cut(0));
        assert!(fallback.stream_was_cut(0));
        fallback
    }

    #[test]
    fn one_cut_stream_is_no_reason_to_poll() {
        let mut fallback = Fallback::default();
        for _ in 0..2 {
            assert!(!fallback.stream_was_cut(0));
            assert_eq!(fallback.route(), Route::Stream);
            fallback.stream_worked();
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_no_reason_to_poll() {
        let mut fallback = Fallback::default();
        assert!(!fallback.stream_was_cut(0));
        fallback.stream_failed(0);
        assert!(!fallback.stream_was_cut(0));
        assert_eq!(fallback.route(), Route::Stream);
        let mut fallback = fallen();
        assert_eq!(fallback.route(), Route::LongPoll);
        assert!(!fallback.poll_was_cut());
        assert_eq!(fallback.route(), Route::Stream);
    }

    #[test]
    fn streams_that_are_cut_again_and_again_give_way_to_polls() {
        let mut fallback = fallen();
        assert_eq!(fallback.route(), Route::LongPoll);
        fallback.poll_worked();
        assert!(!fallback.poll_was_cut());
        fallback.poll_worked();
        assert!(!fallback.poll_was_cut());
        assert_eq!(fallback.route(), Route::LongPoll);
        assert!(fallback.poll_was_cut());
        assert_eq!(fallback.route(), Route::Poll);
        fallback.poll_worked();
        for _ in 0..5 {
            assert!(!fallback.poll_was_cut());
        }
        assert_eq!(fallback.route(), Route::Poll);
        assert!(fallback.is_polling());
    }

    #[test]
    fn a_stream_is_tried_again_at_growing_intervals_and_kept_once_it_works() {
        let mut fallback = fallen();
        assert_eq!(fallback.probe_at(), None, "it is not known yet whether the server is there at all");
        fallback.poll_worked();
        let mut now = 0;
        for gap in [1, 2, 4, 8, 15, 15] {
            now += gap * PROBE_MS;
            assert_eq!(fallback.probe_at(), Some(now));
            assert!(fallback.stream_was_cut(now));
            assert_eq!(fallback.route(), Route::LongPoll);
        }
        fallback.stream_worked();
        assert_eq!((fallback.route(), fallback.is_polling(), fallback.probe_at()), (Route::Stream, false, None));
    }

    #[test]
    fn a_poll_beside_a_stream_says_nothing_about_streams() {
        let mut fallback = Fallback::default();
        assert!(!fallback.stream_was_cut(0));
        fallback.poll_worked();
        fallback.poll_failed();
        assert!(!fallback.poll_was_cut());
        assert!(!fallback.is_polling());
        assert!(fallback.stream_was_cut(0));
    }
}
