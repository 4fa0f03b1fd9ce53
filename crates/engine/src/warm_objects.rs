//! The objects that may be in memory on a server whose operating system limits open files.
//!
//! A local server holds three files for each job that was used within the last seconds, and ends when no file is left
//! to accept a connection. It refuses one more job before that. Cloudflare has no such limit.

use std::collections::HashMap;

use protocol::{Problem, problem::Code};

/// Milliseconds after its last call, alarm or timer in which an object may be in memory. The runtime removes it after ten seconds.
pub const WARM_MS: u64 = 15_000;

/// The objects that may be in memory.
#[derive(Clone, Debug)]
pub struct WarmObjects {
    most: usize,
    /// When each object was called last, in milliseconds.
    called_ms: HashMap<String, u64>,
}

impl WarmObjects {
    /// No object; later at most `most` of them.
    pub fn new(most: usize) -> WarmObjects {
        WarmObjects { most, called_ms: HashMap::new() }
    }

    /// Notes a call of the object `name` at `now_ms`.
    ///
    /// ```
    /// use engine::warm_objects::{WARM_MS, WarmObjects};
    /// let mut warm = WarmObjects::new(1);
    /// assert!(warm.call("acme/a", 0).is_ok() && warm.call("acme/b", 1).is_err());
    /// assert!(warm.call("acme/b", WARM_MS).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// `OVERLOADED` if the object is not in memory and as many others are as may be.
    pub fn call(&mut self, name: &str, now_ms: u64) -> Result<(), Problem> {
        if let Some(called_ms) = self.called_ms.get_mut(name) {
            *called_ms = now_ms;
            return Ok(());
        }
        if self.called_ms.len() >= self.most {
            self.forget_cold(now_ms);
        }
        if self.called_ms.len() >= self.most {
            let message = format!(
                "The server has {} jobs in memory, as many as its limit of open files allows; try again in some seconds, or \
                 raise the limit (`ulimit -Hn`) and restart the server",
                self.most
            );
            return Err(Problem::new(Code::Overloaded, message).with("limit", self.most));
        }
        self.called_ms.insert(name.to_owned(), now_ms);
        Ok(())
    }

    /// Notes that an alarm or a timer of the object `name` fired at `now_ms`: it is in memory whether there is a place or not.
    ///
    /// ```
    /// use engine::warm_objects::{WARM_MS, WarmObjects};
    /// let mut warm = WarmObjects::new(1);
    /// assert!(warm.call("acme/a", 0).is_ok());
    /// warm.wake("acme/a", 8_000);
    /// assert!(warm.call("acme/b", WARM_MS).is_err(), "the alarm has kept it in memory");
    /// ```
    pub fn wake(&mut self, name: &str, now_ms: u64) {
        if self.called_ms.len() >= self.most {
            self.forget_cold(now_ms);
        }
        self.called_ms.insert(name.to_owned(), now_ms);
    }

    /// The number of objects that may be in memory at `now_ms`.
    pub fn count(&mut self, now_ms: u64) -> usize {
        self.forget_cold(now_ms);
        self.called_ms.len()
    }

    fn forget_cold(&mut self, now_ms: u64) {
        self.called_ms.retain(|_, called_ms| {
            // A time that lies ahead means that the clock was set back.
            *called_ms = (*called_ms).min(now_ms);
            now_ms.saturating_sub(*called_ms) < WARM_MS
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_past_the_limit_is_refused_until_another_one_has_left_memory() {
        let mut warm = WarmObjects::new(2);
        assert!(warm.call("a", 0).is_ok() && warm.call("b", 1).is_ok());
        let problem = warm.call("c", WARM_MS - 1).unwrap_err();
        assert_eq!((problem.code(), &problem.details()["limit"]), (Code::Overloaded, &2.into()));
        // Those that are in memory are called as before, and each call keeps them there.
        assert!(warm.call("a", WARM_MS - 1).is_ok());
        assert!(warm.call("c", WARM_MS).is_err());
        assert!(warm.call("c", WARM_MS + 1).is_ok());
        assert!(warm.call("b", WARM_MS + 2).is_err());
        assert_eq!((warm.count(WARM_MS + 2), warm.count(2 * WARM_MS), warm.count(3 * WARM_MS)), (2, 1, 0));
    }

    #[test]
    fn alarms_that_fire_are_forgotten_too() {
        let mut warm = WarmObjects::new(2);
        for number in 0..100 {
            warm.wake(&number.to_string(), number * WARM_MS);
            assert!(warm.called_ms.len() <= 2);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_refuses_no_longer_than_usual() {
        let mut warm = WarmObjects::new(1);
        assert!(warm.call("a", 1_000_000).is_ok());
        assert!(warm.call("b", 1_000).is_err());
        assert!(warm.call("b", 1_000 + WARM_MS).is_ok());
    }
}
