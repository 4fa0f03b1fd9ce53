//! The fallback: which way to listen, and when to try the better one again.

/// A way to listen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
/// plain polls where those are cut too; and streams again after a while.
#[derive(Clone, Debug, Default)]
pub struct Fallback {
    route: Route,
    strikes: u8,
    probe_at: u64,
    falls: u32,
    probing: bool,
    /// A poll has been answered since the fall: the server is there, it is streams that do not get through.
    proven: bool,
}

impl Fallback {
    /// The way to take at `now`.
    pub fn choose(&mut self, now: u64) -> Route {
        self.probing = self.proven && now >= self.probe_at;
        self.route()
    }

    /// The way that was last chosen.
    pub fn route(&self) -> Route {
        if self.probing { Route::Stream } else { self.route }
    }

    /// Whether polls are the way and work, be it that a stream is being tried at the moment.
    pub fn is_polling(&self) -> bool {
        self.proven
    }

    /// The way that was chosen has brought bytes.
    pub fn worked(&mut self) {
        self.strikes = 0;
        if self.route() == Route::Stream {
            *self = Fallback::default();
        } else {
            self.proven = true;
        }
    }

    /// The way that was chosen was cut before it brought a byte, though the server may well be there. True when another
    /// way is to be tried at once.
    pub fn was_cut(&mut self, now: u64) -> bool {
        if self.probing {
            self.put_off(now);
            return true;
        }
        if !self.proven && self.route != Route::Stream {
            // Not even a plain poll gets through, so it is not streams that are the matter.
            *self = Fallback::default();
            return false;
        }
        self.strikes = self.strikes.saturating_add(1);
        if self.strikes < STRIKES {
            return false;
        }
        self.strikes = 0;
        let fallen = self.route != Route::Poll;
        if self.route == Route::Stream {
            self.route = Route::LongPoll;
            self.put_off(now);
        } else {
            self.route = Route::Poll;
        }
        fallen
    }

    /// The server could not be reached, which says nothing about the way that was chosen. True when another way is to be
    /// tried at once.
    pub fn failed(&mut self, now: u64) -> bool {
        if self.probing {
            self.put_off(now);
            return true;
        }
        if !self.proven {
            *self = Fallback::default();
        }
        false
    }

    fn put_off(&mut self, now: u64) {
        let gap = PROBE_MS.saturating_mul(1_u64.checked_shl(self.falls).unwrap_or(u64::MAX)).min(PROBE_LONGEST_MS);
        self.falls = self.falls.saturating_add(1);
        self.probe_at = now.saturating_add(gap);
        self.probing = false;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn fallen() -> Fallback {
        let mut fallback = Fallback::default();
        assert!(!fallback.was_cut(0));
        assert!(fallback.was_cut(0));
        fallback
    }

    #[test]
    fn one_cut_stream_is_no_reason_to_poll() {
        let mut fallback = Fallback::default();
        assert!(!fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::Stream);
        fallback.worked();
        assert!(!fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::Stream);
    }

    #[test]
    fn a_server_that_is_not_there_is_no_reason_to_poll() {
        let mut fallback = Fallback::default();
        assert!(!fallback.was_cut(0));
        assert!(!fallback.failed(0));
        assert!(!fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::Stream);
        let mut fallback = fallen();
        assert_eq!(fallback.choose(0), Route::LongPoll);
        assert!(!fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::Stream);
    }

    #[test]
    fn streams_that_are_cut_again_and_again_give_way_to_polls() {
        let mut fallback = fallen();
        assert_eq!(fallback.choose(0), Route::LongPoll);
        fallback.worked();
        assert!(!fallback.was_cut(0));
        fallback.worked();
        assert!(!fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::LongPoll);
        assert!(fallback.was_cut(0));
        assert_eq!(fallback.choose(0), Route::Poll);
        fallback.worked();
        assert_eq!(fallback.choose(0), Route::Poll);
        assert!(fallback.is_polling());
    }

    #[test]
    fn a_stream_is_tried_again_at_growing_intervals_and_kept_once_it_works() {
        let mut fallback = fallen();
        fallback.choose(0);
        fallback.worked();
        let mut now = 0;
        for gap in [1, 2, 4, 8, 15, 15] {
            now += gap * PROBE_MS;
            assert_eq!(fallback.choose(now - 1), Route::LongPoll);
            assert_eq!(fallback.choose(now), Route::Stream);
            assert!(fallback.is_polling());
            assert!(fallback.was_cut(now));
            assert_eq!(fallback.choose(now), Route::LongPoll);
        }
        assert_eq!(fallback.choose(u64::MAX), Route::Stream);
        fallback.worked();
        assert_eq!(fallback.choose(0), Route::Stream);
        assert!(!fallback.is_polling());
    }
}
