//! Takeovers: the instance of a cluster that owns a job is killed or stopped again and again, while the job reports through a
//! load balancer, with a journal of acknowledged reports, and viewers watch.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    bucket::Bucket,
    cluster::Cluster,
    comeback::{self, Seen, Target},
    http::{Answer, Producer, get},
    journal::{Acknowledged, Journal},
    key::{Key, fresh_job, random_below},
    sample::Sample,
};

/// The number of instances, and of viewers.
const INSTANCES: usize = 3;
const VIEWERS: usize = 6;
/// How long an instance may take to answer a report; the runtime lets a request wait for an owner for six seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a takeover may take: a busy machine renews leases late.
const TAKEOVER_TIMEOUT: Duration = Duration::from_secs(90);
/// How long to wait for the viewers; long enough to measure how long they really take.
const VIEWERS_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait before a report is sent again.
const RETRY: Duration = Duration::from_millis(50);
/// The heartbeat timeout of the jobs that nobody asks for.
const SILENT_SECONDS: u64 = 5;

/// How the owner ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By SIGKILL.
    Crash,
    /// By SIGTERM.
    Stop,
}

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of times that the owner ended.
    pub ends: usize,
    /// The number of acknowledged reports.
    pub acknowledged: usize,
    /// Reports that were committed before a takeover swallowed their answer, found when they were sent again.
    pub committed_unanswered: usize,
    /// Answers with 503 `OVERLOADED`.
    pub overloaded: usize,
    /// Reports whose connection broke, or that were not answered in time.
    pub unanswered: usize,
    /// Milliseconds from the end of each owner, or from the signal to it, until the next report was acknowledged.
    pub taken_over: Sample,
    /// Milliseconds from then until each viewer had the document of that time.
    pub converged: Sample,
    /// Milliseconds that each instance took to end after SIGTERM.
    pub stopped: Sample,
    /// Milliseconds by which the deadlines of jobs on the ended instances were late.
    pub alarms: Sample,
    /// Violations of what producers and viewers may expect.
    pub violations: Vec<String>,
}

struct Run {
    producer: Producer,
    journal: Journal,
    outcome: Outcome,
}

/// Ends the owner of a job `ends` times. The data of the instances is in `folder`, whose name is their prefix in the bucket;
/// `divisor` is that of [`Cluster::start`].
pub async fn run(bucket: &Bucket, folder: &Path, end: End, ends: usize, divisor: u32) -> Result<Outcome> {
    let (key, job) = (Key::draw()?, fresh_job()?);
    let mut cluster = Cluster::start(bucket, folder, &key, INSTANCES, divisor).await?;
    let port = cluster.balancer.port;
    let producer = Producer::new(port, &key.text, &job);
    let mut run = Run { producer, journal: Journal::default(), outcome: Outcome::default() };
    run.report("running").await?;

    let target = Arc::new(Target { port: port.into(), key: key.text.clone(), job: job.clone() });
    let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
    let (cut, cuts) = watch::channel(0);
    let mut viewers = JoinSet::new();
    for seen in &seen {
        viewers.spawn(comeback::watch(Arc::clone(&target), Arc::clone(seen), cuts.clone()));
    }

    let mut silent = Vec::new();
    for _ in 0..ends {
        let before = cluster.reports().await?;
        run.report_during(sleep(Duration::from_millis(200 + random_below(800)))).await?;
        let owner = cluster.owner(&before).await?;
        // A job on the same instance, which nobody asks for until its deadline has passed.
        let name = fresh_job()?;
        let body = json!({"status": "running", "heartbeatTimeoutSeconds": SILENT_SECONDS});
        Producer::new(cluster.instances[owner].port, &key.text, &name).report(&body).await?.success()?;
        silent.push(name);

        // The job reports meanwhile, so that the end comes at any point of a report.
        match end {
            End::Crash => {
                run.report_during(sleep(Duration::from_millis(random_below(100)))).await?;
                cluster.instances[owner].crash()?;
            }
            End::Stop => {
                cluster.instances[owner].terminate()?;
                // It ends after more than four seconds. Then the runtime closes connections on which a report can be on its way.
                let (ended, reported) =
                    tokio::join!(cluster.await_end(owner), run.report_during(sleep(Duration::from_secs(4))));
                reported?;
                run.outcome.stopped.add(ended?.as_secs_f64() * 1000.0);
            }
        }
        let ended = Instant::now();
        run.outcome.ends += 1;
        run.report("running").await?;
        run.outcome.taken_over.add(ended.elapsed().as_secs_f64() * 1000.0);
        let document = run.read(port, &key, &format!("/v2/jobs/{job}/status")).await?;
        run.journal.check(&document, run.journal.order(), &mut run.outcome.violations);
        run.report_during(cluster.restart(owner)).await??;
        run.converge(&seen).await;
    }
    run.check_deadlines(port, &key, &silent).await?;
    // The order of the report that was cut off last may be used, so the end is not the next report.
    run.report("running").await?;
    run.report("completed").await?;
    let waited = timeout(VIEWERS_TIMEOUT, async { while viewers.join_next().await.is_some() {} }).await;
    if waited.is_err() {
        for (index, seen) in seen.iter().enumerate().filter(|(_, seen)| !seen.ended.load(Relaxed)) {
            let (seq, last) = (seen.seq.load(Relaxed), run.journal.seq());
            let how = if seen.live.load(Relaxed) { "has an open stream" } else { "has no stream" };
            run.outcome.violations.push(format!("viewer {index} {how} and shows seq {seq}, not the final one, {last}"));
        }
    }
    for (index, seen) in seen.iter().enumerate() {
        let violations = seen.violations().into_iter().map(|violation| format!("viewer {index}: {violation}"));
        run.outcome.violations.extend(violations);
        run.journal.compare(seen, &mut run.outcome.violations);
    }
    drop(cut);
    Ok(run.outcome)
}

