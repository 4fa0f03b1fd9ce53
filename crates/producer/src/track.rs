//! An iterator that is reported while it is consumed.

use crate::{job::Job, report::Report};

/// The iterator of [`Job::track`].
#[derive(Debug)]
#[must_use = "an iterator does nothing before it is consumed"]
pub struct Track<'a, I> {
    job: &'a Job,
    items: I,
    total: Option<u64>,
    /// Items that were given out.
    given: u64,
}

impl Job {
    /// Reports an iterator: its length as `total`, and after each item the number of items done as `current`.
    ///
    /// ```no_run
    /// # let client = job_progress::Client::from_env().unwrap();
    /// let job = client.job("thumbnails").unit("files").start();
    /// for name in job.track(["a.png", "b.png"]) {
    ///     println!("{name}");
    /// }
    /// job.complete();
    /// ```
    pub fn track<I: IntoIterator>(&self, items: I) -> Track<'_, I::IntoIter> {
        let items = items.into_iter();
        let total = match items.size_hint() {
            (least, Some(most)) if least == most => u64::try_from(most).ok(),
            _ => None,
        };
        Track { job: self, items, total, given: 0 }
    }
}

impl<I: Iterator> Track<'_, I> {
    fn report(&self) {
        match self.total {
            Some(total) => self.job.update(self.given, total),
            None => self.job.report(Report::new().current(self.given)),
        }
    }
}

impl<I: Iterator> Iterator for Track<'_, I> {
    type Item = I::Item;

    /// The next item. All items before it are done.
    fn next(&mut self) -> Option<I::Item> {
        self.report();
        let item = self.items.next()?;
        self.given = self.given.saturating_add(1);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for Track<'_, I> {}
