//! The commands that the edge sends to an object: their URLs, and the headers of the replies.
//!
//! Edge and object of neighbouring releases must understand each other: commands, parameters and headers are only added. An
//! object ignores parameters that it does not know, so a command that it must not carry out without one has a path of its own.

use std::num::NonZeroU64;

use engine::tags::{from_tagged_path, tagged_path};
use protocol::{Timestamp, cursor::Cursor, id::JobId, include::Include};

use crate::js;

/// A command to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Creates the job with this body.
    Create,
    /// Applies these reports.
    Report,
    /// Returns the document.
    Document,
    /// Returns log lines.
    Logs,
    /// Accepts a socket as a viewer.
    Subscribe,
    /// Sends what is pending to the viewers.
    Broadcast,
    /// Deletes the job.
    Delete,
    /// Makes a control request.
    Control,
    /// Accepts a socket as one of a producer that waits for a control request.
    AwaitControl,
    /// Returns deliveries.
    Deliveries,
    /// Sends a delivery again.
    Redeliver,
    /// Takes the state of a child of the job.
    Child,
    /// Says whether a job may be created as a child of the job, or of one of its children.
    Admit,
}

impl Command {
    const ALL: [Command; 13] = [
        Command::Create,
        Command::Report,
        Command::Document,
        Command::Logs,
        Command::Subscribe,
        Command::Broadcast,
        Command::Delete,
        Command::Control,
        Command::AwaitControl,
        Command::Deliveries,
        Command::Redeliver,
        Command::Child,
        Command::Admit,
    ];

    fn path(self) -> &'static str {
        match self {
            Command::Create => "/create",
            Command::Report => "/report",
            Command::Document => "/document",
            Command::Logs => "/logs",
            Command::Subscribe => "/subscribe",
            Command::Broadcast => "/broadcast",
            Command::Delete => "/delete",
            Command::Control => "/control",
            Command::AwaitControl => "/await-control",
            Command::Deliveries => "/deliveries",
            Command::Redeliver => "/redeliver",
            Command::Child => "/child",
            Command::Admit => "/admit",
        }
    }

    /// The HTTP method: POST if the command may change the job. Only a POST may have a body.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Command::Create
            | Command::Report
            | Command::Delete
            | Command::Control
            | Command::Redeliver
            | Command::Child
            | Command::Admit => "POST",
            Command::Document
            | Command::Logs
            | Command::Subscribe
            | Command::Broadcast
            | Command::AwaitControl
            | Command::Deliveries => "GET",
        }
    }

    /// Whether the reply is a socket.
    pub(crate) fn opens_socket(self) -> bool {
        matches!(self, Command::Subscribe | Command::AwaitControl)
    }

    /// The URL of this command to the object of a job, which must carry the tags in the parameter `tags`, if there is one.
    pub(crate) fn url(self, job_id: &str, tags: Option<&str>, parameters: &[(&str, String)]) -> String {
        // Job ids and our parameters contain neither `&` nor `#`, a URL leaves their other characters as they are in a query, and
        // `CommandRequest` decodes nothing: they need no percent-encoding.
        let mut url = match tags {
            Some(tags) => format!("https://job{}?job={job_id}&{TAGS_PARAMETER}={tags}", tagged_path(self.path())),
            None => format!("https://job{}?job={job_id}", self.path()),
        };
        for (name, value) in parameters {
            for part in ["&", name, "=", value] {
                url.push_str(part);
            }
        }
        url
    }
}

/// The jobs that a report creates.
#[derive(Clone, Default)]
pub(crate) struct Creates {
    /// A job that does not exist.
    pub(crate) missing: bool,
    /// A new job in the place of one that has ended.
    pub(crate) ended: bool,
    /// The parent of the new job.
    pub(crate) parent: Option<JobId>,
}

/// A viewer that subscribes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Viewer<'a> {
    pub(crate) include: Include,
    /// The last version that it has seen.
    pub(crate) cursor: Option<&'a Cursor>,
    /// Whether it wants the state even if it has seen the end of the job.
    pub(crate) anyway: bool,
    /// Whether its socket stays open after the end of the job, so that it is notified of a retry.
    pub(crate) stays: bool,
    /// The token at an address whose share of the viewers it takes.
    pub(crate) reader: Option<NonZeroU64>,
    /// The parameter with the tags without which the job is closed to it; empty if there are none. The stub adds it to every
    /// command.
    pub(crate) tags: &'a str,
}

