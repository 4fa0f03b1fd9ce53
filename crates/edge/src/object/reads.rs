//! The commands that only read a job, once or as a viewer.

use engine::{
    badge::Shown,
    batch::does_not_fit,
    control, flask,
    job::Job,
    log, poll,
    subscription::{self, Admission, Viewed},
    tensorlake,
};
use js_sys::Uint8Array;
use protocol::{Timestamp, answer::ControlState, include::Include, limits::LOG_LINES_NEW, log_line::LogLine};
use worker::WebSocketPair;

use super::{Object, viewers};
use crate::{
    command::{BYTES_HEADER, CONTROL_HEADER, CURSOR_HEADER, CommandTime, POLL_HEADER, Viewer},
    glue,
    response::{self, ErrorResponse, HandlerResult, set, text_of},
};

impl Object {
    /// The document in one of its views.
    pub(super) fn document(&self, job_id: &str, include: Include, view: &str, now: Timestamp) -> HandlerResult {
        let job = self.find(job_id)?;
        let document = &job.document;
        let text = match view {
            "summary" => text_of(&document.summary()),
            "tensorlake" => text_of(&tensorlake::progress(document)),
            "flask" => text_of(&flask::task_status(document)),
            "control" => text_of(&ControlState::of(document)),
            "badge" => text_of(&Shown::of(document)),
            _ => self.whole(&job, include)?,
        };
        let response = response::json_text(200, &text);
        set(&response.headers(), CURSOR_HEADER, &document.cursor().to_string());
        set(&response.headers(), CONTROL_HEADER, &control::version(document));
        if let Some(millis) = poll::poll_after_ms(document, now) {
            set(&response.headers(), POLL_HEADER, &millis.to_string());
        }
        Ok(response)
    }

    /// The document as JSON, with the parts that are included.
    fn whole(&self, job: &Job, include: Include) -> Result<String, ErrorResponse> {
        let mut view = job.document.view(include).into_owned();
        if include.logs() {
            view.logs = Some(self.last_lines(job, LOG_LINES_NEW)?);
        }
        Ok(text_of(&view))
    }

    /// The whole document, or how large it is, if it has more than `most` bytes.
    pub(super) fn document_up_to(&self, job_id: &str, include: Include, most: usize) -> HandlerResult {
        let job = self.find(job_id)?;
        // The lines are by far the most of a large document; they are not read to be counted.
        let mut bytes = 0;
        if include.logs() {
            bytes = self.store.lines_bytes(&job, job.record.last_line.saturating_sub(LOG_LINES_NEW))?;
        }
        if bytes <= most {
            let text = self.whole(&job, include)?;
            if text.len() <= most {
                return Ok(glue::json_bytes(200, &Uint8Array::from(text.as_bytes())));
            }
            bytes = text.len();
        }
        Err(ErrorResponse::from(does_not_fit()).with_header(BYTES_HEADER, bytes.to_string()))
    }

    /// The last `most` lines of the log.
    pub(super) fn last_lines(&self, job: &Job, most: u64) -> Result<Vec<LogLine>, ErrorResponse> {
        Ok(self.store.lines(job, job.record.last_line.saturating_sub(most), most)?)
    }

    /// A page of the log.
    pub(super) fn logs(&self, job_id: &str, after: u64, limit: u64) -> HandlerResult {
        let job = self.find(job_id)?;
        let lines = self.store.lines(&job, after, limit)?;
        Ok(response::json(200, &log::page(&job, after, lines)))
    }

    /// Adds a viewer: accepts the socket, reads the state and sends it. No report can come in between. A viewer that has
    /// seen the end of the job is not added, unless it wants the state `anyway`.
    pub(super) fn subscribe(&self, job_id: &str, viewer: Viewer, time: CommandTime) -> HandlerResult {
        let Viewer { include, cursor, anyway, stays, reader, .. } = viewer;
        let job = self.find(job_id)?;
        let document = &job.document;
        let ended = match subscription::admit(document, cursor.filter(|_| !anyway), time.now) {
            Admission::Finished => return Ok(response::empty(204)),
            Admission::Admitted { ended } => ended,
        };
        let of_reader = reader.map_or(0, |reader| self.viewers.of_reader(reader));
        subscription::check_capacity(Viewed::Job, self.viewers.count(), of_reader)?;
        let pair = WebSocketPair::new()?;
        self.viewers.accept(&self.state, &pair.server, viewer, &job, time);
        let lines = if include.logs() {
            self.last_lines(&job, subscription::initial_line_count(&job, cursor))?
        } else {
            Vec::new()
        };
        for frame in subscription::initial_frames(&job, include, lines, ended) {
            viewers::send(&pair.server, &frame);
        }
        if ended && !stays {
            let _ = pair.server.close(Some(1000), Some("end"));
        }
        Ok(worker::Response::from_websocket(pair.client)?.into())
    }
}
