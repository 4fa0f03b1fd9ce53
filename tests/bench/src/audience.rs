//! An audience: many viewers of one job, its producer, and the age of what the viewers show.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::{runtime::Builder, sync::Semaphore, task::JoinSet};

use crate::{
    http::Producer,
    process::Processes,
    sample::Sample,
    stream::{Item, Stream},
};

/// How many connections may be opening at a time.
const MOST_OPENING: usize = 64;
/// How often the age of what each viewer shows is sampled.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(20);
/// How long viewers may take to receive the final document.
const FINAL_DOCUMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The load on the server.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The number of viewers.
    pub viewers: usize,
    /// Reports a second.
    pub rate: f64,
    /// The duration of the load.
    pub seconds: f64,
}

/// The figures of one run.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Milliseconds from a report to the arrival of its frame, for every frame of every viewer.
    pub arrival: Sample,
    /// The age in milliseconds of what each viewer shows, sampled at a fixed interval.
    pub screen: Sample,
    /// Processor seconds of the runtime.
    pub cpu_seconds: f64,
    /// Megabytes of the runtime before the last report, with all viewers.
    pub memory_mb: f64,
    /// The number of documents that arrived.
    pub frames: u64,
    /// The number of reports that were answered.
    pub reports: u64,
    /// The number of viewers that received the final document.
    pub finals: usize,
}

/// The state that the producer, the viewers and the sampler share.
struct Shared {
    start: Instant,
    /// The time at which each `seq` was reported, in microseconds from the start.
    reported: Vec<AtomicU64>,
    /// The `seq` that each viewer shows.
    shown: Vec<AtomicU64>,
    over: AtomicBool,
}

impl Shared {
    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn age_ms(&self, seq: u64) -> Option<f64> {
        let reported = self.reported.get(usize::try_from(seq).ok()?)?.load(Relaxed);
        (reported > 0).then(|| self.micros().saturating_sub(reported) as f64 / 1000.0)
    }
}

/// Runs a load against a server, or several that serve the same jobs, and measures it. The producer reports to the last one.
pub fn run(servers: &Processes, key: &str, job: &str, load: Load) -> Result<Figures> {
    let reports = (load.rate * load.seconds).round() as u64;
    let atomics = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    let shared = Arc::new(Shared {
        start: Instant::now(),
        // The caller may have reported a little before.
        reported: atomics(usize::try_from(reports)? + 100),
        shown: atomics(load.viewers),
        over: AtomicBool::new(false),
    });
    let ports = servers.ports.clone();
    let mut producer = Producer::new(*ports.last().context("there is no server")?, key, job);
    let producing = Builder::new_current_thread().enable_all().build()?;
    let first = json!({"status": "running", "current": 0, "total": reports});
    let first = producing.block_on(producer.report(&first))?.success()?.json();
    let first = match servers.relay {
        true => seq_of_relayed(0),
        false => first["seq"].as_u64().context("the answer has no seq")?,
    };
    let last = first + reports;

    let (ready, connected) = std::sync::mpsc::channel();
    let watching = {
        let (shared, key, job) = (Arc::clone(&shared), key.to_owned(), job.to_owned());
        thread::spawn(move || -> Result<Vec<Viewer>> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(connect_all(&ports, &key, &job, &shared, load.viewers, last, ready))
        })
    };
    if connected.recv().is_err() {
        let error = watching.join().ok().and_then(Result::err);
        return Err(error.unwrap_or_else(|| anyhow::anyhow!("no viewer could connect")));
    }
    let sampling = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || sample_ages(&shared))
    };
    let cpu_before = servers.cpu_seconds()?;
    let mut memory_mb = f64::NAN;
    producing.block_on(async {
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / load.rate));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 1..=reports {
            ticks.tick().await;
            let status = if number == reports { "completed" } else { "running" };
            if number == reports {
                memory_mb = servers.memory_mb()?;
            }
            shared.reported[usize::try_from(first + number)?].store(shared.micros(), Relaxed);
            let report =
                json!({"status": status, "current": number, "message": "Processing one batch after the other"});
            producer.report(&report).await?.success()?;
        }
        anyhow::Ok(())
    })?;
    shared.over.store(true, Relaxed);
    let screen = sampling.join().ok().context("the sampler panicked")?;
    let viewers = watching.join().ok().context("the viewers panicked")??;
    let mut figures = Figures {
        arrival: Sample::default(),
        screen,
        cpu_seconds: servers.cpu_seconds()? - cpu_before,
        memory_mb,
        frames: 0,
        reports,
        finals: 0,
    };
    for viewer in viewers {
        figures.arrival.merge(&viewer.ages);
        figures.frames += viewer.frames;
        figures.finals += usize::from(viewer.seq == last);
    }
    Ok(figures)
}

