//! The limit of the log lines that one request may have.

use super::Report;
use crate::{
    limits::{LOG_LINES_SENT, TRUNCATED},
    problem::Problem,
};

/// Checks that the reports of one request have at most [`LOG_LINES_SENT`] log lines together. If one of them ends the job,
/// the first lines are removed instead, and `truncated` of a report that loses lines begins with `logs`: however many lines
/// a producer has collected, its job can end.
///
/// # Errors
///
/// `INVALID_REQUEST` with the position of the first report past the limit.
pub(super) fn limit_lines(reports: &mut [Report]) -> Result<(), (usize, Problem)> {
    let lines = |report: &Report| report.logs.as_ref().map_or(0, Vec::len);
    let mut sum = 0_usize;
    let past_limit = reports.iter().position(|report| {
        sum = sum.saturating_add(lines(report));
        sum > LOG_LINES_SENT
    });
    let Some(index) = past_limit else { return Ok(()) };
    if !reports.iter().any(|report| report.status.is_some_and(|status| status.is_terminal())) {
        return Err((index, Problem::past_limit("logs", LOG_LINES_SENT, "lines in one request")));
    }
    let mut left = LOG_LINES_SENT;
    for report in reports.iter_mut().rev() {
        let Some(logs) = &mut report.logs else { continue };
        let removed = logs.len().saturating_sub(left);
        left = left.saturating_sub(logs.len());
        if removed > 0 {
            logs.drain(..removed);
            report.truncated.insert(0, "logs".to_owned());
            report.truncated.truncate(TRUNCATED);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(status: &str, lines: usize) -> Report {
        let lines: Vec<String> = (0..lines).map(|line| format!("{line}")).collect();
        Report::read(json!({"status": status, "logs": lines})).unwrap()
    }

    fn kept(reports: &[Report]) -> Vec<(usize, Option<&str>)> {
        let first = |report: &Report| report.logs.as_ref().map_or(0, Vec::len);
        reports.iter().map(|report| (first(report), report.truncated.first().map(String::as_str))).collect()
    }

    #[test]
    fn a_request_at_the_limit_keeps_all_lines_and_one_past_it_is_refused() {
        let mut reports = [report("running", LOG_LINES_SENT - 1), report("paused", 1)];
        assert_eq!(limit_lines(&mut reports), Ok(()));
        assert_eq!(kept(&reports), [(LOG_LINES_SENT - 1, None), (1, None)]);
        let mut reports = [report("running", LOG_LINES_SENT - 1), report("paused", 2), report("running", 9)];
        let (index, problem) = limit_lines(&mut reports).unwrap_err();
        assert_eq!((index, &problem.details()["limit"]), (1, &LOG_LINES_SENT.into()));
    }

    #[test]
    fn a_request_that_ends_the_job_keeps_the_last_lines() {
        for status in ["completed", "failed", "cancelled", "timeout"] {
            let mut reports = [report("running", 10), report("running", 10), report(status, LOG_LINES_SENT - 5)];
            assert_eq!(limit_lines(&mut reports), Ok(()));
            assert_eq!(kept(&reports), [(0, Some("logs")), (5, Some("logs")), (LOG_LINES_SENT - 5, None)]);
            assert_eq!(reports[1].logs.as_ref().unwrap()[0].message, "5");
        }
    }

    #[test]
    fn lost_lines_are_named_before_cut_texts() {
        let long = "x".repeat(crate::limits::LOG_LINE_BYTES + 1);
        let lines: Vec<&str> = (0..=LOG_LINES_SENT).map(|line| if line < 40 { long.as_str() } else { "" }).collect();
        let report = Report::from_json(json!({"status": "failed", "logs": lines})).unwrap();
        assert_eq!((report.truncated[0].as_str(), report.truncated.len()), ("logs", TRUNCATED));
    }
}
