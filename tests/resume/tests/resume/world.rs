//! The world: storage, object, relay and viewer, and every step that they can take.

use std::collections::VecDeque;

use engine::{
    chunk::Chunk,
    frame::Kind,
    job_queue::{DocumentId, JobQueue},
};

use crate::{
    script::{Frame, JOB, Script},
    step::{Faults, Mutant, Step},
    viewer::Viewer,
};

/// Bytes in the relay.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bytes(Frame);

impl Chunk for Bytes {
    fn from_bytes(bytes: &[u8]) -> Bytes {
        Bytes(bytes.into())
    }
    fn size(&self) -> usize {
        self.0.len()
    }
    fn rest_after(&self, skip: usize) -> Bytes {
        Bytes(self.0[skip..].into())
    }
    fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// One stream, from the object's socket to the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stream {
    /// The frames that the object has sent and the relay has not received yet.
    socket: VecDeque<Frame>,
    queue: JobQueue<Bytes>,
    /// The bytes that the relay has written and the viewer has not read yet; the relay writes no more meanwhile.
    chunk: Option<Vec<u8>>,
    /// The commit at which the viewer subscribed, if a broadcast was pending then and still is.
    initial: Option<usize>,
}

/// The whole state.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct World {
    /// The last commit in storage.
    disk: usize,
    /// The first commit that the object in memory has not broadcast yet.
    pending: Option<usize>,
    /// The object has broadcast a commit that is not in storage yet; only a mutant does that.
    uncommitted: bool,
    /// The commit that the object has read for a viewer whose socket it has not accepted yet; only a mutant does that.
    reading: Option<usize>,
    stream: Option<Stream>,
    /// The number of sockets whose relay has not noticed yet that its viewer has left.
    lingering: u8,
    viewer: Viewer,
    faults: Faults,
}

impl World {
    /// The world after the creation of the job, before its viewer has connected.
    pub(crate) fn new(faults: Faults) -> World {
        World {
            disk: 0,
            pending: None,
            uncommitted: false,
            reading: None,
            stream: None,
            lingering: 0,
            viewer: Viewer::new(JOB),
            faults,
        }
    }

    /// All possible steps. Without faults the world reaches a final state, in which there is none.
    pub(crate) fn steps(&self, script: &Script, mutant: Option<Mutant>) -> Vec<Step> {
        let mut steps = Vec::new();
        let is_dead = self.stream.is_none();
        if self.uncommitted {
            steps.push(Step::Commit);
        } else if self.disk < script.last() {
            steps.push(Step::ReportAndBroadcast);
            // A new status waits too if many were sent before.
            if mutant != Some(Mutant::BroadcastsBeforeCommitting) {
                steps.push(Step::ReportAndWait);
            }
        }
        if self.pending.is_some() {
            steps.push(Step::Timer);
        }
        if is_dead && !self.viewer.done {
            match (mutant, self.reading) {
                (Some(Mutant::SubscribesAfterReading), None) => steps.push(Step::ReadFirst),
                (Some(Mutant::SubscribesAfterReading), Some(_)) => steps.push(Step::AcceptThen),
                _ => steps.push(Step::Connect),
            }
        }
        if let Some(stream) = &self.stream {
            if !stream.socket.is_empty() {
                steps.push(Step::Relay);
            }
            if stream.chunk.is_some() {
                steps.push(Step::Read);
            }
            if self.faults.cuts > 0 {
                let size = stream.chunk.as_ref().map_or(0, Vec::len);
                steps.push(Step::Cut(0));
                if size > 0 {
                    // Within the chunk, and just before the line feed that completes its last frame.
                    steps.extend([Step::Cut(size / 2), Step::Cut(size - 1)]);
                }
            }
        }
        if self.lingering > 0 {
            steps.push(Step::Drop);
        }
        // While a broadcast is pending a timer is set, and with a timer an object stays in memory.
        if self.faults.sleeps > 0 && (self.pending.is_none() || mutant == Some(Mutant::SleepsWithPendingBroadcast)) {
            steps.push(Step::Sleep);
        }
        if self.faults.restarts > 0 {
            steps.push(Step::Restart);
        }
        steps
    }

