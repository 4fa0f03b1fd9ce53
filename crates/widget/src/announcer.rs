//! The announcer: which changes a screen reader announces (ARIA live region), seldom enough to be of use.

use crate::view_model::ViewModel;

/// The least number of milliseconds between two announcements of progress.
pub const PAUSE_MS: u64 = 10_000;
/// The per cent between two announcements of progress.
const STEP: f64 = 25.0;

/// Decides what is announced: each change of state at once, progress by quarters and at most once in [`PAUSE_MS`].
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    state: Option<String>,
    quarter: f64,
    at: u64,
}

impl Announcer {
    /// The text to announce at `now` (milliseconds), if any. The first state of a job is not announced.
    pub fn announce(&mut self, model: &ViewModel, now: u64) -> Option<String> {
        if matches!(model.status, "connecting" | "idle") {
            return None;
        }
        let quarter = model.percent.map_or(0.0, |percent| (percent / STEP).floor());
        let state = self.state.replace(model.state.clone());
        let is_first = state.is_none();
        let changed = state.as_ref() != Some(&model.state);
        let advanced = quarter > self.quarter && now.saturating_sub(self.at) >= PAUSE_MS;
        if changed || advanced {
            self.quarter = quarter;
            self.at = now;
        }
        let text = || {
            if model.label.is_empty() {
                model.value_text.clone()
            } else {
                [&model.label, ": ", &model.value_text].concat()
            }
        };
        ((changed || advanced) && !is_first).then(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(state: &str, percent: f64) -> ViewModel {
        ViewModel {
            state: state.into(),
            percent: Some(percent),
            value_text: format!("{percent}%, {state}"),
            ..ViewModel::default()
        }
    }

    #[test]
    fn a_change_of_state_is_announced_at_once_and_the_first_state_is_not() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.announce(&ViewModel { status: "connecting", ..model("Connecting…", 0.0) }, 0), None);
        assert_eq!(announcer.announce(&model("Queued", 0.0), 0), None);
        assert_eq!(announcer.announce(&model("Running", 0.0), 1).as_deref(), Some("0%, Running"));
        assert_eq!(announcer.announce(&model("Running", 0.0), 2), None);
        assert_eq!(
            announcer.announce(&ViewModel { label: "Import".into(), ..model("Failed", 9.0) }, 3).as_deref(),
            Some("Import: 9%, Failed")
        );
    }

    #[test]
    fn the_progress_of_a_fast_job_is_announced_at_most_once_in_the_pause() {
        let mut announcer = Announcer::default();
        let announced = (0..100_u32).filter(|percent| {
            announcer.announce(&model("Running", f64::from(*percent)), u64::from(*percent) * 200).is_some()
        });
        assert_eq!(announced.count(), 1, "one announcement in twenty seconds");
    }

    #[test]
    fn the_progress_of_a_slow_job_is_announced_by_quarters() {
        let mut announcer = Announcer::default();
        let announced: Vec<u32> = (0..=100_u32)
            .filter(|percent| {
                announcer.announce(&model("Running", f64::from(*percent)), u64::from(*percent) * 60_000).is_some()
            })
            .collect();
        assert_eq!(announced, [25, 50, 75, 100]);
    }
}
