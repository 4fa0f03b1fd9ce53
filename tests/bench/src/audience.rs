//! An audience: many viewers of one job and its producer, and what the viewers got to see.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::{runtime::Builder, sync::Semaphore, task::JoinSet};

use crate::{
    http::Producer,
    sample::Sample,
    server::Server,
    stream::{Heard, Stream},
};

/// Connections that may be opening at a time.
const OPENING: usize = 64;
/// How often it is looked at what the viewers see.
const LOOK: Duration = Duration::from_millis(20);
/// How long viewers may take to get the final document.
const PATIENCE: Duration = Duration::from_secs(30);

/// How hard the audience is on the server.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many watch.
    pub viewers: usize,
    /// How often a second the job reports.
    pub rate: f64,
    /// For how long.
    pub seconds: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Milliseconds from a report to the arrival of a frame that tells it, for every frame.
    pub arrival: Sample,
    /// Milliseconds since what a viewer shows was reported, looked at all the time.
    pub screen: Sample,
    /// Processor seconds of the runtime.
    pub cpu_seconds: f64,
    /// Megabytes of the runtime at the end.
    pub memory_mb: f64,
    /// Documents that arrived.
    pub frames: u64,
    /// Reports that were answered.
    pub reports: u64,
    /// Viewers that ended on the final document.
    pub finals: usize,
}

/// What producer, viewers and the onlooker share.
struct Show {
    start: Instant,
    /// When each `seq` was reported, in microseconds from the start.
    reported: Vec<AtomicU64>,
    /// The `seq` each viewer shows.
    shown: Vec<AtomicU64>,
    over: AtomicBool,
}

impl Show {
    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn age_ms(&self, seq: u64) -> Option<f64> {
        let reported = self.reported.get(usize::try_from(seq).ok()?)?.load(Relaxed);
        (reported > 0).then(|| self.micros().saturating_sub(reported) as f64 / 1000.0)
    }
}

/// Plays to an audience.
pub fn play(server: &Server, key: &str, job: &str, load: Load) -> Result<Figures> {
    let reports = (load.rate * load.seconds).round() as u64;
    let atomics = |count: usize| (0..count).map(|_| AtomicU64::new(0)).collect();
    let show = Arc::new(Show {
        start: Instant::now(),
        // Whoever made the job before may have reported a little.
        reported: atomics(usize::try_from(reports)? + 100),
        shown: atomics(load.viewers),
        over: AtomicBool::new(false),
    });
    let port = server.port;
    let mut producer = Producer::new(port, key, job);
    let producing = Builder::new_current_thread().enable_all().build()?;
    let first = json!({"status": "running", "current": 0, "total": reports});
    let first = producing.block_on(producer.report(&first))?.success()?.json();
    let first = first["seq"].as_u64().context("no seq")?;
    let last = first + reports;

    let (ready, seated) = std::sync::mpsc::channel();
    let watching = {
        let (show, key, job) = (Arc::clone(&show), key.to_owned(), job.to_owned());
        thread::spawn(move || -> Result<Vec<Viewer>> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(seat_all(port, &key, &job, &show, load.viewers, last, ready))
        })
    };
    if seated.recv().is_err() {
        let error = watching.join().ok().and_then(Result::err);
        return Err(error.unwrap_or_else(|| anyhow::anyhow!("no viewer could be seated")));
    }
    let looking = {
        let show = Arc::clone(&show);
        thread::spawn(move || look(&show))
    };
    let cpu_before = server.cpu_seconds()?;
    producing.block_on(async {
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / load.rate));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 1..=reports {
            ticks.tick().await;
            let status = if number == reports { "completed" } else { "running" };
            show.reported[usize::try_from(first + number)?].store(show.micros(), Relaxed);
            let report =
                json!({"status": status, "current": number, "message": "Processing one batch after the other"});
            producer.report(&report).await?.success()?;
        }
        anyhow::Ok(())
    })?;
    show.over.store(true, Relaxed);
    let screen = looking.join().ok().context("the onlooker is gone")?;
    let viewers = watching.join().ok().context("the viewers are gone")??;
    let mut figures = Figures {
        arrival: Sample::default(),
        screen,
        cpu_seconds: server.cpu_seconds()? - cpu_before,
        memory_mb: server.memory_mb()?,
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

async fn seat_all(
    port: u16,
    key: &str,
    job: &str,
    show: &Arc<Show>,
    count: usize,
    last: u64,
    ready: std::sync::mpsc::Sender<()>,
) -> Result<Vec<Viewer>> {
    let doors = Arc::new(Semaphore::new(OPENING));
    let (seated, mut all_seated) = tokio::sync::mpsc::channel(count.max(1));
    let mut tasks = JoinSet::new();
    for index in 0..count {
        let (show, doors, seated) = (Arc::clone(show), Arc::clone(&doors), seated.clone());
        let (key, job) = (key.to_owned(), job.to_owned());
        tasks.spawn(async move {
            let permit = doors.acquire().await?;
            let mut stream = Stream::open(port, &key, &job, None).await?;
            if stream.head.status != 200 {
                bail!("a stream was answered {}", stream.head.status);
            }
            let mut viewer = Viewer::default();
            while viewer.seq == 0 && stream.hear(|heard| viewer.hear(heard, &show, index)).await? {}
            drop(permit);
            seated.send(()).await?;
            let watch = async {
                while viewer.seq < last && stream.hear(|heard| viewer.hear(heard, &show, index)).await? {}
                anyhow::Ok(())
            };
            // Whoever does not get the final document in time is counted by its absence.
            let limit = async {
                while !show.over.load(Relaxed) {
                    tokio::time::sleep(LOOK).await;
                }
                tokio::time::sleep(PATIENCE).await;
            };
            tokio::select! { watched = watch => watched?, () = limit => {} }
            Ok(viewer)
        });
    }
    drop(seated);
    for _ in 0..count {
        if all_seated.recv().await.is_none() {
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
    fn hear(&mut self, heard: Heard, show: &Show, index: usize) {
        let Heard::Document(seq, _) = heard else { return };
        self.frames += 1;
        self.seq = seq;
        show.shown[index].store(seq, Relaxed);
        if let Some(age) = show.age_ms(seq) {
            self.ages.add(age);
        }
    }
}

/// Looks at what every viewer shows, as long as the job reports.
fn look(show: &Show) -> Sample {
    let mut ages = Sample::default();
    while !show.over.load(Relaxed) {
        thread::sleep(LOOK);
        for seq in &show.shown {
            if let Some(age) = show.age_ms(seq.load(Relaxed)) {
                ages.add(age);
            }
        }
    }
    ages
}
