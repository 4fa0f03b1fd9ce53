//! The announcer: what a screen reader says unasked, seldom enough to be listened to.

use crate::look::Look;

/// Milliseconds between two announcements of progress.
pub const PAUSE_MS: u64 = 10_000;
/// Per cent between two announcements of progress.
const STRIDE: f64 = 25.0;

/// Decides what is announced: each change of state at once, progress by quarters and not more often than every
/// [`PAUSE_MS`].
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    state: Option<String>,
    quarter: f64,
    at: u64,
}

impl Announcer {
    /// The text to announce at `now` (milliseconds), if any. How a job stood at first is not news.
    pub fn hear(&mut self, look: &Look, now: u64) -> Option<String> {
        if look.status == "connecting" {
            return None;
        }
        let quarter = look.percent.map_or(0.0, |percent| (percent / STRIDE).floor());
        let state = self.state.replace(look.state.clone());
        let is_first = state.is_none();
        let changed = state.as_ref() != Some(&look.state);
        let farther = quarter > self.quarter && now.saturating_sub(self.at) >= PAUSE_MS;
        if changed || farther {
            self.quarter = quarter;
            self.at = now;
        }
        let text = || {
            if look.label.is_empty() { look.value_text.clone() } else { [&look.label, ": ", &look.value_text].concat() }
        };
        ((changed || farther) && !is_first).then(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(state: &str, percent: f64) -> Look {
        Look {
            state: state.into(),
            percent: Some(percent),
            value_text: format!("{percent}%, {state}"),
            ..Look::default()
        }
    }

    #[test]
    fn a_change_of_state_is_said_at_once_and_the_first_is_none() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.hear(&Look { status: "connecting", ..look("Connecting…", 0.0) }, 0), None);
        assert_eq!(announcer.hear(&look("Queued", 0.0), 0), None);
        assert_eq!(announcer.hear(&look("Running", 0.0), 1).as_deref(), Some("0%, Running"));
        assert_eq!(announcer.hear(&look("Running", 0.0), 2), None);
        assert_eq!(
            announcer.hear(&Look { label: "Import".into(), ..look("Failed", 9.0) }, 3).as_deref(),
            Some("Import: 9%, Failed")
        );
    }

    #[test]
    fn a_fast_job_is_not_counted_aloud() {
        let mut announcer = Announcer::default();
        let said = (0..100_u32).filter(|percent| {
            announcer.hear(&look("Running", f64::from(*percent)), u64::from(*percent) * 200).is_some()
        });
        assert_eq!(said.count(), 1, "twenty seconds have room for one");
    }

    #[test]
    fn a_slow_job_is_heard_of_by_quarters() {
        let mut announcer = Announcer::default();
        let said: Vec<u32> = (0..=100_u32)
            .filter(|percent| {
                announcer.hear(&look("Running", f64::from(*percent)), u64::from(*percent) * 60_000).is_some()
            })
            .collect();
        assert_eq!(said, [25, 50, 75, 100]);
    }
}
