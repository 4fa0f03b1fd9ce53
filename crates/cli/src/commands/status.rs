//! `jp status`: shows one job.

use clap::Args;
use protocol::{Timestamp, id::JobId};

use crate::{
    api::Api,
    document_view::{DocumentView, duration},
    exit::Exit,
    failure::Failure,
    output::{Output, printable},
    settings::Settings,
};

/// The arguments of `jp status`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The id of the job
    #[arg(value_name = "ID")]
    job: JobId,
}

/// Prints the document of the job.
pub(crate) fn run(arguments: &Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let api = Api::new(settings.server()?);
    let query = if output.is_json() { "?include=metrics,resources" } else { "" };
    let document = api.get(&format!("/v2/jobs/{}/status{query}", arguments.job.to_url_part()))?;
    if output.is_json() {
        output.json(&document)?;
        return Ok(Exit::Success);
    }
    let view = DocumentView(&document);
    for (label, value) in rows(view, api.server_time()) {
        output.line(output.fitted(&format!("{label:<9} {value}")))?;
    }
    for (label, status, progress) in view.steps() {
        let progress = progress.map(|progress| format!(" {}%", progress.floor())).unwrap_or_default();
        output.line(format_args!("{:<9} {label}: {status}{progress}", "Step"))?;
    }
    Ok(Exit::Success)
}

fn rows(view: DocumentView, now: Timestamp) -> Vec<(&'static str, String)> {
    let parts = |parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    };
    let since = |name: &str| {
        let at = view.time(&[name])?;
        Some(format!("{at} ({} ago)", duration(now.seconds_since(at))))
    };
    let expected =
        view.time(&["estimatedCompletion"]).filter(|_| !view.is_terminal()).map(|at| match view.remaining(now) {
            Some(remaining) => format!("{at} ({remaining})"),
            None => format!("{at} (passed)"),
        });
    let rows = [
        ("Job", view.text(&["jobId"]).map(printable)),
        ("Status", Some(view.styled_status().to_string())),
        ("Waiting", view.waits_for()),
        ("Progress", parts([view.percent(), view.counts(), view.throughput()])),
        ("Message", view.message()),
        ("Error", view.error()),
        ("Output", view.output()),
        ("Attempt", view.number(&["attempt"]).filter(|attempt| *attempt > 1.0).map(|attempt| attempt.to_string())),
        ("Created", since("createdAt")),
        ("Started", since("startedAt")),
        ("Expected", expected),
        ("Ended", ["completedAt", "failedAt", "cancelledAt", "timedOutAt"].into_iter().find_map(since)),
        ("Duration", view.number(&["executionTime"]).map(duration)),
        ("Updated", since("updatedAt")),
    ];
    rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}
