//! The view model: what a view shows of its props, as texts, numbers and attribute values.

use protocol::Status;

use crate::{
    format::{Format, span},
    messages::{MessageKey, Messages},
    props::{Job, Link, Props},
    remaining::remaining,
};

/// The texts, numbers and attribute values of a view's DOM.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewModel {
    /// The state for style sheets: the job's status, else `idle`, `connecting` or `unavailable`.
    pub status: &'static str,
    /// The page's name for the job; empty without one.
    pub label: String,
    /// The state as text.
    pub state: String,
    /// The filled part of the bar, 0–1; `None` while unknown.
    pub fraction: Option<f64>,
    /// The progress in whole per cent, `None` while unknown.
    pub percent: Option<f64>,
    /// The same as text; empty while unknown.
    pub percent_text: String,
    /// What the job is doing, or why it is not; may be empty.
    pub message: String,
    /// The remaining, taken or waited time, or the place in the queue; empty while unknown.
    pub time: String,
    /// The link for style sheets, or `silent` if nothing arrives because the producer does not report; empty once the job has
    /// ended.
    pub link: &'static str,
    /// The same as text.
    pub link_text: String,
    /// The accessible name of the progress bar.
    pub name: String,
    /// The job has ended.
    pub has_ended: bool,
    /// How the fill moves, for style sheets: `unknown` while the fraction is, `jump` where it does not slide, else empty.
    /// [`transition_from`](ViewModel::transition_from) sets it.
    pub fill: &'static str,
    /// The text of the live region, which screen readers announce when it changes. The [`Announcer`](crate::announcer::Announcer) chooses it.
    pub announcement: String,
}

impl ViewModel {
    /// The texts and numbers of `props`, without [`fill`](ViewModel::fill) and [`announcement`](ViewModel::announcement),
    /// which depend on what was shown before.
    pub fn new(props: &Props, messages: &Messages, format: &dyn Format) -> ViewModel {
        let label = props.label.clone().unwrap_or_default();
        let name = if props.name.is_empty() { messages.get(MessageKey::Progress) } else { &props.name }.to_owned();
        let model = ViewModel { label, name, ..ViewModel::default() };
        match (&props.job, props.problem) {
            (Some(job), _) => model.with_job(job, props, messages, format),
            (None, Some(problem)) => ViewModel {
                status: "unavailable",
                state: messages.get(MessageKey::Unavailable).to_owned(),
                fraction: Some(0.0),
                message: messages.problem(problem, false).to_owned(),
                ..model
            },
            (None, None) if props.link == Link::Idle => ViewModel { status: "idle", fraction: Some(0.0), ..model },
            (None, None) => ViewModel { status: "connecting", state: messages.link(props.link).to_owned(), ..model },
        }
    }

    /// Why there is no result, if that is known.
    pub fn reason(&self) -> Option<&str> {
        let has_failed = matches!(self.status, "failed" | "timeout" | "unavailable");
        Some(self.message.as_str()).filter(|message| has_failed && !message.is_empty())
    }

    /// Sets how the fill moves from `former` to this. It jumps with `skip_animation` and when it went back: a fill that slid
    /// back would show more than was reported for as long as it slides.
    pub fn transition_from(&mut self, former: &ViewModel, skip_animation: bool) {
        let fell = former.fraction.is_none_or(|former| self.fraction.is_none_or(|now| now < former));
        self.fill = match self.fraction {
            None => "unknown",
            Some(_) if former.fraction == self.fraction => former.fill,
            Some(_) if fell || skip_animation => "jump",
            Some(_) => "",
        };
    }

    fn with_job(self, job: &Job, props: &Props, messages: &Messages, format: &dyn Format) -> ViewModel {
        let ended = job.status.is_terminal();
        let begun = !matches!(job.status, Status::Queued | Status::Initializing);
        // The progress of a job that has not begun is unknown, not 0 %.
        let progress =
            job.progress.map(|progress| progress.clamp(0.0, 100.0)).filter(|progress| begun || *progress > 0.0);
        let percent = progress.map(f64::floor);
        let time = time(job, props, messages, format);
        // "Live" beside the last state would say that the job is alive.
        let silence = job.silence(props.now).filter(|_| matches!(props.link, Link::Live | Link::Polling));
        let (link, link_text) = match silence {
            _ if ended => ("", String::new()),
            Some(seconds) => ("silent", messages.with(MessageKey::NoNews, &span(format, seconds as u64))),
            None => (props.link.name(), messages.link(props.link).to_owned()),
        };
        ViewModel {
            status: job.status.as_str(),
            state: job
                .pending
                .map_or_else(|| messages.state(job.status, job.substate), |request| messages.pending(request))
                .to_owned(),
            fraction: progress.map(|progress| progress / 100.0).or(ended.then_some(0.0)),
            percent,
            percent_text: percent.map(|percent| format.percent(percent)).unwrap_or_default(),
            // The reason of an end comes before a problem of the connection, and both before the last message.
            message: job
                .error
                .as_deref()
                .filter(|_| ended)
                .or(props.problem.map(|problem| messages.problem(problem, true)))
                .or(job.message.as_deref())
                .unwrap_or_default()
                .to_owned(),
            time: time.unwrap_or_default(),
            has_ended: ended,
            link,
            link_text,
            ..self
        }
    }
}

