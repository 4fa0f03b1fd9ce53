//! How a producer waits for control requests while it has nothing to report.

use protocol::Status;

use super::{Machine, Next, Phase, Request, millis};
use crate::answer::{Answer, Meaning};

/// The time without a request after which the producer waits for control requests.
const SILENCE_MS: u64 = 5_000;
/// The longest wait for control requests, in seconds.
const WAIT_SECONDS: u64 = 30;

impl Machine {
    /// The next request that waits for control requests.
    pub(crate) fn next_wait(&mut self, now_ms: u64) -> Next {
        if self.phase != Phase::Open || self.is_closed {
            return Next::End;
        }
        if self.requests.is_waiting || !self.exists || !self.options.listens {
            return Next::Wait(None);
        }
        let silent_ms = self.requested_ms.unwrap_or(now_ms).saturating_add(SILENCE_MS);
        let due_ms = silent_ms.max(self.requests.not_before_ms);
        if due_ms > now_ms {
            return Next::Wait(Some(due_ms));
        }
        self.requests.is_waiting = true;
        let path = format!("{}/control?wait={WAIT_SECONDS}", self.options.path);
        Next::Send(Request { path, body: None, if_none_match: self.requests.etag.clone() })
    }

    /// The answer to a request that waited for control requests; `None` is no response.
    pub(crate) fn on_wait_answer(&mut self, answer: Option<Answer>, now_ms: u64, random: f64) {
        self.requests.is_waiting = false;
        let etag = answer.as_ref().and_then(|answer| answer.etag.clone());
        if answer.as_ref().is_some_and(|answer| answer.status == 304) {
            let former = self.requests.etag.take();
            self.requests.on_answer(etag.or(former));
            return;
        }
        match Answer::meaning(answer) {
            Meaning::Accepted(accepted) => {
                self.requests.on_answer(etag);
                let is_other_attempt = self.identity.attempt.is_some() && accepted.attempt != self.identity.attempt;
                let is_over = accepted.status.is_some_and(Status::is_terminal) || is_other_attempt;
                self.status = accepted.status.or(self.status);
                // The end that this producer has reported itself is settled by the answer to that report.
                if is_over && !self.is_closed {
                    self.end(Phase::Ended);
                } else if !is_over {
                    self.on_control(accepted.control);
                }
            }
            Meaning::Later { retry_after } => {
                self.requests.on_failure(now_ms, retry_after.map_or(0, millis), random);
            }
            Meaning::ItemRefused { problem, .. } | Meaning::ListRefused(problem) | Meaning::Denied(problem) => {
                self.end(Phase::Stopped);
                self.on_problem(problem);
            }
        }
    }
}
