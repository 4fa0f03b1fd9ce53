//! `jp list`: a table of jobs.

use clap::Args;
use console::{measure_text_width, pad_str, style};
use protocol::id::JobId;
use serde_json::{Value, json};

use crate::{
    api::{Api, refusals},
    document_view::{DocumentView, duration},
    exit::Exit,
    failure::Failure,
    job_ids::JobIds,
    output::{Output, printable},
    settings::Settings,
};

/// The arguments of `jp list`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The ids of the jobs
    #[arg(value_name = "ID")]
    jobs: Vec<JobId>,
}

/// Prints a line for each job.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    if arguments.jobs.is_empty() {
        let message = "jp list needs the ids of the jobs: the server has no list of all jobs of a project yet";
        return Err(Failure::Usage(message.to_owned()));
    }
    let jobs = JobIds::from(arguments.jobs).distinct()?;
    let api = Api::new(settings.server()?);
    let ids: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
    let response = api.post("/v2/jobs/status/batch", &json!({"jobIds": ids}))?;
    let documents = response.get("jobs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if output.is_json() {
        documents.iter().try_for_each(|document| output.json(document))?;
    } else {
        print_table(documents, &api, output)?;
    }
    Ok(refusals(&response, output))
}

fn print_table(documents: &[Value], api: &Api, output: Output) -> Result<(), Failure> {
    let now = api.server_time();
    let row = |document| {
        let view = DocumentView(document);
        let ago = view.time(&["updatedAt"]).map(|at| format!("{} ago", duration(now.seconds_since(at))));
        let detail = [view.waits_for(), view.counts(), view.remaining(now), view.error().or(view.message())];
        let detail: Vec<String> = detail.into_iter().flatten().collect();
        [
            view.text(&["jobId"]).map(printable).unwrap_or_default(),
            view.styled_status().to_string(),
            view.percent().unwrap_or_else(|| "-".to_owned()),
            ago.unwrap_or_default(),
            detail.join(", "),
        ]
    };
    let head = ["JOB", "STATUS", "PROGRESS", "UPDATED", "DETAIL"].map(|title| style(title).bold().to_string());
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(documents.iter().map(row)).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| measure_text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| pad_str(cell, *width, console::Alignment::Left, None));
        let line = cells.collect::<Vec<_>>().join("  ");
        output.line(output.fitted(line.trim_end()))?;
    }
    Ok(())
}
