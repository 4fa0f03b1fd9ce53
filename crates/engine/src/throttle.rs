//! A throttle: an action at most once in an interval. What asks for it in between gets one action together, at the end.

/// When an action that was asked for is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// After this many milliseconds.
    In(u64),
    /// With the action that is planned already.
    Planned,
}

/// The throttle of one action.
///
/// ```
/// use engine::throttle::{Due, Throttle};
/// let mut throttle = Throttle::new(1_000);
/// assert_eq!(throttle.ask(5_000), Due::Now);
/// throttle.done(5_000);
/// assert_eq!((throttle.ask(5_300), throttle.ask(5_400)), (Due::In(700), Due::Planned));
/// assert_eq!(throttle.ask(6_000), Due::Now, "the timer for the planned one is late");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    interval_ms: u64,
    /// When the action was done last.
    done_ms: Option<u64>,
    is_planned: bool,
}

impl Throttle {
    /// The throttle of an action that was not done yet.
    pub fn new(interval_ms: u64) -> Throttle {
        Throttle { interval_ms, done_ms: None, is_planned: false }
    }

    /// Changes the interval, which is not shorter than `least_ms`; an action that is planned already stays planned.
    pub fn set_interval(&mut self, interval_ms: u64, least_ms: u64) {
        self.interval_ms = interval_ms.max(least_ms);
    }

    /// Asks for the action at `now_ms`, by a clock that may have been set back since the last one.
    pub fn ask(&mut self, now_ms: u64) -> Due {
        let rest = self.done_ms.and_then(|done| self.interval_ms.checked_sub(now_ms.checked_sub(done)?));
        match rest.filter(|rest| *rest > 0) {
            None => Due::Now,
            Some(_) if self.is_planned => Due::Planned,
            Some(rest) => {
                self.is_planned = true;
                Due::In(rest)
            }
        }
    }

    /// Notes that the action is done at `now_ms`.
    pub fn done(&mut self, now_ms: u64) {
        (self.done_ms, self.is_planned) = (Some(now_ms), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_demands_a_second_are_ten_actions() {
        let (mut throttle, mut actions, mut timer) = (Throttle::new(100), 0, None);
        for now in 0..1_000 {
            let is_due = match throttle.ask(now) {
                Due::Now => true,
                Due::In(wait) => {
                    timer = Some(now + wait);
                    false
                }
                Due::Planned => timer == Some(now),
            };
            if is_due {
                throttle.done(now);
                actions += 1;
            }
        }
        assert_eq!(actions, 10);
    }

    #[test]
    fn the_interval_can_change() {
        let mut throttle = Throttle::new(100);
        throttle.done(1_000);
        throttle.set_interval(500, 100);
        assert_eq!(throttle.ask(1_100), Due::In(400));
        throttle.set_interval(0, 100);
        assert_eq!(throttle.ask(1_100), Due::Now);
    }

    #[test]
    fn a_clock_that_is_set_back_delays_nothing() {
        let mut throttle = Throttle::new(100);
        throttle.done(10_000);
        assert_eq!(throttle.ask(9_000), Due::Now);
    }
}
