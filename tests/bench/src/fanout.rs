//! Fan-out: one job, many viewers.

use anyhow::Result;
use bench::{
    audience::{self, Figures, Load},
    key::{Key, fresh_job},
    process::Processes,
    sample::median,
    server::{Folder, Kind, Server},
};

use crate::{
    Options,
    chart::{self, Line},
    page,
};

/// The servers, in the order in which they run. The baseline runs twice: as most would write it, and paced like ours.
const KINDS: [Kind; 3] = [Kind::Baseline, Kind::PacedBaseline, Kind::Ours];

/// The rate at which the number of viewers varies, and the number of viewers at which the rate varies.
const RATE: f64 = 20.0;
const VIEWERS: usize = 100;

/// One server under one load: the medians of its runs.
#[derive(Clone, Debug)]
struct Row {
    kind: Kind,
    load: Load,
    arrival: [f64; 2],
    screen: [f64; 2],
    cpu_per_report_ms: f64,
    memory_mb: f64,
    frames_per_second: f64,
    finals: usize,
}

/// Runs every load against every server in turn.
pub(crate) fn run(options: &Options) -> Result<()> {
    let load = |viewers, rate| Load { viewers, rate, seconds: options.seconds };
    let mut loads: Vec<Load> = options.viewers.iter().map(|viewers| load(*viewers, RATE)).collect();
    loads.extend(options.rates.iter().filter(|rate| **rate != RATE).map(|rate| load(VIEWERS, *rate)));
    println!("{}", bench::machine::describe());
    println!("{HEAD}");
    let mut rows = Vec::new();
    for load in loads {
        let mut runs: [Vec<Figures>; 3] = Default::default();
        for _ in 0..options.pairs {
            for (kind, runs) in KINDS.into_iter().zip(&mut runs) {
                runs.push(once(kind, load)?);
            }
        }
        for (kind, runs) in KINDS.into_iter().zip(&runs) {
            let row = Row::new(kind, load, runs);
            println!("{}", row.cells());
            rows.push(row);
        }
        if options.dev {
            let row = Row::new(Kind::Dev, load, &[once(Kind::Dev, load)?]);
            println!("{}", row.cells());
            rows.push(row);
        }
    }
    if options.page {
        page::write("fan-out", &format!("{}\n{CURVES}", table(&rows)))?;
        page::draw("fan-out-age", &ages(&rows))?;
        page::draw("fan-out-cpu", &costs(&rows))?;
        page::draw("rates-age", &rates(&rows))?;
    }
    Ok(())
}

fn once(kind: Kind, load: Load) -> Result<Figures> {
    let (key, folder) = (Key::draw()?, Folder::new("fan-out")?);
    let server = Server::start(kind, &folder, &key)?;
    warm_up(&server.processes(), &key, load.viewers)?;
    audience::run(&server.processes(), &key.text, &fresh_job()?, load)
}

/// Runs a short load first: a runtime that has just started compiles the code that it runs.
pub(crate) fn warm_up(servers: &Processes, key: &Key, viewers: usize) -> Result<()> {
    let load = Load { viewers: viewers.min(50), rate: 200.0, seconds: 3.0 };
    audience::run(servers, &key.text, &fresh_job()?, load)?;
    Ok(())
}

impl Row {
    fn new(kind: Kind, load: Load, runs: &[Figures]) -> Row {
        let middle = |figure: &dyn Fn(&Figures) -> f64| median(runs.iter().map(figure));
        Row {
            kind,
            load,
            arrival: [0.5, 0.99].map(|share| middle(&|run| run.arrival.percentile(share))),
            screen: [0.5, 0.99].map(|share| middle(&|run| run.screen.percentile(share))),
            cpu_per_report_ms: middle(&|run| 1_000.0 * run.cpu_seconds / run.reports as f64),
            memory_mb: middle(&|run| run.memory_mb),
            frames_per_second: middle(&|run| run.frames as f64 / load.seconds),
            // The lowest, not the median: every viewer of every run must receive the final document.
            finals: runs.iter().map(|run| run.finals).min().unwrap_or(0),
        }
    }

    fn cells(&self) -> String {
        format!(
            "| {} | {} | {} | {:.1} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} | {:.0} | {} |",
            self.load.viewers,
            self.load.rate,
            self.kind.name(),
            self.arrival[0],
            self.arrival[1],
            self.screen[0],
            self.screen[1],
            self.cpu_per_report_ms,
            self.memory_mb,
            self.frames_per_second,
            self.finals,
        )
    }
}

const HEAD: &str = "\
| viewers | reports/s | server | arrival p50 ms | p99 | on screen p50 ms | p99 | CPU ms a report | MB | frames/s | ended on the final document |
|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// The curves of the page, in Markdown.
const CURVES: &str = "\
![Age on screen, p99, against viewers](fan-out-age.svg)
![CPU a report against viewers](fan-out-cpu.svg)
![Age on screen, p99, against reports a second](rates-age.svg)
";

fn table(rows: &[Row]) -> String {
    let cells: Vec<String> = rows.iter().map(Row::cells).collect();
    format!("{HEAD}\n{}\n", cells.join("\n"))
}

fn lines(rows: &[Row], chosen: impl Fn(&Row) -> bool, point: impl Fn(&Row) -> (f64, f64)) -> Vec<Line> {
    let of = |kind: Kind| {
        let points = rows.iter().filter(|row| row.kind == kind && chosen(row)).map(&point).collect();
        Line { name: kind.name().to_owned(), points }
    };
    KINDS.into_iter().map(of).collect()
}

fn ages(rows: &[Row]) -> String {
    let chosen = |row: &Row| row.load.rate == RATE;
    let lines = lines(rows, chosen, |row| (row.load.viewers as f64, row.screen[1]));
    chart::svg("Age on screen, p99, at 20 reports/s", "viewers", "ms", &lines)
}

fn costs(rows: &[Row]) -> String {
    let chosen = |row: &Row| row.load.rate == RATE;
    let lines = lines(rows, chosen, |row| (row.load.viewers as f64, row.cpu_per_report_ms));
    chart::svg("CPU a report, at 20 reports/s", "viewers", "ms", &lines)
}

fn rates(rows: &[Row]) -> String {
    let chosen = |row: &Row| row.load.viewers == VIEWERS;
    let lines = lines(rows, chosen, |row| (row.load.rate, row.screen[1]));
    chart::svg("Age on screen, p99, with 100 viewers", "reports/s", "ms", &lines)
}
