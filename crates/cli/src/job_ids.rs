//! The ids of the jobs that a command names.

use clap::Args;
use protocol::{id::JobId, limits::JOBS};

use crate::failure::Failure;

/// The jobs that a command names.
#[derive(Args, Clone, Debug)]
pub(crate) struct JobIds {
    /// The ids of the jobs
    #[arg(value_name = "ID", required = true)]
    ids: Vec<JobId>,
}

impl From<Vec<JobId>> for JobIds {
    fn from(ids: Vec<JobId>) -> JobIds {
        JobIds { ids }
    }
}

impl JobIds {
    /// The ids in their order, each once.
    ///
    /// # Errors
    ///
    /// There are more than one request can name.
    pub(crate) fn distinct(self) -> Result<Vec<JobId>, Failure> {
        let mut distinct: Vec<JobId> = Vec::new();
        for id in self.ids {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        let count = distinct.len();
        if count > JOBS {
            return Err(Failure::Usage(format!("{count} jobs are named; one command can name at most {JOBS}")));
        }
        Ok(distinct)
    }
}
