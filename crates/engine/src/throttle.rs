//! A throttle: an action at most once in an interval. What asks for it in between gets one action together, at the end.

/// When an action that was asked for is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At once.
    Now,
    /// Later, if this plan still holds then.
    In(Plan),
    /// With the action that is planned already.
    Planned,
}

/// An action that is planned. An action that is done in the meantime ends the plan, but does not stop its timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The milliseconds until then.
    pub millis: u64,
    number: u64,
}

/// The throttle of one action.
///
/// ```
/// use engine::throttle::{Due, Throttle};
/// let mut throttle = Throttle::new(1_000);
/// assert_eq!(throttle.ask(5_000), Due::Now);
/// throttle.done(5_000);
/// let Due::In(plan) = throttle.ask(5_300) else { panic!() };
/// assert_eq!((plan.millis, throttle.ask(5_400)), (700, Due::Planned));
/// assert!(throttle.holds(plan));
/// assert_eq!(throttle.ask(6_000), Due::Now, "the timer for the planned one is late");
/// throttle.done(6_000);
/// assert!(!throttle.holds(plan));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    interval_ms: u64,
    /// When the action was done last.
    done_ms: Option<u64>,
    /// The number of the plan that holds.
    planned: Option<u64>,
    /// How many plans there were.
    plans: u64,
}

impl Throttle {
    /// The throttle of an action that was not done yet.
    pub fn new(interval_ms: u64) -> Throttle {
        Throttle { interval_ms, done_ms: None, planned: None, plans: 0 }
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
            Some(_) if self.planned.is_some() => Due::Planned,
            Some(millis) => {
                self.plans = self.plans.wrapping_add(1);
                self.planned = Some(self.plans);
                Due::In(Plan { millis, number: self.plans })
            }
        }
    }

    /// Whether the action is still to be done for this plan.
    pub fn holds(&self, plan: Plan) -> bool {
        self.planned == Some(plan.number)
    }

    /// Notes that the action is done at `now_ms`.
    pub fn done(&mut self, now_ms: u64) {
        (self.done_ms, self.planned) = (Some(now_ms), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_demands_a_second_are_ten_actions() {
        // The timers fire some milliseconds late, also when the action was done meanwhile.
        for late in [0, 1, 7] {
            let (mut throttle, mut actions, mut timers) = (Throttle::new(100), 0, Vec::new());
            for now in 0..1_000 {
                let is_due = timers.iter().any(|(at, plan)| *at == now && throttle.holds(*plan));
                let is_due = is_due
                    || match throttle.ask(now) {
                        Due::Now => true,
                        Due::In(plan) => {
                            timers.push((now + plan.millis + late, plan));
                            false
                        }
                        Due::Planned => false,
                    };
                if is_due {
                    throttle.done(now);
                    actions += 1;
                }
            }
            assert_eq!(actions, 10, "{late}");
        }
    }

    #[test]
    fn the_interval_can_change() {
        let mut throttle = Throttle::new(100);
        throttle.done(1_000);
        throttle.set_interval(500, 100);
        assert!(matches!(throttle.ask(1_100), Due::In(Plan { millis: 400, .. })));
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
