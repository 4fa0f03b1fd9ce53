//! What the output of a command says about the job: log lines, progress, and the last lines for an error.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use job_progress::{Job, Report};

use super::{lines::Piece, logged::Logged, stream::Stream};
use crate::{
    output::printable,
    progress::{Progress, Reader},
};

/// Most lines that an error shows.
const LAST_LINES: usize = 10;
/// Most characters of one of them.
const LAST_LINE_CHARS: usize = 300;

/// Reports what the streams of a command show.
#[derive(Debug)]
pub(super) struct Observer {
    job: Arc<Job>,
    logged: Logged,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reader: Reader,
    last_lines: VecDeque<String>,
}

impl Observer {
    pub(super) fn new(job: Arc<Job>, reader: Reader, logged: Logged) -> Observer {
        Observer { job, logged, state: Mutex::new(State { reader, last_lines: VecDeque::new() }) }
    }

    /// Reports the pieces of a stream that were read at once. Only the newest progress is reported.
    pub(super) fn observe(&self, stream: Stream, pieces: &[Piece]) {
        let is_logged = self.logged.includes(stream);
        let texts: Vec<String> = pieces.iter().map(|piece| printable(piece.text())).collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (piece, text) in pieces.iter().zip(&texts) {
            if is_logged && matches!(piece, Piece::Line(_)) && !text.trim().is_empty() {
                self.job.log(text.as_str());
                state.last_lines.push_back(text.chars().take(LAST_LINE_CHARS).collect());
                if state.last_lines.len() > LAST_LINES {
                    state.last_lines.pop_front();
                }
            }
        }
        if let Some(progress) = state.reader.newest(texts.iter().map(String::as_str)) {
            self.job.report(report(progress));
        }
    }

    /// The last lines of the log.
    pub(super) fn last_lines(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.last_lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// The report of a progress. A count without a total clears the total of an earlier line.
fn report(progress: Progress) -> Report {
    let mut report = Report::new();
    if let Some(current) = progress.current {
        report = report.current(current);
        report = match progress.total {
            Some(total) => report.total(total),
            None => report.clear("total"),
        };
        report = match progress.unit {
            Some(unit) => report.unit(unit),
            None => report.clear("unit"),
        };
    }
    if let Some(percent) = progress.percent {
        report = report.progress(percent);
    }
    match progress.message {
        Some(message) => report.message(message),
        None => report,
    }
}
