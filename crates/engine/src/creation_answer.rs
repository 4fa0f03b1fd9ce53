//! The response to a creation: the whole document only for a caller that may read the job.

use std::borrow::Cow;

use protocol::{Document, answer::Receipt, include::Include};
use serde::Serialize;

use crate::{grant::Grant, permission::Permission};

/// The response to a creation, to which the edge adds links.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CreationAnswer<'a> {
    /// The document, for a caller that may read it.
    Document {
        /// The document, without the parts that `include` asks for.
        #[serde(flatten)]
        document: Box<Cow<'a, Document>>,
        /// The texts that were cut.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        truncated: &'a [String],
    },
    /// The response to a caller that may only write.
    Receipt(Receipt<'a>),
}

impl<'a> CreationAnswer<'a> {
    /// The response about a job whose creation cut the texts `truncated`. A `receipt` shows nothing that other producers
    /// reported.
    pub fn new(document: &'a Document, truncated: &'a [String], receipt: bool) -> CreationAnswer<'a> {
        if receipt {
            let Document { job_id, seq, status, .. } = document;
            return CreationAnswer::Receipt(Receipt { job_id, seq: *seq, status: *status, truncated });
        }
        CreationAnswer::Document { document: Box::new(document.view(Include::NONE)), truncated }
    }
}

/// Whether the caller gets only a receipt, because it may not read the jobs that it writes.
pub fn is_receipt(grant: &Grant) -> bool {
    !grant.permissions.contains(Permission::Read)
}

#[cfg(test)]
mod tests {
    use protocol::{Timestamp, fold::fold, report::Report};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_has_nothing_that_was_reported_but_the_state() {
        let now = Timestamp::from_millis(0);
        let mut document = Document::new("a".to_owned(), "k3v9a0".to_owned(), now);
        let report = json!({"status": "running", "output": "secret", "message": "secret", "metrics": {"a": 1}});
        fold(&mut document, Report::from_json(report).unwrap(), now).unwrap();
        let cut = ["message".to_owned()];
        let answer = |cut, receipt| serde_json::to_value(CreationAnswer::new(&document, cut, receipt)).unwrap();
        let receipt = json!({"jobId": "a", "seq": 2, "status": "running", "truncated": ["message"]});
        assert_eq!(answer(&cut, true), receipt);
        let whole = answer(&[], false);
        assert_eq!(whole, serde_json::to_value(document.view(Include::NONE)).unwrap());
        assert_eq!(whole["output"], "secret");
        assert_eq!(answer(&cut, false)["truncated"], json!(["message"]));
    }
}
