//! The look: what there is to see of a face, in words and numbers.

use protocol::Status;

use crate::{
    face::{Face, Job, Link},
    format::{Format, span},
    messages::{Messages, Word},
    remaining::remaining,
};

/// What a view puts on the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The state for style sheets: a job's state, else `idle`, `connecting` or `unavailable`.
    pub status: &'static str,
    /// What the page calls the job; empty where it does not.
    pub label: String,
    /// The state in words.
    pub state: String,
    /// How far the bar is filled, 0–1; `None` while nobody knows.
    pub fraction: Option<f64>,
    /// Whole per cent as a number, `None` while nobody knows.
    pub percent: Option<f64>,
    /// The same in words, else empty.
    pub percent_text: String,
    /// What it is doing, or why it does not; empty where there is nothing to say.
    pub message: String,
    /// The time it will take or took; empty where nobody knows.
    pub time: String,
    /// The link for style sheets; empty once no news can come.
    pub link: &'static str,
    /// The link in words.
    pub link_text: String,
    /// The name for assistive technology.
    pub name: String,
    /// The value for assistive technology.
    pub value_text: String,
}

impl Look {
    /// What there is to see of `face`.
    pub fn of(face: &Face, messages: &Messages, format: &dyn Format) -> Look {
        let label = face.label.clone().unwrap_or_default();
        let name = if label.is_empty() { messages.get(Word::Progress).to_owned() } else { label.clone() };
        let seen = Look { label, name, ..Look::default() };
        let seen = match (&face.job, face.trouble) {
            (Some(job), _) => seen.job(job, face, messages, format),
            (None, Some(trouble)) => Look {
                status: "unavailable",
                state: messages.get(Word::Unavailable).to_owned(),
                fraction: Some(0.0),
                message: messages.trouble(trouble, false).to_owned(),
                ..seen
            },
            (None, None) if face.link == Link::Idle => Look { status: "idle", fraction: Some(0.0), ..seen },
            (None, None) => Look { status: "connecting", state: messages.link(face.link).to_owned(), ..seen },
        };
        // How long it still takes changes all the time; at which place it waits does not.
        let place = if seen.status == Status::Queued.as_str() { seen.time.as_str() } else { "" };
        let spoken = [seen.percent_text.as_str(), &seen.state, &seen.message, place];
        let spoken: Vec<_> = spoken.into_iter().filter(|text| !text.is_empty()).collect();
        Look { value_text: spoken.join(", "), ..seen }
    }

    fn job(self, job: &Job, face: &Face, messages: &Messages, format: &dyn Format) -> Look {
        let ended = job.status.is_terminal();
        let begun = !matches!(job.status, Status::Queued | Status::Initializing);
        // A job that has not begun is not at 0 %: nobody knows how far it is.
        let progress =
            job.progress.map(|progress| progress.clamp(0.0, 100.0)).filter(|progress| begun || *progress > 0.0);
        let percent = progress.map(f64::floor);
        let time = time(job, face, messages, format);
        let (link, link_text) = if ended { ("", "") } else { (link_word(face.link), messages.link(face.link)) };
        Look {
            status: job.status.as_str(),
            state: messages.state(job.status, job.substate).to_owned(),
            fraction: progress.map(|progress| progress / 100.0).or(ended.then_some(0.0)),
            percent,
            percent_text: percent.map(|percent| format.percent(percent)).unwrap_or_default(),
            // Why it ended outweighs what it did last; what keeps news away outweighs what is old.
            message: job
                .error
                .as_deref()
                .filter(|_| ended)
                .or(face.trouble.map(|trouble| messages.trouble(trouble, true)))
                .or(job.message.as_deref())
                .unwrap_or_default()
                .to_owned(),
            time: time.unwrap_or_default(),
            link,
            link_text: link_text.to_owned(),
            ..self
        }
    }
}

