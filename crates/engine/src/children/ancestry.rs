//! The check of a new child: it is not its own ancestor, and has not too many of them.

use protocol::{Problem, id::JobId, limits::ANCESTORS};

/// A job that is about to be created, and its ancestors as far as they were asked, the nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestry {
    /// The new job, its parent, and so on.
    jobs: Vec<JobId>,
}

impl Ancestry {
    /// The new job `job_id` with this parent.
    pub fn new(job_id: JobId, parent_id: JobId) -> Ancestry {
        Ancestry { jobs: vec![job_id, parent_id] }
    }

    /// The new job, if the last ancestor is its parent.
    pub fn child(&self) -> Option<&JobId> {
        self.jobs.first().filter(|_| self.jobs.len() == 2)
    }

    /// The ancestry with the parent of the last ancestor; `None` if that has none, so that all have been asked.
    ///
    /// ```
    /// use engine::children::ancestry::Ancestry;
    /// use protocol::id::JobId;
    /// let id = |text| JobId::parse(text).unwrap();
    /// let ancestry = Ancestry::new(id("page-1"), id("book"));
    /// assert!(ancestry.clone().with(Some("library")).unwrap().is_some());
    /// assert_eq!(ancestry.clone().with(None), Ok(None));
    /// assert!(ancestry.with(Some("page-1")).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` if the job would be its own ancestor, or have more than [`ANCESTORS`].
    pub fn with(mut self, parent_id: Option<&str>) -> Result<Option<Ancestry>, Problem> {
        let Some(parent_id) = parent_id.and_then(JobId::parse) else { return Ok(None) };
        if self.jobs.contains(&parent_id) {
            return Err(Problem::invalid("parentId", "must not be the id of a job whose ancestor is this one"));
        }
        if self.jobs.len() > ANCESTORS {
            return Err(Problem::past_limit("parentId", ANCESTORS, "ancestors"));
        }
        self.jobs.push(parent_id);
        Ok(Some(self))
    }

    /// The last ancestor.
    pub fn last(&self) -> Option<&JobId> {
        self.jobs.last()
    }

    /// The ancestry as a text for a URL that needs no percent-encoding.
    pub fn to_parameter(&self) -> String {
        self.jobs.iter().map(JobId::as_str).collect::<Vec<_>>().join(",")
    }

    /// The ancestry of a text that [`Ancestry::to_parameter`] made; `None` for any other text.
    pub fn from_parameter(text: &str) -> Option<Ancestry> {
        let jobs: Vec<JobId> = text.split(',').map(JobId::parse).collect::<Option<_>>()?;
        (jobs.len() > 1).then_some(Ancestry { jobs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> JobId {
        JobId::parse(text).unwrap()
    }

    #[test]
    fn a_job_has_at_most_so_many_ancestors() {
        let mut ancestry = Ancestry::new(id("new"), id("a1"));
        for number in 2..=ANCESTORS {
            ancestry = ancestry.with(Some(&format!("a{number}"))).unwrap().unwrap();
        }
        assert_eq!(ancestry.clone().with(None), Ok(None));
        let problem = ancestry.with(Some("a9")).unwrap_err();
        assert_eq!((&problem.details()["field"], &problem.details()["limit"]), (&"parentId".into(), &8.into()));
    }

    #[test]
    fn a_circle_is_refused_wherever_it_closes() {
        let ancestry = Ancestry::new(id("new"), id("a")).with(Some("b")).unwrap().unwrap();
        for closing in ["new", "a", "b"] {
            assert!(ancestry.clone().with(Some(closing)).is_err(), "{closing}");
        }
    }

    #[test]
    fn an_ancestry_survives_a_url_and_no_other_text_is_one() {
        let ancestry = Ancestry::new(id("a.b:c=1+2"), id("~d@e"));
        assert_eq!(ancestry.child().map(JobId::as_str), Some("a.b:c=1+2"));
        assert_eq!(Ancestry::from_parameter(&ancestry.to_parameter()), Some(ancestry.clone()));
        let longer = ancestry.with(Some("f")).unwrap().unwrap();
        assert_eq!((longer.child(), longer.last().map(JobId::as_str)), (None, Some("f")));
        for text in ["", "a", "a,", "a,b c", ",a"] {
            assert_eq!(Ancestry::from_parameter(text), None, "{text}");
        }
    }
}
