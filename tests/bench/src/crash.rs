//! Crashes: a runtime that is killed at random moments, a producer that journals what was acknowledged, and viewers.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    comeback::{self, Place, Seen},
    http::{Producer, get},
    key::{Key, fresh_job, random_below},
    sample::Sample,
    server::{Folder, Kind, Server},
};

/// How many watch.
const VIEWERS: usize = 5;
/// How long a report may take before it is sent again.
const ANSWER: Duration = Duration::from_secs(5);
/// How long viewers are waited for, to find out how long they really take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often the runtime was killed.
    pub kills: usize,
    /// How many reports were acknowledged.
    pub acknowledged: usize,
    /// Reports that were sent again, as nobody knew what had become of them, and had been committed.
    pub committed_unheard: usize,
    /// Milliseconds from the runtime's return until each viewer showed what it knew.
    pub converged: Sample,
    /// What should not have been.
    pub wrongs: Vec<String>,
}

/// What was acknowledged.
#[derive(Debug, Default)]
struct Journal {
    /// The last `seq`, and the last `order`.
    seq: u64,
    order: u64,
    /// The message that was sent with the report that became each `seq`.
    messages: HashMap<u64, String>,
}

/// Kills the runtime so many times.
pub async fn run(kills: usize) -> Result<Outcome> {
    let (key, folder, job) = (Key::draw()?, Folder::new("crash")?, fresh_job()?);
    let mut server = Server::start(Kind::Ours, &folder, &key)?;
    let mut outcome = Outcome::default();
    let mut journal = Journal::default();
    let mut finished = Vec::new();
    let mut producer = Producer::new(server.port, &key.text, &job);
    report(&mut producer, &mut journal, &mut outcome, None).await?;

    let place = Place { port: server.port.into(), key: key.text.clone(), job: job.clone() };
    let place = Arc::new(place);
    let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
    let (cut, cuts) = watch::channel(0);
    let mut viewers = JoinSet::new();
    for seen in &seen {
        viewers.spawn(comeback::watch(Arc::clone(&place), Arc::clone(seen), cuts.clone()));
    }

    for _ in 0..kills {
        // A job that ends just before: its end must outlive everything.
        let ended = fresh_job()?;
        let end = json!({"status": "completed", "message": "done"});
        let answer = Producer::new(server.port, &key.text, &ended).report(&end).await?.success()?;
        finished.push((ended, answer.json()["seq"].clone()));

        let moment = Instant::now() + Duration::from_millis(100 + random_below(1_200));
        let reporting = async {
            loop {
                report(&mut producer, &mut journal, &mut outcome, None).await?;
            }
        };
        let broken: Result<()> = tokio::select! {
            broken = reporting => broken,
            () = tokio::time::sleep_until(moment.into()) => Ok(()),
        };
        broken.context("the runtime broke by itself")?;
        // What is under way now is cut: nobody knows whether it was heard.
        let pending = journal.order + 1;
        server.crash()?;
        server = Server::start(Kind::Ours, &folder, &key)?;
        place.port.store(server.port, Relaxed);
        producer = Producer::new(server.port, &key.text, &job);
        outcome.kills += 1;
        let back = Instant::now();

        let document = get(server.port, &key.text, &format!("/v2/jobs/{job}/status")).await?.success()?.json();
        judge(&document, &journal, pending, &mut outcome);
        for (job, seq) in &finished {
            let document = get(server.port, &key.text, &format!("/v2/jobs/{job}/status")).await?.success()?.json();
            if document["status"] != "completed" || document["seq"] != *seq {
                outcome.wrongs.push(format!("{job} ended at {seq} and is {document}"));
            }
        }
        report(&mut producer, &mut journal, &mut outcome, None).await?;
        converge(&seen, journal.seq, back, &mut outcome).await;
    }
    report(&mut producer, &mut journal, &mut outcome, Some("completed")).await?;
    let waited = tokio::time::timeout(PATIENCE, async { while viewers.join_next().await.is_some() {} }).await;
    if waited.is_err() {
        outcome.wrongs.push("a viewer did not see the end".to_owned());
    }
    for (index, seen) in seen.iter().enumerate() {
        outcome.wrongs.extend(seen.wrongs().into_iter().map(|wrong| format!("viewer {index}: {wrong}")));
        for (seq, message) in seen.messages() {
            if let Some(sent) = journal.messages.get(&seq).filter(|sent| **sent != message) {
                outcome.wrongs.push(format!("{seq} was acknowledged as `{sent}` and shown as `{message}`"));
            }
        }
    }
    drop(cut);
    Ok(outcome)
}

