//! Calls to objects that fail: the problems that callers get.

use protocol::{Problem, problem::Code};

/// What the object of a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// A job.
    Job,
    /// A shard of the index.
    List,
}

impl Called {
    /// The object has more calls than it can answer.
    ///
    /// ```
    /// use engine::called::Called;
    /// assert!(Called::Job.overloaded().message().starts_with("The job is overloaded"));
    /// assert!(Called::List.overloaded().message().starts_with("The list is overloaded"));
    /// ```
    pub fn overloaded(self) -> Problem {
        let message = match self {
            Called::Job => "The job is overloaded; try again in a few seconds, and send several reports in one list",
            Called::List => "The list is overloaded; try again in a few seconds",
        };
        Problem::new(Code::Overloaded, message)
    }

    /// The call did not reach the object, or the reply was lost: the object may have committed the change.
    pub fn unreachable(self) -> Problem {
        let message = match self {
            Called::Job => {
                "The job cannot be reached for the moment; try again in a few seconds. A report with an `order` may safely be \
                 sent again"
            }
            Called::List => "The list cannot be reached for the moment; try again in a few seconds",
        };
        Problem::new(Code::Overloaded, message)
    }
}
