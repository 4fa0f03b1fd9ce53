//! Ingest: the number of reports a second that are acknowledged.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use bench::{
    http::Producer,
    key::{Key, fresh_job},
    machine,
    sample::median,
    server::{Folder, Kind, Server},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Options, page};

const KINDS: [Kind; 3] = [Kind::Baseline, Kind::Ours, Kind::Dev];

/// A way to report.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) jobs: usize,
    /// Producers of each job, each waiting for an answer before it reports again.
    pub(crate) producers: usize,
    /// Reports in one body.
    pub(crate) batch: usize,
}

pub(crate) const ONE_PRODUCER: Way = Way { name: "one job, one producer", jobs: 1, producers: 1, batch: 1 };
pub(crate) const EIGHT_PRODUCERS: Way = Way { name: "one job, eight producers", jobs: 1, producers: 8, batch: 1 };

const WAYS: [Way; 4] = [
    ONE_PRODUCER,
    EIGHT_PRODUCERS,
    Way { name: "fifty jobs", jobs: 50, producers: 1, batch: 1 },
    Way { name: "one job, arrays of 500", jobs: 1, producers: 1, batch: 500 },
];

/// Runs every way of reporting against the servers in turn.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe());
    let mut table = HEAD.to_owned();
    println!("{HEAD}");
    for way in &WAYS {
        let mut rates: [Vec<f64>; 3] = Default::default();
        let mut costs: [Vec<f64>; 3] = Default::default();
        for _ in 0..options.pairs {
            for (index, kind) in KINDS.into_iter().enumerate().filter(|(_, kind)| options.dev || *kind != Kind::Dev) {
                let (rate, cost) = once(kind, way, options.seconds)?;
                rates[index].push(rate);
                costs[index].push(cost);
            }
        }
        let [theirs, ours, dev] = rates.map(median);
        let [their_cost, our_cost, _] = costs.map(median);
        let dev = if options.dev { format!("{dev:.0}") } else { "-".to_owned() };
        let row = format!(
            "| {} | {theirs:.0} | {ours:.0} | {:.2} | {their_cost:.2} | {our_cost:.2} | {dev} |",
            way.name,
            ours / theirs
        );
        println!("{row}");
        table = format!("{table}\n{row}");
    }
    if options.page {
        page::write("ingest", &format!("{table}\n"))?;
    }
    Ok(())
}

const HEAD: &str = "\
| way | baseline reports/s | ours | ratio | baseline CPU ms a report | ours | ours, dev, reports/s |
|---|--:|--:|--:|--:|--:|--:|";

/// The acknowledged reports a second, and the processor milliseconds of each.
fn once(kind: Kind, way: &Way, seconds: f64) -> Result<(f64, f64)> {
    let (key, folder) = (Key::draw()?, Folder::new("ingest")?);
    let server = Server::start(kind, &folder, &key)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // A short load first: a runtime that has just started compiles the code that it runs.
        load(&[server.port], &key, way, 2.0).await?;
        let cpu = server.cpu_seconds()?;
        let (count, took) = load(&[server.port], &key, way, seconds).await?;
        let cpu = server.cpu_seconds()? - cpu;
        Ok((count as f64 / took.as_secs_f64(), 1_000.0 * cpu / count as f64))
    })
}

/// Reports for so many seconds, each job to another of the ports; returns the number of acknowledged reports and the time.
pub(crate) async fn load(ports: &[u16], key: &Key, way: &Way, seconds: f64) -> Result<(u64, Duration)> {
    let count = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(seconds);
    let mut tasks = JoinSet::new();
    for index in 0..way.jobs {
        let (job, port) = (fresh_job()?, ports[index % ports.len()]);
        for producer in 0..way.producers {
            let mut reporter = Producer::new(port, &key.text, &job);
            let (count, batch) = (Arc::clone(&count), way.batch);
            tasks.spawn(async move {
                let mut order = 0;
                while Instant::now() < end {
                    let body = body(producer, &mut order, batch);
                    reporter.report(&body).await?.success()?;
                    count.fetch_add(batch as u64, Relaxed);
                }
                anyhow::Ok(())
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok((count.load(Relaxed), began.elapsed()))
}

fn body(producer: usize, order: &mut u64, batch: usize) -> Value {
    let mut report = || {
        *order += 1;
        json!({
            "producer": format!("worker-{producer}"),
            "order": *order,
            "status": "running",
            "current": *order,
            "total": 1_000_000,
            "message": "Processing one batch after the other",
        })
    };
    if batch == 1 { report() } else { (0..batch).map(|_| report()).collect() }
}
