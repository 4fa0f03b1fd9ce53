//! Crashes: a runtime that is killed at random times, a producer that keeps a journal of acknowledged reports, and viewers.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    comeback::{self, Seen, Target},
    http::{Producer, get},
    journal::{Acknowledged, Journal},
    key::{Key, fresh_job, random_below},
    process,
    sample::Sample,
    server::{Folder, Kind, Server},
};

/// The number of viewers.
const VIEWERS: usize = 5;
/// How long the server may take to answer a report. It is long because a small machine may be busy.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for the viewers; long enough to measure how long they really take.
const VIEWERS_TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of times that the runtime was killed.
    pub kills: usize,
    /// The number of acknowledged reports.
    pub acknowledged: usize,
    /// Reports that were committed before a crash swallowed their answer, found when they were sent again.
    pub committed_unanswered: usize,
    /// Milliseconds from the runtime's restart until each viewer had the document of that time.
    pub converged: Sample,
    /// The most milliseconds for which other programs kept the server and the viewers from a processor meanwhile.
    pub waited_ms: i64,
    /// Violations of what producers and viewers may expect.
    pub violations: Vec<String>,
}

/// Kills the runtime `kills` times while a job reports and viewers watch.
pub async fn run(kills: usize) -> Result<Outcome> {
    // On a disk, other programs could delay each commit by seconds.
    let (key, folder, job) = (Key::draw()?, Folder::in_memory("crash")?, fresh_job()?);
    let mut server = Server::start(Kind::Ours, &folder, &key)?;
    let mut outcome = Outcome::default();
    let mut journal = Journal::default();
    let mut finished = Vec::new();
    let mut producer = Producer::new(server.port, &key.text, &job);
    report(&mut producer, &mut journal, &mut outcome, None).await?;

    let target = Target { port: server.port.into(), key: key.text.clone(), job: job.clone() };
    let target = Arc::new(target);
    let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
    let (cut, cuts) = watch::channel(0);
    let mut viewers = JoinSet::new();
    for seen in &seen {
        viewers.spawn(comeback::watch(Arc::clone(&target), Arc::clone(seen), cuts.clone()));
    }

    for _ in 0..kills {
        // A job that ends just before the crash: its end must survive all later ones.
        let ended = fresh_job()?;
        let end = json!({"status": "completed", "message": "done"});
        let answer = Producer::new(server.port, &key.text, &ended).report(&end).await?.success()?;
        finished.push((ended, answer.json()["seq"].clone()));

        let kill_at = Instant::now() + Duration::from_millis(100 + random_below(1_200));
        let reporting = async {
            loop {
                report(&mut producer, &mut journal, &mut outcome, None).await?;
            }
        };
        let failed: Result<()> = tokio::select! {
            failed = reporting => failed,
            () = tokio::time::sleep_until(kill_at.into()) => Ok(()),
        };
        failed.context("a report failed before the runtime was killed")?;
        // The report in progress is cut off: whether it was committed is unknown.
        let pending = journal.order() + 1;
        server.crash()?;
        server = Server::start(Kind::Ours, &folder, &key)?;
        target.port.store(server.port, Relaxed);
        producer = Producer::new(server.port, &key.text, &job);
        outcome.kills += 1;
        let back = Instant::now();
        let waited_ms = || anyhow::Ok(process::waited_ms(server.pid)? + process::own_waited_ms()?);
        let waited_before = waited_ms()?;

        let document = get(server.port, &key.text, &format!("/v2/jobs/{job}/status")).await?.success()?.json();
        journal.check(&document, pending, &mut outcome.violations);
        for (job, seq) in &finished {
            let document = get(server.port, &key.text, &format!("/v2/jobs/{job}/status")).await?.success()?.json();
            if document["status"] != "completed" || document["seq"] != *seq {
                outcome.violations.push(format!("{job} ended at {seq}, but its document is {document}"));
            }
        }
        report(&mut producer, &mut journal, &mut outcome, None).await?;
        converge(&seen, journal.seq(), back, &mut outcome).await;
        outcome.waited_ms = outcome.waited_ms.max(waited_ms()? - waited_before);
    }
    report(&mut producer, &mut journal, &mut outcome, Some("completed")).await?;
    let waited = tokio::time::timeout(VIEWERS_TIMEOUT, async { while viewers.join_next().await.is_some() {} }).await;
    if waited.is_err() {
        outcome.violations.push("a viewer did not receive the final document".to_owned());
    }
    for (index, seen) in seen.iter().enumerate() {
        outcome
            .violations
            .extend(seen.violations().into_iter().map(|violation| format!("viewer {index}: {violation}")));
        journal.compare(seen, &mut outcome.violations);
    }
    drop(cut);
    Ok(outcome)
}

/// Sends a report and waits for its answer.
async fn report(
    producer: &mut Producer,
    journal: &mut Journal,
    outcome: &mut Outcome,
    status: Option<&str>,
) -> Result<()> {
    let report = journal.next(status.unwrap_or("running"));
    let answer = producer.report(&report.body);
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await.context("a report was not answered")??;
    match journal.acknowledge(report, &answer.success()?.json(), &mut outcome.violations)? {
        Acknowledged::Now => {}
        Acknowledged::Before => outcome.committed_unanswered += 1,
    }
    outcome.acknowledged += 1;
    Ok(())
}

/// Waits until every viewer has the document that the job had when the runtime was back.
async fn converge(seen: &[Arc<Seen>], seq: u64, back: Instant, outcome: &mut Outcome) {
    for (index, seen) in seen.iter().enumerate() {
        while seen.seq.load(Relaxed) < seq {
            if back.elapsed() > VIEWERS_TIMEOUT {
                outcome.violations.push(format!("viewer {index} did not receive seq {seq}"));
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        outcome.converged.add(back.elapsed().as_secs_f64() * 1000.0);
    }
}

/// Fails with the first violation.
pub fn expect_no_violations(outcome: &Outcome) -> Result<()> {
    match outcome.violations.first() {
        Some(first) => bail!("{} violations, the first: {first}", outcome.violations.len()),
        None => Ok(()),
    }
}

/// The result in one line.
pub fn summary(outcome: &Outcome) -> String {
    format!(
        "{} kills, {} reports acknowledged, {} of them committed before the crash that swallowed their answer; \
         viewers were back after {:.0} ms (half), {:.0} ms (all), of which they and the server waited {} ms for a processor; \
         {} violations",
        outcome.kills,
        outcome.acknowledged,
        outcome.committed_unanswered,
        outcome.converged.percentile(0.5),
        outcome.converged.percentile(1.0),
        outcome.waited_ms,
        outcome.violations.len(),
    )
}