/// The parameter of [`Command::Document`] with the most bytes that the document may have.
pub(crate) const MOST_PARAMETER: &str = "most";
/// The response header of a document that has more bytes, with at most as many bytes as it has. The status is 413.
pub(crate) const BYTES_HEADER: &str = "Job-Document-Bytes";
/// The response header with the job's cursor.
pub(crate) const CURSOR_HEADER: &str = "Job-Cursor";
/// The response header with the version of the control state.
pub(crate) const CONTROL_HEADER: &str = "Job-Control-Version";
/// The response header with the milliseconds until polling again makes sense; absent after the end of the job.
pub(crate) const POLL_HEADER: &str = "Job-Poll-After-Ms";
/// The parameter with the project of the job.
pub(crate) const PROJECT_PARAMETER: &str = "project";
/// The parameter with the tags that the job must carry for the caller, as
/// [`to_parameter`](engine::tags::RequiredTags::to_parameter) writes them.
pub(crate) const TAGS_PARAMETER: &str = "tags";
/// The parameter with the [`Ancestry`](engine::children::ancestry::Ancestry) of a job that is to be created.
pub(crate) const ANCESTRY_PARAMETER: &str = "ancestry";
/// The parameter of [`Command::Control`] with the [attempt](engine::children::cancellation::Concerned) that a request of the parent
/// of the job is about.
pub(crate) const CONCERNED_PARAMETER: &str = "concerned";
/// The parameter of [`Command::Report`] with the parent of a job that it creates.
pub(crate) const PARENT_PARAMETER: &str = "parent";
/// The parameter with the permissions of a credential that may not read the job.
pub(crate) const HELD_PARAMETER: &str = "held";
/// The parameter with the time of the edge in milliseconds, if the wall clock was set back: the clock and the timers of the
/// object stand still then.
pub(crate) const NOW_PARAMETER: &str = "now";
/// The response header with the milliseconds after which the edge sends [`Command::Broadcast`], because a broadcast is planned
/// for which the object cannot set a timer.
pub(crate) const BROADCAST_HEADER: &str = "Job-Broadcast-After-Ms";
/// In development: the response header with the time when the object was constructed.
pub(crate) const STARTED_HEADER: &str = "Job-Object-Started";
/// In development: the response header with the number of viewers' sockets.
pub(crate) const VIEWERS_HEADER: &str = "Job-Viewers";
/// In development: the response header with the number of rows that the command wrote.
pub(crate) const ROWS_HEADER: &str = "Job-Rows-Written";
/// In a build for tests, while there are no viewers: the response header with what the instance holds.
pub(crate) const HEAP_STATS_HEADER: &str = "Job-Heap-Stats";
/// The headers that the edge passes on in development, so that tests can observe an object from outside.
pub(crate) const DEV_HEADERS: [&str; 4] = [STARTED_HEADER, VIEWERS_HEADER, ROWS_HEADER, HEAP_STATS_HEADER];

/// The time of a command.
#[derive(Clone, Copy)]
pub(crate) struct CommandTime {
    pub(crate) now: Timestamp,
    /// Whether it is the time of the edge, because the wall clock was set back.
    pub(crate) is_set_back: bool,
}

impl CommandTime {
    /// The time by the clock of the object.
    pub(crate) fn own() -> CommandTime {
        CommandTime { now: js::now(), is_set_back: false }
    }
}

/// A command as the object receives it.
pub(crate) struct CommandRequest<'a> {
    pub(crate) command: Command,
    /// Whether the job must carry the tags of [`TAGS_PARAMETER`].
    pub(crate) requires_tags: bool,
    query: &'a str,
}

impl<'a> CommandRequest<'a> {
    /// Parses the URL of a command; `None` for a command that this release does not know.
    pub(crate) fn parse(url: &'a str) -> Option<CommandRequest<'a>> {
        let path = url.strip_prefix("https://job")?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (path, requires_tags) = from_tagged_path(path);
        let command = Command::ALL.into_iter().find(|command| command.path() == path)?;
        Some(CommandRequest { command, requires_tags, query })
    }

    /// The value of a parameter; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        let mut parameters = self.query.split('&').filter_map(|parameter| parameter.split_once('='));
        parameters.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether the value of a parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The time of the command.
    pub(crate) fn time(&self) -> CommandTime {
        match self.text(NOW_PARAMETER).parse() {
            Ok(millis) => CommandTime { now: Timestamp::from_millis(millis), is_set_back: true },
            Err(_) => CommandTime::own(),
        }
    }

    /// The value of a parameter as a number; 0 if it is absent.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }
}
