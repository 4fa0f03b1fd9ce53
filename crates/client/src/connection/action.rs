//! What the driver of a connection has to do: its outputs.

use super::id::{JobKey, RequestId};
use crate::{link::Link, log::NewLines, problem::Problem};

/// An instruction to the driver, or an event for the reader of one job or of all jobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action<J> {
    /// Send this request.
    Open(Request),
    /// Abort this request.
    Abort(RequestId),
    /// Pass [`Input::Timer`](super::Input::Timer) after that many milliseconds, in place of any earlier timer.
    Timer(u64),
    /// Get a new token and pass [`Input::Renewed`](super::Input::Renewed).
    RenewToken(JobKey),
    /// For all jobs: the server's clock shows this time now, in milliseconds since the Unix epoch.
    ServerTime(u64),
    /// The link has changed.
    Link(JobKey, Link),
    /// The job was created anew under the same id: its log starts again, and a document of another epoch follows.
    Recreated(JobKey),
    /// A document that is newer than all before it.
    Document(JobKey, J),
    /// The answer to [`Input::Refresh`](super::Input::Refresh) if the job has no newer document.
    Unchanged(JobKey),
    /// New lines of the log; they precede the document that covers them.
    Log(JobKey, NewLines<J>),
    /// A problem; after a fatal one nothing follows until [`Input::Refresh`](super::Input::Refresh).
    Problem(JobKey, Problem<J>),
    /// The job has ended; nothing follows until [`Input::Refresh`](super::Input::Refresh).
    End(JobKey),
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The id that the [`Input`](super::Input)s about this request carry.
    pub id: RequestId,
    /// The absolute URL.
    pub url: String,
    /// The credential of `Authorization: Bearer`.
    pub token: Option<String>,
    /// The JSON body of a POST that requests a stream with `Accept: text/event-stream`. Without a body it is a GET.
    pub body: Option<String>,
}
