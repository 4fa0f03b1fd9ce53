//! Control requests to a job, and the producers that wait for one.

use std::num::NonZeroU64;

use engine::{
    children::cancellation::Concerned,
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
    /// Makes a control request with the options in `body`; `concerned` is the attempt that a request of the job's parent is about.
    pub(super) fn control(
        &self,
        job_id: &str,
        request: ControlRequest,
        body: &[u8],
        receipt: bool,
        concerned: Option<Concerned>,
        time: CommandTime,
    ) -> HandlerResult {
        let mut options = ControlOptions::from_body(body, request)?;
        let (truncated, asks_children) = (options.truncated.clone(), options.children);
        let job = self.find(job_id)?;
        if let Some(concerned) = concerned {
            if !concerned.is_current(&job.document) {
                // A retry, or a new job, is a later decision than the request.
                return Ok(response::empty(204));
            }
            options.of_parent = Some(concerned.request());
        }
        let former = Former::Same(Lifecycle::of(&job.document));
        let (job, changed) = control::apply(Job::clone(&job), request, options, time.now)?;
        let answer = text_of(&ControlAnswer::new(&job.document, &truncated, receipt));
        if changed {
            if asks_children {
                self.children.requests.begin();
            }
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
