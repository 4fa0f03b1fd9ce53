//! The servers that run the worker, beside nginx with nchan: how they start, what they need, and what they do with a load.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bench::{
    audience::{self, Figures, Load},
    cluster::Instance,
    key::{Key, fresh_job},
    machine,
    process::{self, Processes},
    relay::{self, Relay},
    sample::median,
    server::{Folder, HEALTH, Kind, Server, answers, free_port},
};
use tokio::runtime::Builder;

use crate::{
    Options, fanout,
    ingest::{EIGHT_PRODUCERS, ONE_PRODUCER, Way, load},
    page,
};

/// Reports a second of the fan-out.
const RATE: f64 = 10.0;

/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// How often a starting server is asked whether it answers.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

#[derive(Clone, Copy)]
enum Candidate {
    Executable,
    Worker(Kind),
    Relay,
}

const CANDIDATES: [Candidate; 4] =
    [Candidate::Executable, Candidate::Worker(Kind::Ours), Candidate::Worker(Kind::Wrangler), Candidate::Relay];

/// A server that runs, and ends on drop.
enum Running {
    Executable(Instance),
    Worker(Server),
    Relay(Relay),
}

/// The figures of one run.
struct Measured {
    /// Seconds from the start to the first answer.
    start: f64,
    idle_mb: f64,
    fan_out: Figures,
    one_producer: f64,
    eight_producers: f64,
}

/// Measures each server in turn.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("{}", machine::describe());
    let viewers = options.viewers.iter().copied().max().context("--viewers is empty")?;
    let mut runs: [Vec<Measured>; CANDIDATES.len()] = Default::default();
    for _ in 0..options.pairs {
        for (candidate, runs) in CANDIDATES.into_iter().zip(&mut runs) {
            let measured = candidate.measure(Load { viewers, rate: RATE, seconds: options.seconds });
            runs.push(measured.with_context(|| candidate.name())?);
        }
    }
    let rows: Vec<String> = CANDIDATES.into_iter().zip(&runs).map(|(candidate, runs)| row(candidate, runs)).collect();
    let table = format!("{}\n{}\n", head(viewers), rows.join("\n"));
    print!("{table}");
    if options.page {
        page::write("servers", &table)?;
    }
    Ok(())
}

fn head(viewers: usize) -> String {
    format!(
        "\
| server | start to first answer s | idle MB | MB with {viewers} viewers | one producer, reports/s | eight producers | arrival p50 ms | p99 | CPU ms a report | ended on the final document |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
}

fn row(candidate: Candidate, runs: &[Measured]) -> String {
    let middle = |figure: &dyn Fn(&Measured) -> f64| median(runs.iter().map(figure));
    format!(
        "| {} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} | {:.1} | {} |",
        candidate.name(),
        middle(&|run| run.start),
        middle(&|run| run.idle_mb),
        middle(&|run| run.fan_out.memory_mb),
        middle(&|run| run.one_producer),
        middle(&|run| run.eight_producers),
        middle(&|run| run.fan_out.arrival.percentile(0.5)),
        middle(&|run| run.fan_out.arrival.percentile(0.99)),
        middle(&|run| 1_000.0 * run.fan_out.cpu_seconds / run.fan_out.reports as f64),
        // The lowest, not the median: every viewer of every run must receive the final document.
        runs.iter().map(|run| run.fan_out.finals).min().unwrap_or(0),
    )
}

impl Candidate {
    fn name(self) -> &'static str {
        match self {
            Candidate::Executable => "the executable",
            Candidate::Worker(Kind::Wrangler) => "wrangler dev",
            Candidate::Worker(_) => "bare workerd",
            Candidate::Relay => "nginx with nchan",
        }
    }

    /// Runs the loads of viewers and of producers, each against a server that has just been started.
    fn measure(self, fan_out: Load) -> Result<Measured> {
        let key = Key::draw()?;
        let (start, idle_mb, figures) = {
            let folder = Folder::new("servers")?;
            let (server, start) = self.start(&folder, &key)?;
            thread::sleep(IDLE);
            let processes = server.processes()?;
            let idle_mb = processes.memory_mb()?;
            fanout::warm_up(&processes, &key, fan_out.viewers)?;
            (start, idle_mb, audience::run(&server.processes()?, &key.text, &fresh_job()?, fan_out)?)
        };
        let folder = Folder::new("servers")?;
        let (server, _) = self.start(&folder, &key)?;
        let ports = server.processes()?.ports;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let rate = |way: &Way, seconds: f64| -> Result<f64> {
            let (count, took) = runtime.block_on(load(&ports, &key, way, seconds))?;
            Ok(count as f64 / took.as_secs_f64())
        };
        // A short load first: a runtime that has just started compiles the code that it runs.
        rate(&ONE_PRODUCER, 2.0)?;
        let one_producer = rate(&ONE_PRODUCER, fan_out.seconds)?;
        let eight_producers = rate(&EIGHT_PRODUCERS, fan_out.seconds)?;
        Ok(Measured { start, idle_mb, fan_out: figures, one_producer, eight_producers })
    }

    /// Starts it; the seconds are those until its first answer.
    fn start(self, folder: &Folder, key: &Key) -> Result<(Running, f64)> {
        let port = free_port()?;
        let path = if matches!(self, Candidate::Relay) { relay::STREAM } else { HEALTH };
        let over = AtomicBool::new(false);
        let began = Instant::now();
        thread::scope(|scope| {
            let polling = scope.spawn(|| {
                while !answers(port, path) {
                    if over.load(Relaxed) {
                        return None;
                    }
                    thread::sleep(POLL_INTERVAL);
                }
                Some(began.elapsed().as_secs_f64())
            });
            let started = match self {
                Candidate::Executable => Instance::start(folder.path(), port, key, &[]).map(Running::Executable),
                Candidate::Worker(kind) => Server::start_at(port, kind, folder, key).map(Running::Worker),
                Candidate::Relay => Relay::start(folder.path(), port).map(Running::Relay),
            };
            // One that has started answers the next time too, if it has not been asked since.
            over.store(started.is_err(), Relaxed);
            let seconds = polling.join().ok().flatten();
            Ok((started?, seconds.context("the server did not answer")?))
        })
    }
}

impl Running {
    /// Its processes, all of them.
    fn processes(&self) -> Result<Processes> {
        match self {
            Running::Executable(instance) => instance.processes(),
            Running::Worker(server) => Ok(Processes { pids: process::tree(server.pid)?, ..server.processes() }),
            Running::Relay(relay) => relay.processes(),
        }
    }
}