    /// Takes a step; fails with the promise that it breaks.
    pub(crate) fn apply(&mut self, step: Step, script: &Script, mutant: Option<Mutant>) -> Result<(), String> {
        match step {
            Step::ReportAndBroadcast | Step::ReportAndWait => {
                let commit = self.disk + 1;
                if mutant == Some(Mutant::BroadcastsBeforeCommitting) {
                    self.broadcast(script, commit, commit, mutant);
                    self.uncommitted = true;
                    return Ok(());
                }
                self.disk = commit;
                if self.stream.is_none() && self.lingering == 0 {
                    return Ok(());
                }
                self.pending.get_or_insert(commit);
                if step == Step::ReportAndBroadcast {
                    self.flush(script, mutant);
                }
            }
            Step::Commit => {
                self.disk += 1;
                self.uncommitted = false;
            }
            Step::Timer => self.flush(script, mutant),
            Step::Connect => self.accept(script, self.disk, mutant)?,
            Step::ReadFirst => {
                self.flush(script, mutant);
                self.reading = Some(self.disk);
            }
            Step::AcceptThen => {
                let commit = self.reading.take().unwrap_or(self.disk);
                self.accept(script, commit, mutant)?;
            }
            Step::Relay => self.relay(),
            Step::Read => self.read()?,
            Step::Cut(bytes) => {
                self.faults.cuts -= 1;
                let stream = self.stream.take();
                self.lingering += 1;
                if let Some(chunk) = stream.and_then(|stream| stream.chunk) {
                    self.viewer.on_bytes(&chunk[..bytes])?;
                }
                self.viewer.on_end(false)?;
            }
            Step::Drop => self.lingering -= 1,
            Step::Sleep => {
                self.faults.sleeps -= 1;
                self.pending = None;
                if let Some(stream) = &mut self.stream {
                    stream.initial = None;
                }
                self.reading = None;
            }
            Step::Restart => {
                self.faults.restarts -= 1;
                (self.pending, self.reading) = (None, None);
                self.uncommitted = false;
                self.lingering = 0;
                if self.stream.take().is_some() {
                    self.viewer.on_end(false)?;
                }
            }
        }
        self.check(script)
    }

    /// Checks what must hold in a final state.
    pub(crate) fn check_final(&self, script: &Script) -> Result<(), String> {
        let newest = script.jobs[script.last()].document.cursor();
        if self.viewer.newest.as_ref() != Some(&newest) {
            return Err(format!("the viewer does not end on the newest document {newest} but is {:?}", self.viewer));
        }
        if script.has_ended(script.last()) && !self.viewer.done {
            return Err("the viewer still waits after the end".to_owned());
        }
        self.check_lines(script.last(), script)
    }

    /// Checks what must hold in every state.
    fn check(&self, script: &Script) -> Result<(), String> {
        let Some(newest) = &self.viewer.newest else { return Ok(()) };
        let commit = script.jobs.iter().position(|job| job.document.cursor() == *newest);
        let commit = commit.ok_or("the viewer has a document that was never made")?;
        if commit > self.disk {
            return Err(format!("the viewer has {newest}, which was never committed"));
        }
        self.check_lines(commit, script)
    }

    /// A viewer with a document has all log lines up to it.
    fn check_lines(&self, commit: usize, script: &Script) -> Result<(), String> {
        let wanted = script.lines_of_job(commit).iter().flatten().fold(0, |lines, line| lines | 1 << line.number);
        if self.viewer.lines & wanted == wanted {
            return Ok(());
        }
        Err(format!("the viewer lacks lines: it has {:b} of {wanted:b}", self.viewer.lines))
    }

    fn flush(&mut self, script: &Script, mutant: Option<Mutant>) {
        if let Some(first) = self.pending.take() {
            self.broadcast(script, first, self.disk, mutant);
        }
    }

    fn broadcast(&mut self, script: &Script, first: usize, last: usize, mutant: Option<Mutant>) {
        let Some(stream) = &mut self.stream else { return };
        let mut frames = script.broadcast(first, last, stream.initial.take());
        if mutant == Some(Mutant::SendsLinesAfterTheirDocument) && !frames.is_empty() {
            frames.rotate_left(1);
        }
        stream.socket.extend(frames);
    }

    fn accept(&mut self, script: &Script, commit: usize, mutant: Option<Mutant>) -> Result<(), String> {
        let mut frames = script.initial_frames(commit, self.viewer.cursor.as_ref());
        if mutant == Some(Mutant::TreatsSentAsReceived) && self.viewer.newest.is_some() {
            frames.remove(0);
        }
        let initial = self.pending.map(|_| commit);
        let queue = JobQueue::new(JOB, DocumentId::Strip);
        self.stream = Some(Stream { socket: frames.into(), queue, chunk: None, initial });
        self.viewer.on_begin()
    }

    fn relay(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        let Some(frame) = stream.socket.pop_front() else { return };
        if let Some((kind, head)) = Kind::read(&frame) {
            stream.queue.push(&kind, Bytes(frame[head..].into()));
        }
        stream.write();
    }

    fn read(&mut self) -> Result<(), String> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let chunk = stream.chunk.take().unwrap_or_default();
        stream.write();
        let is_complete = stream.chunk.is_none() && stream.queue.has_ended();
        self.viewer.on_bytes(&chunk)?;
        if is_complete {
            self.stream = None;
            self.viewer.on_end(true)?;
        } else if self.viewer.done {
            // The viewer knows from the document that the job has ended, and disconnects.
            self.stream = None;
            self.lingering += 1;
        }
        Ok(())
    }
}

impl Stream {
    fn write(&mut self) {
        if self.chunk.is_some() {
            return;
        }
        let mut chunk = Vec::new();
        self.queue.drain(|bytes| chunk.extend_from_slice(&bytes.0));
        self.queue.drain_final_frame(Some("end"), |bytes| chunk.extend_from_slice(&bytes.0));
        self.chunk = (!chunk.is_empty()).then_some(chunk);
    }
}
