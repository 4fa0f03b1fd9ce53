//! The fold: the only function that applies a report to a document; and the end of a job that no report brings about.

use crate::{
    control::{Control, ControlRequest},
    document::{Document, JobError},
    number::Number,
    patch::Patch,
    problem::{Code, Problem},
    report::Report,
    status::Status,
    step,
    time::Timestamp,
};

/// The code of the error of a job that was cancelled by a request with a reason.
pub const CANCELLED: &str = "CANCELLED";

/// Applies `report` to the document, as a change committed at `now`.
///
/// A field replaces the former value as a whole, `null` clears it, an absent field keeps it. `engine` decides before whether
/// the report is ignored, because it is stale or the job has ended.
///
/// # Errors
///
/// `INVALID_TRANSITION` if the job's state does not allow the change, `INVALID_REQUEST` if `increment` makes `current`
/// infinite. The document is unchanged in both cases.
///
/// ```
/// use protocol::{Document, Report, Status, Timestamp, fold::fold};
/// let now = Timestamp::from_millis(0);
/// let mut document = Document::new("import-42".into(), "k3v9a0".into(), now);
/// let report = Report::from_json(serde_json::json!({"current": 45, "total": 60})).unwrap();
/// fold(&mut document, report, now).unwrap();
/// assert_eq!(document.status, Status::Running);
/// assert_eq!(document.progress.map(|progress| progress.get()), Some(75.0));
/// assert_eq!(document.seq, 2);
/// ```
pub fn fold(document: &mut Document, report: Report, now: Timestamp) -> Result<(), Problem> {
    // Everything that can fail comes before the first change.
    let status = next_status(document, &report)?;
    if status != Status::Running && report.substate.set().is_some() {
        let message = format!("`substate` requires a running job; this one is {}", status.as_str());
        let problem = Problem::new(Code::InvalidTransition, message).with("field", "substate");
        return Err(problem.with("status", status.as_str()));
    }
    let current = current_patch(document, &report)?;
    let progress = progress_patch(document, &report, &current);

    // The new state clears fields first, so that values in the report are kept.
    enter(document, status, now);
    let settled = settle_control(document);
    current.apply(&mut document.current);
    progress.apply(&mut document.progress);
    if status == Status::Running {
        report.substate.clone().apply(&mut document.substate);
    }
    report.copy_to(document);
    if status == Status::Completed {
        document.progress = Some(Number::HUNDRED);
    }
    if let Some(error) = settled.and_then(|control| cancellation_error(document, control)) {
        document.error = Some(error);
    }
    document.stalled_since = None;
    document.record_change(now);
    Ok(())
}

/// Ends the job in the terminal state `status` without a report, as a change committed at `now`. An `error` that the producer
/// reported before stays, unless there is a new one.
pub fn end(document: &mut Document, status: Status, error: Option<JobError>, now: Timestamp) {
    enter(document, status, now);
    let settled = settle_control(document);
    document.error = error.or(document.error.take());
    if let Some(error) = settled.and_then(|control| cancellation_error(document, control)) {
        document.error = Some(error);
    }
    document.record_change(now);
}

/// Whether the report determines the progress of the document before it: `Some(false)` if it makes it unknown, `None` if the
/// progress stays as it is.
pub fn determines_progress(document: &Document, report: &Report) -> Option<bool> {
    match progress_patch(document, report, &current_patch(document, report).ok()?) {
        Patch::Keep => None,
        Patch::Clear => Some(false),
        Patch::Set(_) => Some(true),
    }
}

/// Removes the pending request if the state is the one that was requested, and returns it.
fn settle_control(document: &mut Document) -> Option<Control> {
    let status = document.status;
    document.control.take_if(|control| control.request.is_settled_in(status))
}

/// The error of a job that was cancelled by a request with a reason, if there is no other error.
fn cancellation_error(document: &Document, control: Control) -> Option<JobError> {
    let is_cancelled = document.status == Status::Cancelled && document.error.is_none();
    let reason = control.reason.filter(|_| is_cancelled && control.request == ControlRequest::Cancel)?;
    Some(JobError { code: CANCELLED.to_owned(), message: reason, details: None })
}

/// The state after the report: its `status`, else `running` if it shows work of a job that has not begun.
fn next_status(document: &Document, report: &Report) -> Result<Status, Problem> {
    let from = document.status;
    let to = match report.status {
        Some(status) => status,
        None if matches!(from, Status::Queued | Status::Initializing) && report.shows_work() => Status::Running,
        None => from,
    };
    if from.may_become(to) {
        return Ok(to);
    }
    let allowed: Vec<_> = Status::ALL.into_iter().filter(|next| from.may_become(*next)).map(Status::as_str).collect();
    Err(Problem::new(
        Code::InvalidTransition,
        format!("A job that is {} cannot become {}; allowed: {}", from.as_str(), to.as_str(), allowed.join(", ")),
    )
    .with("field", "status")
    .with("from", from.as_str())
    .with("to", to.as_str())
    .with("allowed", allowed))
}

/// The change of `current`, to which `increment` is added.
fn current_patch(document: &Document, report: &Report) -> Result<Patch<Number>, Problem> {
    let Some(increment) = report.increment else { return Ok(report.current.clone()) };
    let sum = document.current.map_or(0.0, Number::get) + increment.get();
    let sum =
        Number::new(sum).ok_or_else(|| Problem::invalid("increment", "makes `current` too large for a number"))?;
    Ok(Patch::Set(sum))
}

/// The change of `progress`: the value in the report, else the ratio of the counts, else the mean of the steps.
fn progress_patch(document: &Document, report: &Report, current: &Patch<Number>) -> Patch<Number> {
    if report.progress.is_present() {
        return report.progress.clone();
    }
    let current_after = current.after(document.current);
    let total_after = report.total.after(document.total);
    if let (Some(current), Some(total)) = (current_after, total_after) {
        return if report.changes_counts() { known(ratio(current, total)) } else { Patch::Keep };
    }
    match &report.steps {
        Patch::Set(steps) => known(step::weighted_mean(steps)),
        Patch::Clear => Patch::Clear,
        // The counts were cleared: the steps of the document determine the progress again.
        Patch::Keep if report.total == Patch::Clear || report.current == Patch::Clear => {
            known(document.steps.as_deref().and_then(step::weighted_mean))
        }
        Patch::Keep => Patch::Keep,
    }
}

fn known(percent: Option<f64>) -> Patch<Number> {
    percent.and_then(Number::percentage).map_or(Patch::Clear, Patch::Set)
}

/// Percent done, which can exceed 100; unknown for a total of 0.
fn ratio(current: Number, total: Number) -> Option<f64> {
    (total.get() > 0.0).then(|| current.get() / total.get() * 100.0)
}

/// Enters `status`: sets the times that belong to it and clears the fields that it ends.
fn enter(next: &mut Document, status: Status, now: Timestamp) {
    if next.status == status {
        return;
    }
    next.status = status;
    next.substate = None;
    next.queue_position = None;
    next.waiting = None;
    if status == Status::Running && next.started_at.is_none() {
        next.started_at = Some(now);
    }
    let ended_at = match status {
        Status::Completed => &mut next.completed_at,
        Status::Failed => &mut next.failed_at,
        Status::Cancelled => &mut next.cancelled_at,
        Status::Timeout => &mut next.timed_out_at,
        _ => return,
    };
    *ended_at = Some(now);
    next.stalled_since = None;
    next.execution_time = next.started_at.and_then(|started| Number::new(now.seconds_since(started)));
    next.estimated_completion = None;
}
