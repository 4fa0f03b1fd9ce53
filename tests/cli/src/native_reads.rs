//! The reads of a case, made by the native reader.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use cases::{case::ExpectedResponse, matchers::matches};
use client::{
    JobKey, Subscription,
    native::{Reader, Update},
};
use contract::{
    http::Request,
    play::{Frames, PlainHttp, Reads},
    stream::Frame,
    variables::Variables,
};
use protocol::id::JobId;
use serde_json::{Value, json};

use crate::read_request::ReadRequest;

/// The longest time to the answer of a read.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Members of a status that no stream has, which the reader reads.
const NOT_IN_STREAMS: [&str; 2] = ["pollAfterMs", "logs"];

/// Streams and status requests through the native reader. What it cannot request, such as a given cursor, is read by plain
/// HTTP.
#[derive(Clone, Copy, Debug)]
pub struct NativeReads;

impl Reads for NativeReads {
    fn open(
        &mut self,
        request: &Request,
        expect: &ExpectedResponse,
        variables: &mut Variables,
    ) -> Result<Box<dyn Frames>, String> {
        match ReadRequest::of_stream(request) {
            Some(read) if expect.status.is_none() => Ok(Box::new(NativeFrames::open(request, read))),
            _ => PlainHttp.open(request, expect, variables),
        }
    }

    fn read_again(
        &mut self,
        request: &Request,
        expect: &ExpectedResponse,
        variables: &mut Variables,
    ) -> Result<(), String> {
        let is_refused = expect.status.is_some_and(|status| status >= 400);
        // The reader sends its credential in a header, so it is not refused for having one in the URL.
        let differs = expect.text.is_some() || is_refused && request.path.contains("token=");
        let Some(read) = ReadRequest::of_status(request).filter(|_| !differs) else { return Ok(()) };
        let mut frames = NativeFrames::open(request, read);
        let deadline = Instant::now() + READ_TIMEOUT;
        let body = expect.body.as_ref().or(expect.exact.as_ref());
        let mut expected = body.map_or(Ok(json!({})), |body| variables.fill(body))?;
        if let Some(members) = expected.as_object_mut() {
            NOT_IN_STREAMS.iter().for_each(|name| drop(members.shift_remove(*name)));
        }
        loop {
            let frame = frames.frame(deadline)?.ok_or("the reader has ended without a document or a problem")?;
            match frame.event.as_deref() {
                None if !is_refused => return matches(&expected, Some(&frame.json()), "the reader's document"),
                Some("problem") if is_refused => {
                    return matches(&expected, Some(&frame.json()), "the reader's problem");
                }
                Some("log") => {}
                _ => return Err(format!("the reader got {frame:?}; expected {expected}")),
            }
        }
    }
}

/// The updates of a reader as frames of a stream.
#[derive(Debug)]
struct NativeFrames {
    reader: Reader,
    jobs: HashMap<JobKey, Job>,
    is_of_one: bool,
}

/// A job that is read.
#[derive(Debug)]
struct Job {
    id: String,
    /// Its last document.
    document: Value,
    /// Nothing follows until it is retried.
    has_ended: bool,
}

impl NativeFrames {
    fn open(request: &Request, read: ReadRequest) -> NativeFrames {
        let mut reader = Reader::new(request.base_url(), read.credential);
        let join = |(id, token, include): (JobId, _, _)| {
            let job = Job { id: id.to_string(), document: Value::Null, has_ended: false };
            Some((reader.join(Subscription::new(id, token, include))?, job))
        };
        let jobs = read.jobs.into_iter().filter_map(join).collect();
        NativeFrames { reader, jobs, is_of_one: read.is_of_one }
    }

    /// The id of the last frame of a job.
    fn last_id(&self) -> Option<String> {
        let all_have_ended = self.jobs.values().all(|job| job.has_ended);
        (all_have_ended && !self.is_of_one).then(|| "end".to_owned())
    }
}

impl Frames for NativeFrames {
    fn frame(&mut self, deadline: Instant) -> Result<Option<Frame>, String> {
        let frame = |event: Option<&str>, id: Option<String>, data: Value| {
            Ok(Some(Frame { event: event.map(str::to_owned), id, data: data.to_string() }))
        };
        loop {
            if self.jobs.values().all(|job| job.has_ended) {
                return Ok(None);
            }
            let update = self.reader.next(deadline).ok_or("nothing arrived in time")?;
            let Some(job) = self.jobs.get_mut(&update.0) else { continue };
            match update.1 {
                Update::Document(document) => {
                    job.has_ended = false;
                    job.document = document.clone();
                    let part = |name| document.get(name).map(|value| value.to_string().replace('"', ""));
                    let id = part("epoch").zip(part("seq")).map(|(epoch, seq)| format!("{epoch}.{seq}"));
                    return frame(None, id.filter(|_| self.is_of_one), document);
                }
                Update::Log(new) => {
                    let mut data = json!({"jobId": job.id, "lines": new.lines});
                    if let (Some((from, to)), Some(members)) = (new.skipped, data.as_object_mut()) {
                        members.insert("skippedFrom".to_owned(), from.into());
                        members.insert("skippedTo".to_owned(), to.into());
                    }
                    return frame(Some("log"), None, data);
                }
                Update::End => {
                    job.has_ended = true;
                    let member = |name| job.document.get(name).cloned().unwrap_or_default();
                    let data = json!({"jobId": job.id, "status": member("status"), "seq": member("seq")});
                    return frame(Some("end"), self.last_id(), data);
                }
                Update::Problem(problem) => {
                    job.has_ended = true;
                    let data =
                        problem.body.unwrap_or_else(|| json!({"error": problem.code, "message": problem.message}));
                    return frame(Some("problem"), self.last_id(), data);
                }
                Update::Link(_) | Update::Recreated | Update::Unchanged => {}
            }
        }
    }
}
