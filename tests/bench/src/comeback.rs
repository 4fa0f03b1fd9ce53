//! A viewer that comes back: it reconnects by the rules of the project's own client and notes what it has seen.

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
    stream::{Heard, Stream},
};

/// Milliseconds the first try is spread over, and the last.
const SPREAD_MS: (u64, u64) = (500, 30_000);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(45);

/// Where the server is, which may change, and what to watch.
#[derive(Debug)]
pub struct Place {
    /// The port of the server that runs now.
    pub port: AtomicU16,
    /// The credential.
    pub key: String,
    /// The job.
    pub job: String,
}

/// What a viewer has seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// The `seq` of the newest document.
    pub seq: AtomicU64,
    /// Whether a stream is open and has brought a document.
    pub live: AtomicBool,
    /// Whether it has seen the end.
    pub ended: AtomicBool,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// The message that came with each `seq`.
    messages: HashMap<u64, String>,
    /// When it was live again, each time.
    lives: Vec<Instant>,
    /// What should not have been.
    wrongs: Vec<String>,
}

impl Seen {
    /// When it was live again, each time.
    pub fn lives(&self) -> Vec<Instant> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).lives.clone()
    }

    /// What should not have been.
    pub fn wrongs(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).wrongs.clone()
    }

    /// The message that came with each `seq`.
    pub fn messages(&self) -> HashMap<u64, String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).messages.clone()
    }

    fn hear(&self, seq: u64, data: &str, cursor: &mut Option<String>) {
        let document: Value = serde_json::from_str(data).unwrap_or(Value::Null);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.seq.load(Relaxed);
        if seq < before {
            notes.wrongs.push(format!("went back from {before} to {seq}"));
        }
        let message = document["message"].as_str().unwrap_or_default().to_owned();
        if let Some(other) = notes.messages.insert(seq, message.clone()).filter(|other| *other != message) {
            notes.wrongs.push(format!("{seq} was `{other}` and is `{message}`"));
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

/// Watches until the job has ended; a change of `cut` tears the connection.
pub async fn watch(place: Arc<Place>, seen: Arc<Seen>, mut cut: watch::Receiver<u64>) {
    let (mut cursor, mut asked, mut failures) = (None, 0, 0);
    while !seen.ended.load(Relaxed) {
        tokio::select! {
            began = follow(&place, &seen, &mut cursor, &mut asked) => if began { failures = 0 },
            changed = cut.changed() => if changed.is_err() { return },
        }
        seen.live.store(false, Relaxed);
        if seen.ended.load(Relaxed) {
            return;
        }
        let spread = SPREAD_MS.0.saturating_mul(1 << failures.min(20)).min(SPREAD_MS.1);
        failures += 1;
        tokio::time::sleep(Duration::from_millis(asked + random_below(spread + 1))).await;
    }
}

/// Reads one stream to its end; whether it brought anything.
async fn follow(place: &Place, seen: &Seen, cursor: &mut Option<String>, asked: &mut u64) -> bool {
    let Ok(mut stream) = Stream::open(place.port.load(Relaxed), &place.key, &place.job, cursor.as_deref()).await else {
        return false;
    };
    let mut began = false;
    loop {
        let hearing = stream.hear(|heard| match heard {
            Heard::Document(seq, data) => {
                began = true;
                seen.hear(seq, &data, cursor);
            }
            Heard::Retry(millis) => *asked = millis,
            Heard::End | Heard::Other(..) | Heard::Comment => {}
        });
        match tokio::time::timeout(SILENCE, hearing).await {
            Ok(Ok(true)) if !seen.ended.load(Relaxed) => {}
            _ => return began,
        }
    }
}
