//! The index: how long a page of a long list takes, and what the index costs a creation.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bench::{
    http::{Connection, Request},
    key::Key,
    machine,
    sample::{Sample, median},
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};

use crate::Options;

/// The rows of the index.
const ROWS: usize = 100_000;
/// The rows before the second page that is measured.
const PASSED: usize = 50_000;
/// The filters of the list, which a twentieth of the rows fit.
const FILTERS: &str = "status=completed&kind=kind-2";
/// The requests of each page.
const REQUESTS: usize = 200;
/// The jobs that each server creates in one run.
const CREATIONS: usize = 2_000;
/// The program that fills an index.
const FILL: &str = include_str!("index/fill.py");

/// Runs all of it, and fails if a figure is past its limit.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut past = pages(1, 50.0).await?;
        past.extend(pages(16, 100.0).await?);
        past.extend(creations(options.pairs).await?);
        ensure!(past.is_empty(), "past the limit: {}", past.join("; "));
        Ok(())
    })
}

/// Reads pages of a list of [`ROWS`] rows in so many shards; returns what takes longer than it may.
async fn pages(shards: usize, limit_ms: f64) -> Result<Vec<String>> {
    let (key, folder) = (Key::draw()?, Folder::new("index")?);
    let count = shards.to_string();
    let start = || Server::with_environment(Kind::Ours, &[("INDEX_SHARDS", &count)], &folder, &key);
    let server = start()?;
    // Each shard has to exist before it can be filled.
    let mut connection = Connection::open(server.port).await?;
    for number in 0..shards * 20 {
        create(&mut connection, &key, &format!("first-{number}")).await?;
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while list(&mut connection, &key, "limit=100").await?.0["jobs"].as_array().map_or(0, Vec::len)
        < (shards * 20).min(100)
    {
        ensure!(Instant::now() < deadline, "the index lags");
    }
    drop((server, connection));
    fill(&folder.path().join("data"), shards)?;
    let server = start()?;
    let mut past = Vec::new();
    let mut connection = Connection::open(server.port).await?;
    let (first, _) = list(&mut connection, &key, FILTERS).await?;
    let found = first["jobs"].as_array().map_or(0, Vec::len);
    ensure!(found == 50, "the first page has {found} jobs");
    let (mut far, mut passed) = (String::new(), 0);
    while passed < PASSED {
        let (body, _) = list(&mut connection, &key, &format!("limit=100&cursor={far}")).await?;
        far = body["nextCursor"].as_str().context("the list ends early")?.to_owned();
        passed += body["jobs"].as_array().map_or(0, Vec::len);
    }
    for (name, query) in [
        ("the first page with two filters", FILTERS.to_owned()),
        ("a page after 50,000 rows with two filters", format!("{FILTERS}&cursor={far}")),
        ("the first page with a filter that fits nothing", "kind=none&status=failed".to_owned()),
        ("the summary", String::new()),
    ] {
        let mut sample = Sample::default();
        let is_summary = query.is_empty();
        for _ in 0..if is_summary { 20 } else { REQUESTS } {
            let path = if is_summary { "/v2/jobs/summary".to_owned() } else { format!("/v2/jobs?{query}") };
            sample.add(ask(&mut connection, &key, &path).await?.1);
        }
        let p95 = sample.percentile(0.95);
        println!("{shards} shards, {name}: p50 {:.1} ms, p95 {p95:.1} ms", sample.percentile(0.5));
        if name.contains("two filters") && p95 > limit_ms {
            past.push(format!("{shards} shards, {name}: p95 {p95:.1} ms instead of {limit_ms} ms"));
        }
    }
    Ok(past)
}

/// Puts the rows into the shards that exist.
fn fill(data: &Path, shards: usize) -> Result<()> {
    let folder = fs::read_dir(data)?.filter_map(Result::ok).map(|entry| entry.path());
    let folder = folder.into_iter().find(|path| path.to_string_lossy().ends_with("JobIndex"));
    let folder = folder.context("the server has no index")?;
    let output = Command::new("python3").arg("-c").arg(FILL).arg(folder).arg(ROWS.to_string()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let filled: usize = String::from_utf8_lossy(&output.stdout).trim().parse()?;
    ensure!(filled == shards, "{filled} of {shards} shards exist");
    Ok(())
}

/// Creates jobs with and without an index in turn; returns what is slower than it may be.
async fn creations(pairs: usize) -> Result<Option<String>> {
    let mut ratios = Vec::new();
    for _ in 0..pairs {
        let mut rates = [0.0; 2];
        for (rate, setting) in rates.iter_mut().zip(["on", "off"]) {
            let (key, folder) = (Key::draw()?, Folder::new("index-creations")?);
            let server = Server::with_environment(Kind::Ours, &[("INDEX", setting)], &folder, &key)?;
            let mut connection = Connection::open(server.port).await?;
            let began = Instant::now();
            for number in 0..CREATIONS {
                create(&mut connection, &key, &format!("job-{number}")).await?;
            }
            *rate = CREATIONS as f64 / began.elapsed().as_secs_f64();
        }
        let [on, off] = rates;
        println!("creations a second: {on:.0} with an index, {off:.0} without, ratio {:.2}", on / off);
        ratios.push(on / off);
    }
    let ratio = median(ratios);
    println!("median ratio {ratio:.2}");
    Ok((ratio < 0.8).then(|| format!("{ratio:.2} of the creations a second instead of 0.8")))
}

async fn create(connection: &mut Connection, key: &Key, job: &str) -> Result<()> {
    let body = json!({"jobId": job, "kind": "import", "tags": {"userId": "u1"}}).to_string();
    let request = Request::new("POST", "/v2/jobs", &key.text, &[], body.as_bytes());
    connection.ask(&request).await?.success().map(drop)
}

async fn list(connection: &mut Connection, key: &Key, query: &str) -> Result<(Value, f64)> {
    ask(connection, key, &format!("/v2/jobs?{query}")).await
}

/// The answer to a request, and the milliseconds that it took.
async fn ask(connection: &mut Connection, key: &Key, path: &str) -> Result<(Value, f64)> {
    let began = Instant::now();
    let answer = connection.ask(&Request::new("GET", path, &key.text, &[], b"")).await?.success()?;
    Ok((answer.json(), began.elapsed().as_secs_f64() * 1000.0))
}
