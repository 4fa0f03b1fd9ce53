//! The announcer: which changes a screen reader announces (ARIA live region), seldom enough to be of use.

use crate::{props::Announce, view_model::ViewModel};

/// The least number of milliseconds between two announcements of a page: about the time to speak one.
pub const PAUSE_MS: u64 = 3_000;
/// The milliseconds without any announcement of the page before progress is announced.
pub const PROGRESS_PAUSE_MS: u64 = 10_000;
/// The milliseconds for which a change of state waits for its turn; later it is not announced any more.
pub const MAX_WAIT_MS: u64 = 30_000;
/// The per cent between two announcements of progress.
const STEP: f64 = 25.0;

/// What a page announces at most, however many views it has.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// The last announcement, and when it was made.
    last: Option<(String, u64)>,
}

impl Budget {
    /// Whether the last announcement was made at least `pause` milliseconds before `now`. The clocks of two servers may
    /// differ, so that it may seem to be made later.
    fn allows(&self, now: u64, pause: u64) -> bool {
        self.last.as_ref().is_none_or(|(_, at)| now.abs_diff(*at) >= pause)
    }

    /// Whether another view of the same job has just announced the same.
    fn knows(&self, text: &str, now: u64) -> bool {
        self.last.as_ref().is_some_and(|(last, at)| last == text && now.abs_diff(*at) < MAX_WAIT_MS)
    }
}

/// Decides what is announced of one job.
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    state: Option<String>,
    quarter: f64,
    /// When the state was first shown, or anything was last announced.
    at: u64,
    /// Since when a change of state waits for its turn.
    waiting_since: Option<u64>,
    /// The answer to what the reader did, which waits for its turn.
    notice: Option<String>,
}

impl Announcer {
    /// Announces `text`, the answer to what the reader did, in its turn.
    pub fn notify(&mut self, text: String) {
        self.notice = Some(text);
    }

    /// The text to announce at `now` (milliseconds), if any. The first state of a job is not announced.
    pub fn announce(&mut self, model: &ViewModel, which: Announce, now: u64, budget: &mut Budget) -> Option<String> {
        if matches!(model.status, "connecting" | "idle") {
            return None;
        }
        if budget.allows(now, PAUSE_MS)
            && let Some(notice) = self.notice.take()
            && which != Announce::Off
        {
            let text = [model.name.as_str(), ": ", &notice].concat();
            budget.last = Some((text.clone(), now));
            return Some(text);
        }
        let is_wanted = which == Announce::All || (which == Announce::End && model.has_ended);
        let quarter = model.percent.map_or(0.0, |percent| (percent / STEP).floor());
        if self.state.as_ref() != Some(&model.state) {
            let is_first = self.state.replace(model.state.clone()).is_none();
            self.waiting_since = (is_wanted && !is_first).then_some(now);
            self.quarter = quarter;
            self.at = now;
        }
        if self.waiting_since.is_some_and(|since| !is_wanted || now.abs_diff(since) > MAX_WAIT_MS) {
            self.waiting_since = None;
        }
        let is_rested = now.abs_diff(self.at) >= PROGRESS_PAUSE_MS;
        let is_progress = is_wanted && is_rested && !model.has_ended && quarter > self.quarter;
        let pause = match self.waiting_since {
            Some(_) => PAUSE_MS,
            None if is_progress => PROGRESS_PAUSE_MS,
            None => return None,
        };
        let text = sentence(model);
        let is_known = budget.knows(&text, now);
        if !is_known && !budget.allows(now, pause) {
            return None;
        }
        self.waiting_since = None;
        self.quarter = quarter;
        self.at = now;
        if is_known {
            return None;
        }
        budget.last = Some((text.clone(), now));
        Some(text)
    }

    /// Whether a change of state or a notice waits for its turn.
    pub fn is_waiting(&self) -> bool {
        self.waiting_since.is_some() || self.notice.is_some()
    }
}

