//! Control requests to a job, and the producers that wait for one.

use std::num::NonZeroU64;

use engine::{
    control::{self, ControlAnswer, ControlOptions},
    frame,
    job::Job,
    lifecycle::Lifecycle,
    subscription::{self, Viewed},
};
use protocol::control::ControlRequest;
use worker::WebSocketPair;

use super::{Object, store::Former, viewers};
use crate::{
    command::CommandTime,
    response::{self, HandlerResult, text_of},
};

impl Object {
    /// Makes a control request with the options in `body`.
    pub(super) fn control(
        &self,
        job_id: &str,
        request: ControlRequest,
        body: &[u8],
        receipt: bool,
        time: CommandTime,
    ) -> HandlerResult {
        let options = ControlOptions::from_body(body, request)?;
        let truncated = options.truncated.clone();
        let job = self.find(job_id)?;
        let former = Former::Same(Lifecycle::of(&job.document));
        let (job, changed) = control::apply(Job::clone(&job), request, options, time.now)?;
        let answer = text_of(&ControlAnswer::new(&job.document, &truncated, receipt));
        if changed {
            self.commit(former, job, &[], time)?;
        }
        Ok(response::json_text(200, &answer))
    }

    /// Adds the socket of a producer that waits, and sends it the version of the control state.
    pub(super) fn await_control(&self, job_id: &str, reader: Option<NonZeroU64>, tags: &str) -> HandlerResult {
        let job = self.find(job_id)?;
        let of_reader = reader.map_or(0, |reader| self.viewers.of_reader(reader));
        subscription::check_capacity(Viewed::Job, self.viewers.count(), of_reader)?;
        let pair = WebSocketPair::new()?;
        self.viewers.accept_producer(&self.state, &pair.server, reader, tags);
        viewers::send(&pair.server, &frame::control(&job.document));
        Ok(worker::Response::from_websocket(pair.client)?.into())
    }
}
