//! The forecast: `estimatedCompletion` and `throughput`, where the producer does not give them itself.

use protocol::{
    Document, Report, Status, Timestamp,
    document::Throughput,
    eta::{Estimator, PhaseKey, Sample},
    fields::Patch,
    number::Number,
    step::StepStatus,
};
use serde::{Deserialize, Serialize};

/// What the server knows of a job's pace, and whose word the document carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Forecast {
    estimator: Estimator,
    /// Whether `estimatedCompletion` is the producer's word, which stands until it takes it back with `null`.
    completion_is_told: bool,
    /// Likewise for `throughput`.
    throughput_is_told: bool,
}

/// What a report says of the forecast, kept while the report itself is folded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    completion: Option<bool>,
    throughput: Option<bool>,
}

impl Word {
    /// The word of that report.
    pub fn of(report: &Report) -> Word {
        Word { completion: told(&report.estimated_completion), throughput: told(&report.throughput) }
    }
}

impl Forecast {
    /// Takes in the word of a report that was folded into `document`, and writes there what follows from both.
    pub fn follow(&mut self, word: Word, document: &mut Document, now: Timestamp) {
        self.completion_is_told = word.completion.unwrap_or(self.completion_is_told);
        self.throughput_is_told = word.throughput.unwrap_or(self.throughput_is_told);
        match document.status {
            // A sign of life without progress is an observation too: in a stall it lengthens the forecast.
            Status::Running => {
                if let Some(sample) = sample(document, now) {
                    self.estimator.observe(sample);
                }
            }
            Status::Paused => self.estimator.pause(now),
            _ => {}
        }
        let runs = document.status == Status::Running;
        if !self.completion_is_told {
            document.estimated_completion = self.estimator.completion().filter(|_| runs);
        }
        if !self.throughput_is_told {
            let rate = self.estimator.rate_per_second().filter(|_| runs).and_then(Number::new);
            document.throughput = rate.map(|rate| Throughput { rate, unit: document.unit.clone() });
        }
    }
}

/// Whether the field is the producer's from now on, if the report says anything of it.
fn told<T>(patch: &Patch<T>) -> Option<bool> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(false),
        Patch::Set(_) => Some(true),
    }
}

/// What the document says of the work: its counts where they have a total or there is nothing else, else its percentage.
fn sample(document: &Document, at: Timestamp) -> Option<Sample> {
    // `currentStep` is free text and may change with every report ("batch 3 of 10"); the id of a step does not.
    let running = document.steps.iter().flatten().find(|step| step.status == StepStatus::Running);
    let step = running.map(|step| step.id.as_str());
    let percent = document.progress.map(|percent| Sample {
        at,
        done: percent.get(),
        total: Some(100.0),
        phase: PhaseKey::percent(step),
    });
    let counts = document.current.map(|current| Sample {
        at,
        done: current.get(),
        total: document.total.map(Number::get),
        phase: PhaseKey::units(document.unit.as_deref(), step),
    });
    match counts {
        Some(counts) if counts.total.is_some() => Some(counts),
        counts => percent.or(counts),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{fold::fold, report::Report};
    use serde_json::{Value, json};

    use super::*;

    /// Plays reports at seconds and returns the document after each.
    fn play(reports: &[(u64, Value)]) -> Vec<Document> {
        let at = |second: u64| Timestamp::from_millis(1_700_000_000_000 + second * 1000);
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), at(0));
        let mut forecast = Forecast::default();
        let follow = |(second, report): &(u64, Value)| {
            let report = Report::from_json(report.clone()).unwrap();
            let word = Word::of(&report);
            fold(&mut document, report, at(*second)).unwrap();
            forecast.follow(word, &mut document, at(*second));
            document.clone()
        };
        reports.iter().map(follow).collect()
    }

    #[test]
    fn counts_bring_a_completion_and_a_throughput_once_there_is_evidence() {
        let documents = play(&[
            (0, json!({"current": 0, "total": 100, "unit": "files"})),
            (10, json!({"current": 10})),
            (20, json!({"current": 20})),
        ]);
        assert_eq!(documents[0].estimated_completion, None);
        assert_eq!(documents[0].throughput, None);
        let last = &documents[2];
        assert_eq!(last.estimated_completion.map(|at| at.millis() - 1_700_000_000_000), Some(100_000));
        let throughput = last.throughput.clone().unwrap();
        assert_eq!((throughput.rate.get(), throughput.unit.as_deref()), (1.0, Some("files")));
    }

    #[test]
    fn a_percentage_brings_a_completion_but_no_throughput() {
        let documents =
            play(&[(0, json!({"progress": 0})), (10, json!({"progress": 10})), (20, json!({"progress": 20}))]);
        assert!(documents[2].estimated_completion.is_some());
        assert_eq!(documents[2].throughput, None);
    }

    #[test]
    fn the_producers_word_stands_until_it_takes_it_back() {
        let documents = play(&[
            (
                0,
                json!({"current": 0, "total": 100, "estimatedCompletion": "2024-01-15T14:30:00Z", "throughput": {"rate": 7}}),
            ),
            (10, json!({"current": 10})),
            (20, json!({"current": 20})),
            (30, json!({"current": 30, "estimatedCompletion": null, "throughput": null})),
        ]);
        assert_eq!(documents[2].estimated_completion, Timestamp::parse("2024-01-15T14:30:00Z"));
        assert_eq!(documents[2].throughput.as_ref().map(|told| told.rate.get()), Some(7.0));
        assert_eq!(documents[3].estimated_completion.map(|at| at.millis() - 1_700_000_000_000), Some(100_000));
        assert_eq!(documents[3].throughput.as_ref().map(|told| told.rate.get()), Some(1.0));
    }

    #[test]
    fn a_pause_and_the_end_withdraw_the_forecast() {
        let documents = play(&[
            (0, json!({"current": 0, "total": 100})),
            (10, json!({"current": 10})),
            (20, json!({"current": 20})),
            (30, json!({"status": "paused"})),
            (40, json!({"status": "running"})),
            (50, json!({"status": "completed"})),
        ]);
        assert!(documents[2].estimated_completion.is_some());
        for document in [&documents[3], &documents[5]] {
            assert_eq!((document.estimated_completion, &document.throughput), (None, &None));
        }
    }

    #[test]
    fn a_sign_of_life_within_the_usual_wait_changes_no_forecast() {
        let documents = play(&[
            (0, json!({"current": 0, "total": 100})),
            (10, json!({"current": 10})),
            (20, json!({"current": 20})),
            (25, json!({"message": "still here"})),
        ]);
        assert_eq!(documents[3].estimated_completion, documents[2].estimated_completion);
    }

    #[test]
    fn free_text_in_current_step_is_no_new_phase() {
        let plain = |second: u64| (second * 10, json!({"current": second * 10, "total": 100}));
        let chatty = |second: u64| {
            (second * 10, json!({"current": second * 10, "total": 100, "currentStep": format!("batch {second} of 10")}))
        };
        let last = |reports: Vec<_>| play(&reports).pop().unwrap().estimated_completion;
        assert_eq!(last((0..5).map(chatty).collect()), last((0..5).map(plain).collect()));
    }

    #[test]
    fn counts_without_a_total_leave_the_word_to_the_percentage() {
        let report = |second: u64| (second * 10, json!({"current": second, "progress": second * 10}));
        assert!(play(&[report(0), report(1), report(2)])[2].estimated_completion.is_some());
    }
}