/// The job's name and what is new. How far a job came says nothing after its end.
fn sentence(model: &ViewModel) -> String {
    let percent = if model.has_ended { "" } else { model.percent_text.as_str() };
    // The remaining time changes all the time and is left out; the place in the queue is not.
    let place = if model.status == "queued" { model.time.as_str() } else { "" };
    let mut text = [model.name.as_str(), ": "].concat();
    let parts = [percent, &model.state, &model.message, place].into_iter().filter(|part| !part.is_empty());
    for (index, part) in parts.enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use protocol::Status;

    use super::*;

    fn model(state: &str, percent: f64) -> ViewModel {
        ViewModel {
            name: "Import".into(),
            state: state.into(),
            percent: Some(percent),
            percent_text: format!("{percent}%"),
            has_ended: matches!(state, "Completed" | "Failed"),
            ..ViewModel::default()
        }
    }

    /// One view and its page.
    #[derive(Default)]
    struct Page {
        announcer: Announcer,
        budget: Budget,
        which: Announce,
    }

    impl Page {
        fn shows(&mut self, model: &ViewModel, now: u64) -> Option<String> {
            self.announcer.announce(model, self.which, now, &mut self.budget)
        }
    }

    #[test]
    fn a_change_of_state_is_announced_at_once_and_the_first_state_is_not() {
        let mut page = Page::default();
        assert_eq!(page.shows(&ViewModel { status: "connecting", ..model("Connecting…", 0.0) }, 0), None);
        assert_eq!(page.shows(&model("Queued", 0.0), 0), None);
        assert_eq!(page.shows(&model("Running", 0.0), 1).as_deref(), Some("Import: 0%, Running"));
        assert_eq!(page.shows(&model("Running", 0.0), 2), None);
    }

    #[test]
    fn an_end_is_announced_with_its_reason_and_without_a_percentage() {
        let mut page = Page::default();
        page.shows(&model("Running", 100.0), 0);
        let failed = ViewModel { message: "Out of memory".into(), ..model("Failed", 100.0) };
        assert_eq!(page.shows(&failed, 1).as_deref(), Some("Import: Failed, Out of memory"));
    }

    #[test]
    fn the_place_in_the_queue_is_announced() {
        let mut page = Page::default();
        page.shows(&model("Starting", 0.0), 0);
        let queued = ViewModel { status: "queued", time: "3 ahead".into(), ..model("Queued", 0.0) };
        let queued = ViewModel { percent: None, percent_text: String::new(), ..queued };
        assert_eq!(page.shows(&queued, 1).as_deref(), Some("Import: Queued, 3 ahead"));
    }

    #[test]
    fn the_progress_of_a_fast_job_is_announced_at_most_once_in_the_pause() {
        let mut page = Page::default();
        let announced = (0..100_u32)
            .filter(|percent| page.shows(&model("Running", f64::from(*percent)), u64::from(*percent) * 200).is_some());
        assert_eq!(announced.count(), 1, "one announcement in twenty seconds");
    }

    #[test]
    fn the_progress_of_a_slow_job_is_announced_by_quarters() {
        let mut page = Page::default();
        let announced: Vec<u32> = (0..=100_u32)
            .filter(|percent| {
                page.shows(&model("Running", f64::from(*percent)), u64::from(*percent) * 60_000).is_some()
            })
            .collect();
        assert_eq!(announced, [25, 50, 75, 100]);
    }

    /// Thirty jobs of a page end at once. Returns when something was announced.
    fn thirty_ends(which: Announce) -> Vec<(u64, String)> {
        let mut budget = Budget::default();
        let mut announcers = vec![Announcer::default(); 30];
        let mut announced = Vec::new();
        for now in (0..120_000).step_by(1_000) {
            for (index, announcer) in announcers.iter_mut().enumerate() {
                let shown = model(if now == 0 { "Running" } else { "Completed" }, 50.0);
                let shown = ViewModel { name: format!("Row {index}"), ..shown };
                announced.extend(announcer.announce(&shown, which, now, &mut budget).map(|text| (now, text)));
            }
        }
        assert!(announcers.iter().all(|announcer| !announcer.is_waiting()));
        announced
    }

    #[test]
    fn a_page_announces_one_sentence_at_a_time_and_nothing_old() {
        let announced = thirty_ends(Announce::All);
        let (times, texts): (Vec<_>, Vec<_>) = announced.into_iter().unzip();
        assert!(times.windows(2).all(|pair| matches!(pair, [former, next] if next - former >= PAUSE_MS)), "{times:?}");
        assert_eq!((texts.len(), texts.first().map(String::as_str)), (11, Some("Row 0: Completed")));
        assert!(times.iter().all(|at| *at <= 1_000 + MAX_WAIT_MS));
    }

    #[test]
    fn a_page_chooses_what_is_announced() {
        assert!(thirty_ends(Announce::Off).is_empty());
        assert_eq!(thirty_ends(Announce::End).len(), 11);
        let mut page = Page { which: Announce::End, ..Page::default() };
        assert_eq!(
            [0, 30, 60].map(|percent| page.shows(&model("Running", f64::from(percent)), 60_000)),
            [None, None, None]
        );
        assert_eq!(page.shows(&model("Paused", 60.0), 90_000), None);
        assert_eq!(page.shows(&model("Completed", 60.0), 120_000).as_deref(), Some("Import: Completed"));
        assert_eq!(["OFF", "end", "all", "", "loud"].map(Announce::parse), {
            use Announce::{All, End, Off};
            [Off, End, All, All, All]
        });
    }

    #[test]
    fn the_answer_to_what_the_reader_did_is_announced_in_its_turn_unless_nothing_is() {
        let mut page = Page { which: Announce::End, ..Page::default() };
        page.shows(&model("Running", 9.0), 0);
        page.shows(&model("Failed", 9.0), 1_000);
        page.announcer.notify("Not possible".to_owned());
        assert_eq!(page.shows(&model("Failed", 9.0), 2_000), None);
        assert!(page.announcer.is_waiting());
        assert_eq!(page.shows(&model("Failed", 9.0), 4_000).as_deref(), Some("Import: Not possible"));
        assert_eq!(page.shows(&model("Failed", 9.0), 8_000), None);

        page.which = Announce::Off;
        page.announcer.notify("Not wanted".to_owned());
        assert_eq!(page.shows(&model("Failed", 9.0), 60_000), None);
        assert!(!page.announcer.is_waiting());
    }

    #[test]
    fn two_views_of_a_job_announce_its_end_once() {
        let mut budget = Budget::default();
        let mut announcers = [Announcer::default(), Announcer::default()];
        let mut announced = 0;
        for (state, now) in [("Running", 0), ("Completed", 1_000), ("Completed", 9_000)] {
            for announcer in &mut announcers {
                announced +=
                    usize::from(announcer.announce(&model(state, 9.0), Announce::All, now, &mut budget).is_some());
            }
        }
        assert_eq!(announced, 1);
    }

    #[test]
    fn the_plain_view_announces_as_often_as_this_one() {
        let script = include_str!("../js/plain-announcer.js").replace('_', "");
        let same = |name: &str, value: String| {
            let line = format!("const {} = {value};", name.replace('_', ""));
            assert!(script.contains(&line), "{name} differs in js/plain-announcer.js");
        };
        same("PAUSE_MS", PAUSE_MS.to_string());
        same("PROGRESS_PAUSE_MS", PROGRESS_PAUSE_MS.to_string());
        same("MAX_WAIT_MS", MAX_WAIT_MS.to_string());
        same("STEP", STEP.to_string());
        let ends = Status::ALL.into_iter().filter(|status| status.is_terminal()).map(|status| status.as_str());
        same("ENDS", format!("{:?}", ends.collect::<Vec<_>>()));
    }

    #[test]
    fn a_wrong_clock_of_one_server_does_not_silence_the_others() {
        let mut budget = Budget { last: Some(("Import: Running".to_owned(), 3_600_000)) };
        let mut announcer = Announcer::default();
        announcer.announce(&model("Queued", 0.0), Announce::All, 5_000, &mut budget);
        assert!(announcer.announce(&model("Running", 0.0), Announce::All, 6_000, &mut budget).is_some());
    }
}