/// How long it will take or took, or how long it has been waiting for what. Without news nobody knows how long it still
/// takes or waits.
fn time(job: &Job, face: &Face, messages: &Messages, format: &dyn Format) -> Option<String> {
    let Face { now, link, .. } = *face;
    let amount = |word, seconds: f64| messages.with(word, &span(format, seconds.round() as u64));
    if job.status.is_terminal() {
        let next = job.next_retry_at.map(|at| at.seconds_since(now)).filter(|seconds| *seconds > 0.0 && link.is_open());
        let took = || job.execution_time.filter(|seconds| *seconds >= 1.0);
        return next
            .map(|seconds| amount(Word::NextTry, seconds.ceil()))
            .or_else(|| took().map(|seconds| amount(Word::Took, seconds)));
    }
    match (job.status, job.stalled_since) {
        (Status::Queued, _) => Some(messages.with(Word::Ahead, &format.number(job.queue_position?))),
        _ if !link.is_open() => None,
        (_, Some(since)) => Some(amount(Word::NoNews, now.seconds_since(since))),
        (Status::Running, None) => remaining(job.estimated_completion?, now, format, messages),
        _ => None,
    }
}

fn link_word(link: Link) -> &'static str {
    match link {
        Link::Idle => "idle",
        Link::Connecting => "connecting",
        Link::Live => "live",
        Link::Polling => "polling",
        Link::Reconnecting => "reconnecting",
        Link::Offline => "offline",
        Link::Lost => "lost",
    }
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;
    use crate::{face::Trouble, format::tests::Plain};

    fn job(status: Status, progress: Option<f64>) -> Job {
        Job {
            status,
            substate: None,
            progress,
            message: Some("Batch 3".into()),
            error: None,
            estimated_completion: Some(Timestamp::from_millis(100_000)),
            execution_time: None,
            queue_position: None,
            stalled_since: None,
            next_retry_at: None,
        }
    }

    fn face(job: Option<Job>) -> Face {
        Face { label: None, job, link: Link::Live, trouble: None, now: Timestamp::from_millis(0) }
    }

    fn look(job: Job) -> Look {
        Look::of(&face(Some(job)), &Messages::default(), &Plain)
    }

    #[test]
    fn a_running_job_says_how_far_what_and_how_long() {
        let seen = look(job(Status::Running, Some(42.9)));
        assert_eq!((seen.status, seen.state.as_str(), seen.percent_text.as_str()), ("running", "Running", "42%"));
        assert_eq!((seen.message.as_str(), seen.time.as_str()), ("Batch 3", "2 min left"));
        assert_eq!(seen.fraction, Some(0.429));
        assert_eq!(seen.value_text, "42%, Running, Batch 3");
        assert_eq!((seen.link, seen.link_text.as_str()), ("live", "Live"));
    }

    #[test]
    fn no_more_is_shown_than_was_reported() {
        assert_eq!(look(job(Status::Running, Some(99.99))).percent_text, "99%");
        assert_eq!(look(job(Status::Running, Some(29.0))).percent_text, "29%");
        assert_eq!(look(job(Status::Running, Some(1e9))).fraction, Some(1.0));
    }

    #[test]
    fn a_job_that_has_not_begun_is_not_at_nought() {
        for status in [Status::Queued, Status::Initializing] {
            assert_eq!(look(job(status, Some(0.0))).fraction, None);
            assert_eq!(look(job(status, None)).percent_text, "");
        }
        assert_eq!(look(job(Status::Running, Some(0.0))).percent_text, "0%");
        assert_eq!(look(job(Status::Running, None)).fraction, None);
    }

    #[test]
    fn an_ended_job_waits_for_nothing() {
        for status in Status::ALL.into_iter().filter(|status| status.is_terminal()) {
            let seen = look(Job { execution_time: Some(134.4), ..job(status, None) });
            assert_eq!((seen.fraction, seen.link, seen.time.as_str()), (Some(0.0), "", "Took 2 min 14 sec"));
        }
    }

    #[test]
    fn only_a_running_job_has_time_left() {
        for status in [Status::Queued, Status::Initializing, Status::Paused] {
            assert_eq!(look(job(status, Some(50.0))).time, "");
        }
    }

    #[test]
    fn a_job_that_waits_says_for_what() {
        let queued = look(Job { queue_position: Some(3.0), ..job(Status::Queued, None) });
        assert_eq!((queued.time.as_str(), queued.value_text.as_str()), ("3 ahead", "Queued, Batch 3, 3 ahead"));
        let at = |seconds: u64| Some(Timestamp::from_millis(seconds * 1000));
        let silent = face(Some(Job { stalled_since: at(10), ..job(Status::Running, None) }));
        let silent = Face { now: Timestamp::from_millis(85_000), ..silent };
        assert_eq!(Look::of(&silent, &Messages::default(), &Plain).time, "No news for 1 min 15 sec");
        let ended = Job { next_retry_at: at(12), execution_time: Some(60.0), ..job(Status::Failed, None) };
        assert_eq!(look(ended.clone()).time, "Next try in 12 sec");
        let late = Face { now: Timestamp::from_millis(12_000), ..face(Some(ended)) };
        assert_eq!(Look::of(&late, &Messages::default(), &Plain).time, "Took 1 min", "what is due is not counted down");
    }

    #[test]
    fn without_news_nothing_counts_on() {
        let at = |seconds: u64| Some(Timestamp::from_millis(seconds * 1000));
        for link in [Link::Idle, Link::Lost] {
            let face = |job| Face { link, ..face(Some(job)) };
            let look = |face: &Face| Look::of(face, &Messages::default(), &Plain);
            let running = face(job(Status::Running, Some(42.0)));
            let seen = look(&running);
            assert_eq!((seen.time.as_str(), seen.link_text.as_str(), running.counts()), ("", "Disconnected", false));
            assert_eq!((seen.percent_text.as_str(), seen.message.as_str()), ("42%", "Batch 3"), "what is known stays");
            let silent = face(Job { stalled_since: at(10), ..job(Status::Running, None) });
            assert_eq!(look(&silent).time, "");
            let queued = face(Job { queue_position: Some(3.0), ..job(Status::Queued, None) });
            assert_eq!(look(&queued).time, "3 ahead");
            let ended = face(Job { next_retry_at: at(12), execution_time: Some(60.0), ..job(Status::Failed, None) });
            assert_eq!((look(&ended).time.as_str(), ended.counts()), ("Took 1 min", false));
        }
    }

    #[test]
    fn a_failed_job_says_why() {
        let seen = look(Job { error: Some("Out of memory".into()), ..job(Status::Failed, Some(45.0)) });
        assert_eq!((seen.message.as_str(), seen.percent_text.as_str()), ("Out of memory", "45%"));
    }

    #[test]
    fn what_will_not_go_on_is_said_in_place_of_what_it_did_last_and_not_of_how_it_ended() {
        let lost = |job| Face { trouble: Some(Trouble::Lasting), link: Link::Lost, ..face(Some(job)) };
        let look = |face: Face| Look::of(&face, &Messages::default(), &Plain).message;
        assert_eq!(look(lost(job(Status::Running, Some(45.0)))), "Progress can no longer be followed.");
        let failed = Job { error: Some("Out of memory".into()), ..job(Status::Failed, Some(45.0)) };
        assert_eq!(look(lost(failed)), "Out of memory");
    }

    #[test]
    fn before_the_first_document_it_says_what_it_waits_for() {
        let look = |face: Face| Look::of(&face, &Messages::default(), &Plain);
        let waiting = look(Face { link: Link::Connecting, ..face(None) });
        assert_eq!((waiting.status, waiting.state.as_str(), waiting.fraction), ("connecting", "Connecting…", None));
        let idle = look(Face { link: Link::Idle, ..face(None) });
        assert_eq!((idle.state.as_str(), idle.fraction), ("", Some(0.0)));
        let refused = look(Face { trouble: Some(Trouble::Lasting), label: Some("Import".into()), ..face(None) });
        assert_eq!((refused.status, refused.message.as_str()), ("unavailable", "Progress cannot be shown."));
        let later = look(Face { trouble: Some(Trouble::Passing), ..face(None) });
        assert_eq!((later.status, later.message.as_str()), ("unavailable", "Progress cannot be shown yet."));
        assert_eq!((refused.name.as_str(), waiting.name.as_str()), ("Import", "Progress"));
    }
}
