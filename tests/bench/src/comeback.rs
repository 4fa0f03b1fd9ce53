//! A viewer that reconnects by the rules of the project's own client and records what it has received.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    key::random_below,
    stream::{Item, Stream},
};

/// The milliseconds over which the first attempt to reconnect is spread, and the last.
const SPREAD_MS: (u64, u64) = (500, 30_000);
/// How long a stream may send nothing before the viewer reconnects.
const SILENCE: Duration = Duration::from_secs(45);

/// The server, whose port may change, and the job to watch.
#[derive(Debug)]
pub struct Target {
    /// The port of the server that runs now.
    pub port: AtomicU16,
    /// The credential.
    pub key: String,
    /// The job.
    pub job: String,
}

/// What a viewer has received so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// The `seq` of the newest document.
    pub seq: AtomicU64,
    /// Whether a stream is open and has sent a document.
    pub live: AtomicBool,
    /// Whether the viewer has received the final document.
    pub ended: AtomicBool,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// The message that came with each `seq`.
    messages: HashMap<u64, String>,
    /// The times at which the viewer became live.
    lives: Vec<Instant>,
    /// How long the viewer waited before each attempt to reconnect.
    waits: Vec<Duration>,
    /// Violations of what a viewer may expect.
    violations: Vec<String>,
}

impl Seen {
    /// The times at which the viewer became live.
    pub fn lives(&self) -> Vec<Instant> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).lives.clone()
    }

    /// How long the viewer waited before each attempt to reconnect.
    pub fn waits(&self) -> Vec<Duration> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).waits.clone()
    }

    /// Violations of what a viewer may expect.
    pub fn violations(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).violations.clone()
    }

    /// The message that came with each `seq`.
    pub fn messages(&self) -> HashMap<u64, String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).messages.clone()
    }

    fn apply(&self, seq: u64, data: &str, cursor: &mut Option<String>) {
        let document: Value = serde_json::from_str(data).unwrap_or(Value::Null);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.seq.load(Relaxed);
        if seq < before {
            notes.violations.push(format!("seq went back from {before} to {seq}"));
        }
        let message = document["message"].as_str().unwrap_or_default().to_owned();
        if let Some(other) = notes.messages.insert(seq, message.clone()).filter(|other| *other != message) {
            notes.violations.push(format!("the message of seq {seq} was `{other}` and is `{message}`"));
        }
        self.seq.store(seq, Relaxed);
        if !self.live.swap(true, Relaxed) {
            notes.lives.push(Instant::now());
        }
        if document["status"].as_str().is_some_and(|status| status == "completed") {
            self.ended.store(true, Relaxed);
        }
        *cursor = Some(format!("{}.{seq}", document["epoch"].as_str().unwrap_or_default()));
    }
}

/// Watches until the job has ended; a change of `cut` breaks the connection.
pub async fn watch(target: Arc<Target>, seen: Arc<Seen>, mut cut: watch::Receiver<u64>) {
    let (mut cursor, mut retry_ms, mut failures) = (None, 0, 0);
    while !seen.ended.load(Relaxed) {
        tokio::select! {
            began = follow(&target, &seen, &mut cursor, &mut retry_ms) => if began { failures = 0 },
            changed = cut.changed() => if changed.is_err() { return },
        }
        seen.live.store(false, Relaxed);
        if seen.ended.load(Relaxed) {
            return;
        }
        let spread = SPREAD_MS.0.saturating_mul(1 << failures.min(20)).min(SPREAD_MS.1);
        failures += 1;
        let wait = Duration::from_millis(retry_ms + random_below(spread + 1));
        seen.notes.lock().unwrap_or_else(PoisonError::into_inner).waits.push(wait);
        tokio::time::sleep(wait).await;
    }
}

/// Reads one stream to its end; returns whether it sent a document.
async fn follow(target: &Target, seen: &Seen, cursor: &mut Option<String>, retry_ms: &mut u64) -> bool {
    let Ok(mut stream) = Stream::open(target.port.load(Relaxed), &target.key, &target.job, cursor.as_deref()).await
    else {
        return false;
    };
    let mut began = false;
    loop {
        let next = stream.read(|item| match item {
            Item::Document(seq, data) => {
                began = true;
                seen.apply(seq, &data, cursor);
            }
            Item::Retry(millis) => *retry_ms = millis,
            Item::End | Item::Other(..) | Item::Comment => {}
        });
        match tokio::time::timeout(SILENCE, next).await {
            Ok(Ok(true)) if !seen.ended.load(Relaxed) => {}
            _ => return began,
        }
    }
}