/// The remaining or taken time, the time to the next try, or the place in the queue. While no updates can arrive, remaining and
/// waiting times are unknown.
fn time(job: &Job, props: &Props, messages: &Messages, format: &dyn Format) -> Option<String> {
    let Props { now, link, .. } = *props;
    let amount = |key, seconds: f64| messages.with(key, &span(format, seconds.round() as u64));
    if job.status.is_terminal() {
        let next = job.next_retry_at.map(|at| at.seconds_since(now)).filter(|seconds| *seconds > 0.0 && link.is_open());
        let took = || job.execution_time.filter(|seconds| *seconds >= 1.0);
        return next
            .map(|seconds| amount(MessageKey::NextTry, seconds.ceil()))
            .or_else(|| took().map(|seconds| amount(MessageKey::Took, seconds)));
    }
    match job.status {
        Status::Queued => Some(messages.with(MessageKey::Ahead, &format.number(job.queue_position?))),
        Status::Running if link.is_open() && job.silence(now).is_none() => {
            remaining(job.estimated_completion?, now, format, messages)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Timestamp, control::ControlRequest};

    use super::*;
    use crate::{
        format::tests::Plain,
        props::{Announce, Problem},
    };

    fn job(status: Status, progress: Option<f64>) -> Job {
        let estimated_completion = Some(Timestamp::from_millis(100_000));
        Job { progress, message: Some("Batch 3".into()), estimated_completion, ..Job::new(status) }
    }

    fn props(job: Option<Job>) -> Props {
        let now = Timestamp::from_millis(0);
        Props { label: None, name: String::new(), job, link: Link::Live, problem: None, announce: Announce::All, now }
    }

    fn model(job: Job) -> ViewModel {
        ViewModel::new(&props(Some(job)), &Messages::default(), &Plain)
    }

    #[test]
    fn a_running_job_shows_percentage_message_and_remaining_time() {
        let shown = model(job(Status::Running, Some(42.9)));
        assert_eq!((shown.status, shown.state.as_str(), shown.percent_text.as_str()), ("running", "Running", "42%"));
        assert_eq!((shown.message.as_str(), shown.time.as_str()), ("Batch 3", "2 min left"));
        assert_eq!(shown.fraction, Some(0.429));
        assert_eq!((shown.link, shown.link_text.as_str()), ("live", "Live"));
    }

    #[test]
    fn a_pending_request_takes_the_place_of_the_state() {
        let asked = |status, request| model(Job { pending: Some(request), ..job(status, Some(42.0)) });
        let cancelling = asked(Status::Running, ControlRequest::Cancel);
        assert_eq!((cancelling.status, cancelling.state.as_str()), ("running", "Cancelling…"));
        assert_eq!(asked(Status::Paused, ControlRequest::Resume).state, "Resuming…");
    }

    #[test]
    fn the_percentage_is_rounded_down_and_at_most_100() {
        assert_eq!(model(job(Status::Running, Some(99.99))).percent_text, "99%");
        assert_eq!(model(job(Status::Running, Some(29.0))).percent_text, "29%");
        assert_eq!(model(job(Status::Running, Some(1e9))).fraction, Some(1.0));
    }

    #[test]
    fn the_progress_of_a_job_that_has_not_begun_is_unknown_at_0() {
        for status in [Status::Queued, Status::Initializing] {
            assert_eq!(model(job(status, Some(0.0))).fraction, None);
            assert_eq!(model(job(status, None)).percent_text, "");
        }
        assert_eq!(model(job(Status::Running, Some(0.0))).percent_text, "0%");
        assert_eq!(model(job(Status::Running, None)).fraction, None);
    }

    #[test]
    fn an_ended_job_shows_no_link_and_the_time_it_took() {
        for status in Status::ALL.into_iter().filter(|status| status.is_terminal()) {
            let shown = model(Job { execution_time: Some(134.4), ..job(status, None) });
            assert_eq!((shown.fraction, shown.link, shown.time.as_str()), (Some(0.0), "", "Took 2 min 14 sec"));
        }
    }

    #[test]
    fn only_a_running_job_has_a_remaining_time() {
        for status in [Status::Queued, Status::Initializing, Status::Paused] {
            assert_eq!(model(job(status, Some(50.0))).time, "");
        }
    }

    #[test]
    fn a_waiting_job_shows_its_place_or_its_next_try() {
        let queued = model(Job { queue_position: Some(3.0), ..job(Status::Queued, None) });
        assert_eq!((queued.time.as_str(), queued.state.as_str()), ("3 ahead", "Queued"));
        let at = |seconds: u64| Some(Timestamp::from_millis(seconds * 1000));
        let ended = Job { next_retry_at: at(12), execution_time: Some(60.0), ..job(Status::Failed, None) };
        assert_eq!(model(ended.clone()).time, "Next try in 12 sec");
        let late = Props { now: Timestamp::from_millis(12_000), ..props(Some(ended)) };
        assert_eq!(
            ViewModel::new(&late, &Messages::default(), &Plain).time,
            "Took 1 min",
            "a due retry is not counted down"
        );
    }

    #[test]
    fn no_time_is_counted_while_no_updates_can_arrive() {
        let at = |seconds: u64| Some(Timestamp::from_millis(seconds * 1000));
        for link in [Link::Idle, Link::Lost] {
            let props = |job| Props { link, ..props(Some(job)) };
            let model = |props: &Props| ViewModel::new(props, &Messages::default(), &Plain);
            let running = props(job(Status::Running, Some(42.0)));
            let shown = model(&running);
            assert_eq!(
                (shown.time.as_str(), shown.link_text.as_str(), running.next_change()),
                ("", "Disconnected", None)
            );
            assert_eq!(
                (shown.percent_text.as_str(), shown.message.as_str()),
                ("42%", "Batch 3"),
                "the last values stay"
            );
            let silent = props(Job { stalled_since: at(10), ..job(Status::Running, None) });
            assert_eq!(model(&silent).link_text, "Disconnected");
            let queued = props(Job { queue_position: Some(3.0), ..job(Status::Queued, None) });
            assert_eq!(model(&queued).time, "3 ahead");
            let ended = props(Job { next_retry_at: at(12), execution_time: Some(60.0), ..job(Status::Failed, None) });
            assert_eq!((model(&ended).time.as_str(), ended.next_change()), ("Took 1 min", None));
        }
    }

    #[test]
    fn a_silent_producer_is_shown_in_place_of_the_live_connection_and_the_remaining_time() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
        let shown = |link, seconds| {
            let job = Job {
                updated_at: Some(at(0)),
                estimated_completion: Some(at(900)),
                ..job(Status::Running, Some(45.0))
            };
            let props = Props { link, now: at(seconds), ..props(Some(job)) };
            let model = ViewModel::new(&props, &Messages::default(), &Plain);
            (model.link, model.link_text, model.time, props.next_change())
        };
        let row = |link, text: &str, time: &str, next| (link, text.to_owned(), time.to_owned(), Some(next));
        assert_eq!(shown(Link::Live, 119), row("live", "Live", "14 min left", 1_000));
        assert_eq!(shown(Link::Live, 125), row("silent", "No update for 2 min", "", 55_000));
        assert_eq!(shown(Link::Polling, 7_230), row("silent", "No update for 2 hr", "", 30_000));
        assert_eq!(
            shown(Link::Reconnecting, 300),
            row("reconnecting", "Reconnecting…", "", 60_000),
            "it may have reported"
        );
    }

    #[test]
    fn a_failed_job_shows_its_error() {
        let shown = model(Job { error: Some("Out of memory".into()), ..job(Status::Failed, Some(45.0)) });
        assert_eq!((shown.message.as_str(), shown.percent_text.as_str()), ("Out of memory", "45%"));
        assert_eq!(shown.reason(), Some("Out of memory"));
        assert_eq!(model(job(Status::Running, Some(45.0))).reason(), None, "a message is no reason");
        assert_eq!(model(Job { message: None, ..job(Status::Failed, None) }).reason(), None);
    }

    #[test]
    fn a_permanent_problem_replaces_the_last_message_but_not_the_reason_of_an_end() {
        let lost = |job| Props { problem: Some(Problem::Permanent), link: Link::Lost, ..props(Some(job)) };
        let model = |props: Props| ViewModel::new(&props, &Messages::default(), &Plain).message;
        assert_eq!(model(lost(job(Status::Running, Some(45.0)))), "Progress can no longer be followed.");
        let failed = Job { error: Some("Out of memory".into()), ..job(Status::Failed, Some(45.0)) };
        assert_eq!(model(lost(failed)), "Out of memory");
    }

    #[test]
    fn before_the_first_document_the_state_of_the_connection_is_shown() {
        let model = |props: Props| ViewModel::new(&props, &Messages::default(), &Plain);
        let waiting = model(Props { link: Link::Connecting, ..props(None) });
        assert_eq!((waiting.status, waiting.state.as_str(), waiting.fraction), ("connecting", "Connecting…", None));
        let idle = model(Props { link: Link::Idle, ..props(None) });
        assert_eq!((idle.state.as_str(), idle.fraction), ("", Some(0.0)));
        let refused = model(Props {
            problem: Some(Problem::Permanent),
            label: Some("Import".into()),
            name: "Nightly import".into(),
            ..props(None)
        });
        assert_eq!((refused.status, refused.message.as_str()), ("unavailable", "Progress cannot be shown."));
        let later = model(Props { problem: Some(Problem::Transient), ..props(None) });
        assert_eq!((later.status, later.message.as_str()), ("unavailable", "Progress cannot be shown yet."));
        assert_eq!((refused.name.as_str(), waiting.name.as_str()), ("Nightly import", "Progress"));
    }
}
