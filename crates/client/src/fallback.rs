//! The fallback: which route updates take, and when to try streams again.

/// How a client gets updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Route {
    /// One response that stays open.
    #[default]
    Stream,
    /// Requests that the server answers at the next change.
    LongPoll,
    /// Requests that the server answers at once, at intervals.
    Poll,
}

/// How many times in a row a route must fail without a byte before the next route is taken.
pub(crate) const MAX_CUTS: u8 = 2;
/// Milliseconds until a stream is tried again after the first fallback; they double with every fallback after it.
pub const PROBE_MS: u64 = 120_000;
const PROBE_LONGEST_MS: u64 = 30 * 60_000;

/// Chooses the route: streams; long polls if streams are cut before any byte arrives (as by a proxy that buffers); plain
/// polls if long polls are cut too. After a while a stream is tried again beside the polls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fallback {
    route: Route,
    cuts: u8,
    probe_at: u64,
    /// How often a probe was put off.
    delays: u32,
    /// A poll was answered since the fallback: the server is reachable, so it is streams that do not get through.
    polls_work: bool,
}

impl Fallback {
    /// The route to take.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Whether polls are the route and work.
    pub fn is_polling(&self) -> bool {
        self.polls_work
    }

    /// When a stream is to be tried again, if polls are the route and work.
    pub fn probe_at(&self) -> Option<u64> {
        self.polls_work.then_some(self.probe_at)
    }

    /// A stream has brought bytes.
    pub fn on_stream_worked(&mut self) {
        *self = Fallback::default();
    }

    /// A poll was answered.
    pub fn on_poll_worked(&mut self) {
        if self.route != Route::Stream {
            self.cuts = 0;
            self.polls_work = true;
        }
    }

    /// A stream was cut before it brought a byte, although the server may be reachable. Returns whether to take another
    /// route at once.
    pub fn on_stream_cut(&mut self, now: u64) -> bool {
        if self.route != Route::Stream {
            self.delay_probe(now);
            return true;
        }
        let gives_up = self.count_cut();
        if gives_up {
            self.route = Route::LongPoll;
            self.delay_probe(now);
        }
        gives_up
    }

    /// A poll was cut before it was answered, although the server may be reachable. Returns whether to take another route
    /// at once.
    pub fn on_poll_cut(&mut self) -> bool {
        if !self.polls_work {
            // Plain polls do not get through either, so streams are not the cause.
            self.on_poll_failed();
            return false;
        }
        let gives_up = self.route == Route::LongPoll && self.count_cut();
        if gives_up {
            self.route = Route::Poll;
        }
        gives_up
    }

    /// The server could not be reached for a stream, which is no evidence against streams.
    pub fn on_stream_failed(&mut self, now: u64) {
        if self.route == Route::Stream {
            self.cuts = 0;
        } else {
            self.delay_probe(now);
        }
    }

    /// The server could not be reached for a poll, which is no evidence against polls.
    pub fn on_poll_failed(&mut self) {
        if !self.polls_work && self.route != Route::Stream {
            *self = Fallback::default();
        }
    }

    fn count_cut(&mut self) -> bool {
        self.cuts = self.cuts.saturating_add(1);
        let gives_up = self.cuts >= MAX_CUTS;
        if gives_up {
            self.cuts = 0;
        }
        gives_up
    }

    fn delay_probe(&mut self, now: u64) {
        let doubled = 1_u64.checked_shl(self.delays).unwrap_or(u64::MAX);
        let gap = PROBE_MS.saturating_mul(doubled).min(PROBE_LONGEST_MS);
        self.delays = self.delays.saturating_add(1);
        self.probe_at = now.saturating_add(gap);
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn fallen_back() -> Fallback {
        let mut fallback = Fallback::default();
        assert!(!fallback.on_stream_cut(0));
        assert!(fallback.on_stream_cut(0));
        fallback
    }

    #[test]
    fn one_cut_stream_does_not_lead_to_polls() {
        let mut fallback = Fallback::default();
        for _ in 0..2 {
            assert!(!fallback.on_stream_cut(0));
            assert_eq!(fallback.route(), Route::Stream);
            fallback.on_stream_worked();
        }
    }

    #[test]
    fn an_unreachable_server_does_not_lead_to_polls() {
        let mut fallback = Fallback::default();
        assert!(!fallback.on_stream_cut(0));
        fallback.on_stream_failed(0);
        assert!(!fallback.on_stream_cut(0));
        assert_eq!(fallback.route(), Route::Stream);
        let mut fallback = fallen_back();
        assert_eq!(fallback.route(), Route::LongPoll);
        assert!(!fallback.on_poll_cut());
        assert_eq!(fallback.route(), Route::Stream);
    }

    #[test]
    fn streams_that_are_cut_repeatedly_lead_to_long_polls_and_these_to_plain_polls() {
        let mut fallback = fallen_back();
        assert_eq!(fallback.route(), Route::LongPoll);
        fallback.on_poll_worked();
        assert!(!fallback.on_poll_cut());
        fallback.on_poll_worked();
        assert!(!fallback.on_poll_cut());
        assert_eq!(fallback.route(), Route::LongPoll);
        assert!(fallback.on_poll_cut());
        assert_eq!(fallback.route(), Route::Poll);
        fallback.on_poll_worked();
        for _ in 0..5 {
            assert!(!fallback.on_poll_cut());
        }
        assert_eq!(fallback.route(), Route::Poll);
        assert!(fallback.is_polling());
    }

    #[test]
    fn a_stream_is_tried_again_at_growing_intervals_and_kept_once_it_works() {
        let mut fallback = fallen_back();
        assert_eq!(fallback.probe_at(), None, "it is not known yet whether the server can be reached");
        fallback.on_poll_worked();
        let mut now = 0;
        for gap in [1, 2, 4, 8, 15, 15] {
            now += gap * PROBE_MS;
            assert_eq!(fallback.probe_at(), Some(now));
            assert!(fallback.on_stream_cut(now));
            assert_eq!(fallback.route(), Route::LongPoll);
        }
        fallback.on_stream_worked();
        assert_eq!((fallback.route(), fallback.is_polling(), fallback.probe_at()), (Route::Stream, false, None));
    }

    #[test]
    fn a_poll_beside_a_stream_does_not_change_the_route() {
        let mut fallback = Fallback::default();
        assert!(!fallback.on_stream_cut(0));
        fallback.on_poll_worked();
        fallback.on_poll_failed();
        assert!(!fallback.on_poll_cut());
        assert!(!fallback.is_polling());
        assert!(fallback.on_stream_cut(0));
    }
}