/// Reports until it is acknowledged. Every try has words of its own, so that a `seq` that is used twice shows.
async fn report(
    producer: &mut Producer,
    journal: &mut Journal,
    outcome: &mut Outcome,
    status: Option<&str>,
) -> Result<()> {
    let order = journal.order + 1;
    let message = format!("{order} {}", random_below(u64::MAX));
    let mut body = json!({"order": order, "current": order, "status": "running", "message": message});
    if let Some(status) = status {
        body["status"] = status.into();
    }
    let answer = tokio::time::timeout(ANSWER, producer.report(&body)).await.context("a report was not answered")??;
    let answer = answer.success()?.json();
    let seq = answer["seq"].as_u64().context("no seq")?;
    if answer["accepted"] == true {
        if seq != journal.seq + 1 && journal.seq != 0 {
            // The one in between was committed though nobody heard of it.
            outcome.wrongs.push(format!("{seq} follows {}", journal.seq));
        }
        if let Some(other) = journal.messages.insert(seq, message) {
            outcome.wrongs.push(format!("{seq} was used twice, first for `{other}`"));
        }
    } else {
        outcome.committed_unheard += 1;
    }
    (journal.order, journal.seq) = (order, seq);
    outcome.acknowledged += 1;
    Ok(())
}

/// Compares what is there after a crash with what was acknowledged.
fn judge(document: &Value, journal: &Journal, pending: u64, outcome: &mut Outcome) {
    let (seq, current) = (document["seq"].as_u64().unwrap_or(0), document["current"].as_u64().unwrap_or(0));
    if seq < journal.seq || seq > journal.seq + 1 {
        outcome.wrongs.push(format!("{} was acknowledged, {seq} is there", journal.seq));
    }
    if current < journal.order || current > pending {
        outcome.wrongs.push(format!("report {} was acknowledged, {current} is there", journal.order));
    }
}

/// Waits until every viewer shows what was known when the runtime came back.
async fn converge(seen: &[Arc<Seen>], seq: u64, back: Instant, outcome: &mut Outcome) {
    for (index, seen) in seen.iter().enumerate() {
        while seen.seq.load(Relaxed) < seq {
            if back.elapsed() > PATIENCE {
                outcome.wrongs.push(format!("viewer {index} did not converge on {seq}"));
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        outcome.converged.add(back.elapsed().as_secs_f64() * 1000.0);
    }
}

/// Fails with the first thing that should not have been.
pub fn expect_nothing_wrong(outcome: &Outcome) -> Result<()> {
    match outcome.wrongs.first() {
        Some(first) => bail!("{} things are wrong, the first: {first}", outcome.wrongs.len()),
        None => Ok(()),
    }
}

/// What came of it, in a line.
pub fn summary(outcome: &Outcome) -> String {
    format!(
        "{} kills, {} reports acknowledged, {} of them committed before the crash that swallowed their answer; \
         viewers were back after {:.0} ms (half), {:.0} ms (all); {} things wrong",
        outcome.kills,
        outcome.acknowledged,
        outcome.committed_unheard,
        outcome.converged.percentile(0.5),
        outcome.converged.percentile(1.0),
        outcome.wrongs.len(),
    )
}