#[derive(Default)]
struct Viewer {
    ages: Sample,
    frames: u64,
    seq: u64,
}

async fn connect_all(
    ports: &[u16],
    key: &str,
    job: &str,
    shared: &Arc<Shared>,
    count: usize,
    last: u64,
    ready: std::sync::mpsc::Sender<()>,
) -> Result<Vec<Viewer>> {
    let slots = Arc::new(Semaphore::new(MOST_OPENING));
    let (connected, mut all_connected) = tokio::sync::mpsc::channel(count.max(1));
    let mut tasks = JoinSet::new();
    for index in 0..count {
        let (shared, slots, connected) = (Arc::clone(shared), Arc::clone(&slots), connected.clone());
        let (port, key, job) = (ports[index % ports.len()], key.to_owned(), job.to_owned());
        tasks.spawn(async move {
            let permit = slots.acquire().await?;
            let mut stream = Stream::open(port, &key, &job, None).await?;
            if stream.head.status != 200 {
                bail!("a stream was answered with status {}", stream.head.status);
            }
            let mut viewer = Viewer::default();
            while viewer.seq == 0 && stream.read(|item| viewer.apply(item, &shared, index)).await? {}
            drop(permit);
            connected.send(()).await?;
            let watch = async {
                while viewer.seq < last && stream.read(|item| viewer.apply(item, &shared, index)).await? {}
                anyhow::Ok(())
            };
            // A viewer that does not receive the final document in time is not counted in `finals`.
            let limit = async {
                while !shared.over.load(Relaxed) {
                    tokio::time::sleep(SAMPLE_INTERVAL).await;
                }
                tokio::time::sleep(FINAL_DOCUMENT_TIMEOUT).await;
            };
            tokio::select! { watched = watch => watched?, () = limit => {} }
            Ok(viewer)
        });
    }
    drop(connected);
    for _ in 0..count {
        if all_connected.recv().await.is_none() {
            break;
        }
    }
    ready.send(())?;
    let mut viewers = Vec::with_capacity(count);
    while let Some(viewer) = tasks.join_next().await {
        viewers.push(viewer??);
    }
    Ok(viewers)
}

impl Viewer {
    fn apply(&mut self, item: Item, shared: &Shared, index: usize) {
        let seq = match item {
            Item::Document(seq, _) => seq,
            // The ids of a relay are its own, so that the parser finds no document.
            Item::Other(name, data) if name.is_empty() => match serde_json::from_str::<Value>(&data) {
                Ok(report) => seq_of_relayed(report["current"].as_u64().unwrap_or(0)),
                Err(_) => return,
            },
            _ => return,
        };
        self.frames += 1;
        self.seq = seq;
        shared.shown[index].store(seq, Relaxed);
        if let Some(age) = shared.age_ms(seq) {
            self.ages.add(age);
        }
    }
}

/// The number of a relayed report, whose `current` counts from 0: that of a report is never 0.
fn seq_of_relayed(current: u64) -> u64 {
    current + 1
}

/// Samples the age of what every viewer shows until the job has ended.
fn sample_ages(shared: &Shared) -> Sample {
    let mut ages = Sample::default();
    while !shared.over.load(Relaxed) {
        thread::sleep(SAMPLE_INTERVAL);
        for seq in &shared.shown {
            if let Some(age) = shared.age_ms(seq.load(Relaxed)) {
                ages.add(age);
            }
        }
    }
    ages
}
