//! `jp list`: a table of jobs, of those that are named or of the newest of the project.

use clap::Args;
use console::{measure_text_width, pad_str, style};
use protocol::id::JobId;
use serde_json::{Value, json};

use crate::{
    api::{Api, refusals, refusals_of_listed},
    commands::run::name_and_value,
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
    /// The ids of the jobs [default: the newest jobs of the project that the filters select]
    #[arg(value_name = "ID", conflicts_with = "filters")]
    jobs: Vec<JobId>,

    #[command(flatten)]
    filters: Filters,
}

/// Which jobs of the project are listed.
#[derive(Args, Debug)]
#[group(id = "filters", multiple = true)]
struct Filters {
    /// A state; repeat it for several
    #[arg(long, value_name = "STATE")]
    status: Vec<String>,
    /// The kind
    #[arg(long)]
    kind: Option<String>,
    /// A tag that the jobs carry, as NAME=VALUE; repeat it for several
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    tag: Vec<(String, String)>,
    /// A text that the id, the kind, the message, the error or a tag contains
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// The most jobs
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

/// Prints a line for each job.
pub(crate) fn run(arguments: Arguments, settings: &Settings, output: Output) -> Result<Exit, Failure> {
    let Arguments { jobs, filters } = arguments;
    if jobs.is_empty() {
        let api = Api::new(settings.server()?);
        let ids = filters.ids(&api)?;
        if ids.is_empty() {
            output.notice(format_args!("jp: no job of the project fits"));
            return Ok(Exit::Success);
        }
        let response = print(&api, &ids, output)?;
        return Ok(refusals_of_listed(&response, output));
    }
    let jobs = JobIds::from(jobs).distinct()?;
    let api = Api::new(settings.server()?);
    let ids: Vec<String> = jobs.iter().map(JobId::to_string).collect();
    let response = print(&api, &ids, output)?;
    Ok(refusals(&response, output))
}

impl Filters {
    /// The ids of the jobs, the newest first.
    fn ids(&self, api: &Api) -> Result<Vec<String>, Failure> {
        let tags = self.tag.iter().map(|(name, value)| (format!("tags.{name}"), value.as_str()));
        let texts = [("kind", &self.kind), ("q", &self.search)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?)));
        let statuses = self.status.iter().map(|status| ("status".to_owned(), status.as_str()));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(tags.chain(texts).chain(statuses)).append_pair("limit", &self.limit.to_string());
        let query = query.finish();
        let (mut ids, mut cursor): (Vec<String>, _) = (Vec::new(), String::new());
        while ids.len() < usize::from(self.limit) {
            // A page can be short although others follow.
            let page = api.get(&format!("/v2/jobs?{query}&cursor={cursor}"))?;
            let rows = page.get("jobs").and_then(Value::as_array).into_iter().flatten();
            ids.extend(rows.filter_map(|row| row.get("jobId")?.as_str().map(str::to_owned)));
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        ids.truncate(usize::from(self.limit));
        Ok(ids)
    }
}

/// Reads the documents of the jobs and prints them; returns the response.
fn print(api: &Api, ids: &[String], output: Output) -> Result<Value, Failure> {
    let response = api.post("/v2/jobs/status/batch", &json!({"jobIds": ids}))?;
    let documents = response.get("jobs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if output.is_json() {
        documents.iter().try_for_each(|document| output.json(document))?;
    } else {
        print_table(documents, api, output)?;
    }
    Ok(response)
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
