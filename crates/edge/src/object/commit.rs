//! The commit of a change: the writes, the alarm, and then the broadcast.

use std::{cell::RefCell, rc::Rc};

use engine::{deadline, frame, job::Job, lifecycle::Lifecycle};
use protocol::{Timestamp, log_line::LogLine};

use super::{
    Object,
    deliveries::Stored,
    store::{self, Former},
};
use crate::{command::CommandTime, response::ErrorResponse};

impl Object {
    /// Commits, then broadcasts. Nothing here waits, so the writes are one transaction.
    pub(super) fn commit(
        &self,
        former: Former,
        mut job: Job,
        lines: &[LogLine],
        time: CommandTime,
    ) -> Result<(), ErrorResponse> {
        // If a write fails, the job is loaded from storage again.
        self.job.replace(None);
        let is_notice_new = self.mark_notices(&mut job);
        let has_deliveries = !job.outgoing.deliveries.is_empty();
        let stored_alarm = job.record.alarm;
        let (alarm, rows) = if has_deliveries {
            let (saved, alarm, rows) = self.commit_with_deliveries(former, job, lines.to_vec(), time.now)?;
            job = saved;
            (alarm, rows)
        } else {
            let alarm = deadline::alarm(job.record.alarm, &job, &self.outbox.borrow(), time.now);
            job.record.alarm = alarm.or(job.record.alarm);
            (alarm, self.store.save(&mut job, lines, former)?)
        };
        if matches!(former, Former::Replaced { .. }) {
            self.drop_children(job.record.children_since)?;
        }
        if former == Former::None && self.notices.tombstone.take().is_some() {
            self.store.drop_tombstone()?;
        }
        let alarm = self.alarm_after(alarm, stored_alarm, &job, is_notice_new, time.now);
        self.rows.set(rows.saturating_add(usize::from(alarm.is_some())));
        if let Some(alarm) = alarm {
            store::set_alarm(&self.state, alarm);
        }
        self.viewers.close_to_other_tags(&job.document);
        let lifecycle = Lifecycle::of(&job.document);
        if !matches!(former, Former::Same(former) if !former.concerns_producers(lifecycle)) {
            self.viewers.notify_producers(&frame::control(&job.document));
        }
        self.viewers.broadcast(&job, lines, former != Former::Same(lifecycle), time);
        self.wake_handler_for(&job, has_deliveries);
        self.note_progress(&job, time.now);
        self.job.replace(Some(Rc::new(job)));
        Ok(())
    }

    /// Writes a job and the deliveries of its change in one transaction. Returns the job, the new time of its alarm, and the
    /// number of written rows.
    fn commit_with_deliveries(
        &self,
        former: Former,
        mut job: Job,
        lines: Vec<LogLine>,
        now: Timestamp,
    ) -> Result<(Job, Option<Timestamp>, usize), ErrorResponse> {
        let Stored { deliveries, outbox, first } = Stored::take(&mut job, self.outbox.borrow().clone(), now);
        let alarm = deadline::alarm(job.record.alarm, &job, &outbox, now);
        job.record.alarm = alarm.or(job.record.alarm);
        let project = job.record.project.clone().unwrap_or_default();
        let (store, saved) = (Rc::clone(&self.store), Rc::new(RefCell::new(job)));
        let job = Rc::clone(&saved);
        let rows = self.store.transaction(move || {
            let rows = store.save(&mut job.borrow_mut(), &lines, former)?;
            Ok(rows.saturating_add(store.add_deliveries(&deliveries, &project, first, now)?))
        })?;
        self.outbox.replace(outbox);
        self.has_deliveries.set(true);
        Ok((Rc::unwrap_or_clone(saved).into_inner(), alarm, rows))
    }
}
