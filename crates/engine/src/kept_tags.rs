//! The tags that a token by tag requires, which its holder must not change: it would give the job to somebody else.

use protocol::{Problem, document::Object, id::JobId, patch::Patch, report::Reports};

use crate::{
    grant::{Cause, Denied},
    permission::{Permission, Permissions},
    tags::RequiredTags,
};

/// Checks that a job still carries the required tags after each of the reports.
///
/// # Errors
///
/// `ACCESS_DENIED`.
pub fn check(required: &RequiredTags, reports: &Reports, job_id: &str) -> Result<(), Problem> {
    let reports = match reports {
        Reports::One(report) => std::slice::from_ref(&**report),
        Reports::Many(reports) => reports.as_slice(),
    };
    let is_kept = |tags: &Patch<Object>| !tags.is_present() || required.are_carried_by(tags.set());
    if reports.iter().all(|report| is_kept(&report.tags)) {
        return Ok(());
    }
    let (held, cause) = (Permissions::NONE, Cause::TagsChange);
    Err(Denied { required: Permission::Write, held, job_id: JobId::parse(job_id), cause }.into())
}

#[cfg(test)]
mod tests {
    use protocol::{problem::Code, report::Report};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_report_may_set_other_tags_and_must_keep_the_required_ones() {
        let required = RequiredTags::from_json(json!({"userId": "u1"}), "tags").unwrap();
        let report = |report: Value| Report::from_json(report).unwrap();
        for (body, is_allowed) in [
            (json!({"progress": 1}), true),
            (json!({"tags": {"userId": "u1", "plan": "free"}}), true),
            (json!({"tags": {"userId": "u2"}}), false),
            (json!({"tags": {}}), false),
            (json!({"tags": null}), false),
        ] {
            let one = Reports::One(Box::new(report(body.clone())));
            let many = Reports::Many(vec![report(json!({})), report(body.clone())]);
            for reports in [one, many] {
                let refused = check(&required, &reports, "a").map_err(|problem| problem.code());
                assert_eq!(refused, if is_allowed { Ok(()) } else { Err(Code::AccessDenied) }, "{body}");
            }
        }
    }
}
