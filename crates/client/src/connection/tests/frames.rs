//! Documents, frames and problems as a server sends them.

use serde_json::json;

/// A document of the job `j`.
pub(super) fn document(seq: u64, status: &str) -> String {
    document_of("j", seq, status)
}

pub(super) fn document_of(job: &str, seq: u64, status: &str) -> String {
    json!({"jobId": job, "status": status, "progress": 10, "seq": seq, "epoch": "aaaaaa"}).to_string()
}

pub(super) fn frame(seq: u64, status: &str) -> String {
    frame_of("j", seq, status)
}

pub(super) fn frame_of(job: &str, seq: u64, status: &str) -> String {
    format!("data: {}\n\n", document_of(job, seq, status))
}

/// The frame of a document with a planned retry.
pub(super) fn retried(seq: u64, status: &str) -> String {
    frame(seq, status).replace("\"seq\"", "\"nextRetryAt\":\"2030-01-01T00:00:00Z\",\"seq\"")
}

pub(super) const END: &str = "event: end\ndata: {\"jobId\":\"j\",\"status\":\"completed\",\"seq\":9}\n\n";

pub(super) fn problem(code: &str) -> String {
    json!({"error": code, "message": "Because."}).to_string()
}

pub(super) fn problem_frame(job: &str, code: &str) -> String {
    format!("event: problem\ndata: {}\n\n", json!({"jobId": job, "error": code, "message": "Because."}))
}