impl Run {
    /// Sends the next report until it is acknowledged.
    async fn report(&mut self, status: &str) -> Result<()> {
        let began = Instant::now();
        let report = self.journal.next(status);
        loop {
            match timeout(ANSWER_TIMEOUT, self.producer.report(&report.body)).await {
                Ok(Ok(answer)) if answer.head.status < 300 => {
                    let answer = answer.json();
                    let acknowledged = self.journal.acknowledge(report, &answer, &mut self.outcome.violations)?;
                    self.outcome.committed_unanswered += usize::from(acknowledged == Acknowledged::Before);
                    self.outcome.acknowledged += 1;
                    return Ok(());
                }
                Ok(Ok(answer)) => {
                    if is_overloaded(&answer) && answer.head.header("retry-after").is_some() {
                        self.outcome.overloaded += 1;
                    } else {
                        self.outcome.violations.push(format!("a report was answered with {answer:?}"));
                    }
                }
                Ok(Err(_)) | Err(_) => self.outcome.unanswered += 1,
            }
            if began.elapsed() > TAKEOVER_TIMEOUT {
                bail!("a report was not acknowledged within {TAKEOVER_TIMEOUT:?}: {:?}", self.outcome);
            }
            sleep(RETRY).await;
        }
    }

    /// Reads a document. The instance that the load balancer chooses may learn later than the others who owns the job now.
    async fn read(&mut self, port: u16, key: &Key, path: &str) -> Result<Value> {
        let began = Instant::now();
        loop {
            let answer = get(port, &key.text, path).await?;
            if !is_overloaded(&answer) {
                return Ok(answer.success()?.json());
            }
            self.outcome.overloaded += 1;
            if began.elapsed() > TAKEOVER_TIMEOUT {
                bail!("{path} was not read within {TAKEOVER_TIMEOUT:?}: {answer:?}");
            }
            sleep(RETRY).await;
        }
    }

    /// Reports until `work` is done; the last report is cut off, so that the next one does not know whether it was committed.
    async fn report_during<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let reporting = async {
            loop {
                self.report("running").await?;
            }
        };
        tokio::select! {
            failed = reporting => failed,
            done = work => Ok(done),
        }
    }

    /// Waits until every viewer has the document that the job has now.
    async fn converge(&mut self, seen: &[Arc<Seen>]) {
        let (began, seq) = (Instant::now(), self.journal.seq());
        for (index, seen) in seen.iter().enumerate() {
            while seen.seq.load(Relaxed) < seq {
                if began.elapsed() > VIEWERS_TIMEOUT {
                    self.outcome.violations.push(format!("viewer {index} did not receive seq {seq}"));
                    break;
                }
                sleep(Duration::from_millis(5)).await;
            }
            self.outcome.converged.add(began.elapsed().as_secs_f64() * 1000.0);
        }
    }

    /// Checks that the jobs which nobody asked for have ended, and when.
    async fn check_deadlines(&mut self, port: u16, key: &Key, jobs: &[String]) -> Result<()> {
        for job in jobs {
            let (mut document, began) = (json!(null), Instant::now());
            while document["executionTime"].is_null() {
                if began.elapsed() > TAKEOVER_TIMEOUT {
                    bail!("{job} is silent, and has not ended within {TAKEOVER_TIMEOUT:?}: {document}");
                }
                document = self.read(port, key, &format!("/v2/jobs/{job}/status?wait=30")).await?;
            }
            if document["error"]["code"] != "HEARTBEAT_TIMEOUT" {
                self.outcome.violations.push(format!("{job} is silent, and its document is {document}"));
            }
            let took = document["executionTime"].as_f64().context("no execution time")?;
            self.outcome.alarms.add((took - SILENT_SECONDS as f64) * 1000.0);
        }
        Ok(())
    }
}

/// Whether the caller should retry, because nobody owns the job at the moment.
fn is_overloaded(answer: &Answer) -> bool {
    answer.head.status == 503 && answer.json()["error"] == "OVERLOADED"
}

/// The result in one line.
pub fn summary(outcome: &Outcome) -> String {
    let half_and_all = |sample: &Sample| format!("{:.0} / {:.0} ms", sample.percentile(0.5), sample.percentile(1.0));
    format!(
        "{} ends of the owner, {} reports acknowledged, {} of them committed before an answer was lost; {} answers OVERLOADED, \
         {} requests without an answer; half / all: taken over after {}, viewers converged after {}, instances ended after {}, \
         deadlines late by {}; {} violations",
        outcome.ends,
        outcome.acknowledged,
        outcome.committed_unanswered,
        outcome.overloaded,
        outcome.unanswered,
        half_and_all(&outcome.taken_over),
        half_and_all(&outcome.converged),
        half_and_all(&outcome.stopped),
        half_and_all(&outcome.alarms),
        outcome.violations.len(),
    )
}

/// Fails with the first violation.
pub fn expect_no_violations(outcome: &Outcome) -> Result<()> {
    match outcome.violations.first() {
        Some(first) => bail!("{} violations, the first: {first}", outcome.violations.len()),
        None => Ok(()),
    }
}
