//! The world: storage, object, relay, viewer, and every single thing that can happen to them next.

use std::collections::VecDeque;

use engine::{
    frame::Kind,
    job_queue::{Chunk, DocumentId, JobQueue},
};

use crate::{
    script::{Frame, JOB, Script},
    viewer::Viewer,
};

/// A way to write it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The object reads, then waits for something, then accepts the socket and sends what it read.
    SubscribesAfterReading,
    /// The object tells before it has written.
    BroadcastsBeforeCommitting,
    /// The object may leave memory while news wait in it.
    SleepsOnNews,
    /// A broadcast tells the document first and its lines after it.
    TellsLinesAfterTheirDocument,
    /// The object takes what it has sent for what was read, and repeats no lines to who comes back.
    TrustsWhatWasSent,
}

/// How often what may still break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Connections cut, before, within or after a frame.
    pub(crate) cuts: u8,
    /// Times that the object leaves memory, its sockets staying open.
    pub(crate) sleeps: u8,
    /// Times that everything but storage is lost.
    pub(crate) restarts: u8,
}

/// Bytes in a relay.
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
}

/// One stream, from the object's socket to the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stream {
    /// What the object has sent and the relay has not heard yet.
    socket: VecDeque<Frame>,
    queue: JobQueue<Bytes>,
    /// What the relay has written and the viewer has not read yet; nothing more is written meanwhile.
    chunk: Option<Vec<u8>>,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct World {
    /// The last commit in storage.
    disk: usize,
    /// The object is in memory, and this is the first commit it has not told yet.
    waiting: Option<usize>,
    /// The object has told a commit that is not in storage yet; only a mutant does that.
    uncommitted: bool,
    /// The object has read this commit for a comer that it has not accepted yet; only a mutant does that.
    reading: Option<usize>,
    stream: Option<Stream>,
    /// Sockets whose relay does not know yet that its viewer is gone.
    lingering: u8,
    viewer: Viewer,
    faults: Faults,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The producer reports, and the change goes out at once.
    ReportAndTell,
    /// The producer reports, and the change waits for the timer.
    ReportAndWait,
    /// What was told is written.
    Commit,
    /// The timer fires.
    Timer,
    /// The viewer connects: the object accepts the socket, reads, sends, with nothing in between.
    Connect,
    /// The object reads for a comer.
    ReadFirst,
    /// It accepts the socket of that comer.
    AcceptThen,
    /// A frame gets from the object to the relay, which writes unless a write is under way.
    Hear,
    /// The viewer reads what was written; the relay writes what has come meanwhile.
    Read,
    /// The connection breaks and the viewer has read so many bytes of what was written.
    Cut(usize),
    /// A relay notices that its viewer is gone.
    Drop,
    /// The object leaves memory.
    Sleep,
    /// Everything is killed and started again.
    Restart,
}

impl World {
    /// A job was made, and nobody watches yet.
    pub(crate) fn new(faults: Faults) -> World {
        World {
            disk: 0,
            waiting: None,
            uncommitted: false,
            reading: None,
            stream: None,
            lingering: 0,
            viewer: Viewer::new(JOB),
            faults,
        }
    }

    /// All that can happen next. Without faults the world comes to rest: then nothing can.
    pub(crate) fn steps(&self, script: &Script, mutant: Option<Mutant>) -> Vec<Step> {
        let mut steps = Vec::new();
        let is_dead = self.stream.is_none();
        if self.uncommitted {
            steps.push(Step::Commit);
        } else if self.disk < script.last() {
            steps.push(Step::ReportAndTell);
            if !script.is_urgent(self.disk + 1) && mutant != Some(Mutant::BroadcastsBeforeCommitting) {
                steps.push(Step::ReportAndWait);
            }
        }
        if self.waiting.is_some() {
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
                steps.push(Step::Hear);
            }
            if stream.chunk.is_some() {
                steps.push(Step::Read);
            }
            if self.faults.cuts > 0 {
                let size = stream.chunk.as_ref().map_or(0, Vec::len);
                steps.push(Step::Cut(0));
                if size > 0 {
                    // Within it, and just before the line feed that makes its last frame whole.
                    steps.extend([Step::Cut(size / 2), Step::Cut(size - 1)]);
                }
            }
        }
        if self.lingering > 0 {
            steps.push(Step::Drop);
        }
        // While news wait a timer runs, and with a timer an object stays in memory.
        if self.faults.sleeps > 0 && (self.waiting.is_none() || mutant == Some(Mutant::SleepsOnNews)) {
            steps.push(Step::Sleep);
        }
        if self.faults.restarts > 0 {
            steps.push(Step::Restart);
        }
        steps
    }

    /// Takes a step, or says what is wrong with it.
    pub(crate) fn take(&mut self, step: Step, script: &Script, mutant: Option<Mutant>) -> Result<(), String> {
        match step {
            Step::ReportAndTell | Step::ReportAndWait => {
                let commit = self.disk + 1;
                if mutant == Some(Mutant::BroadcastsBeforeCommitting) {
                    self.tell(script, commit, commit, mutant);
                    self.uncommitted = true;
                    return Ok(());
                }
                self.disk = commit;
                if self.stream.is_none() && self.lingering == 0 {
                    return Ok(());
                }
                self.waiting.get_or_insert(commit);
                if step == Step::ReportAndTell {
                    self.flush(script, mutant);
                }
            }
            Step::Commit => {
                self.disk += 1;
                self.uncommitted = false;
            }
            Step::Timer => self.flush(script, mutant),
            Step::Connect => {
                self.flush(script, mutant);
                self.accept(script, self.disk, mutant)?;
            }
            Step::ReadFirst => {
                self.flush(script, mutant);
                self.reading = Some(self.disk);
            }
            Step::AcceptThen => {
                let commit = self.reading.take().unwrap_or(self.disk);
                self.accept(script, commit, mutant)?;
            }
            Step::Hear => self.hear(),
            Step::Read => self.read()?,
            Step::Cut(bytes) => {
                self.faults.cuts -= 1;
                let stream = self.stream.take();
                self.lingering += 1;
                if let Some(chunk) = stream.and_then(|stream| stream.chunk) {
                    self.viewer.hear(&chunk[..bytes])?;
                }
                self.viewer.lose(false)?;
            }
            Step::Drop => self.lingering -= 1,
            Step::Sleep => {
                self.faults.sleeps -= 1;
                self.waiting = None;
                self.reading = None;
            }
            Step::Restart => {
                self.faults.restarts -= 1;
                (self.waiting, self.reading) = (None, None);
                self.uncommitted = false;
                self.lingering = 0;
                if self.stream.take().is_some() {
                    self.viewer.lose(false)?;
                }
            }
        }
        self.check(script)
    }

    /// What must hold when nothing can happen any more.
    pub(crate) fn check_rest(&self, script: &Script) -> Result<(), String> {
        let newest = script.jobs[script.last()].document.cursor();
        if self.viewer.newest.as_ref() != Some(&newest) {
            return Err(format!("the viewer is not at rest on the newest document {newest} but on {:?}", self.viewer));
        }
        if script.has_ended(script.last()) && !self.viewer.done {
            return Err("the viewer waits for more after the end".to_owned());
        }
        self.check_lines(script.last(), script)
    }

    /// What must hold always.
    fn check(&self, script: &Script) -> Result<(), String> {
        let Some(newest) = &self.viewer.newest else { return Ok(()) };
        let committed = script.jobs[self.disk].document.cursor();
        if newest.seq() > committed.seq() {
            return Err(format!("the viewer shows {newest}, which was never committed"));
        }
        let shown = script.jobs.iter().position(|job| job.document.cursor() == *newest);
        self.check_lines(shown.ok_or("the viewer shows what never was")?, script)
    }

    /// Whoever is shown a document has the lines up to it.
    fn check_lines(&self, commit: usize, script: &Script) -> Result<(), String> {
        let wanted = script.lines[..=commit].iter().flatten().fold(0, |lines, line| lines | 1 << line.number);
        if self.viewer.lines & wanted == wanted {
            return Ok(());
        }
        Err(format!("the viewer lacks lines: it has {:b} of {wanted:b}", self.viewer.lines))
    }

    fn flush(&mut self, script: &Script, mutant: Option<Mutant>) {
        if let Some(first) = self.waiting.take() {
            self.tell(script, first, self.disk, mutant);
        }
    }

    fn tell(&mut self, script: &Script, first: usize, last: usize, mutant: Option<Mutant>) {
        let Some(stream) = &mut self.stream else { return };
        let mut frames = script.broadcast(first, last);
        if mutant == Some(Mutant::TellsLinesAfterTheirDocument) {
            frames.rotate_left(1);
        }
        stream.socket.extend(frames);
    }

    fn accept(&mut self, script: &Script, commit: usize, mutant: Option<Mutant>) -> Result<(), String> {
        let mut frames = script.welcome(commit, self.viewer.cursor.as_ref());
        if mutant == Some(Mutant::TrustsWhatWasSent) && self.viewer.newest.is_some() {
            frames.remove(0);
        }
        self.stream = Some(Stream { socket: frames.into(), queue: JobQueue::new(JOB, DocumentId::Strip), chunk: None });
        self.viewer.connect()
    }

    fn hear(&mut self) {
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
        let over = stream.chunk.is_none() && stream.queue.has_ended();
        self.viewer.hear(&chunk)?;
        if over {
            self.stream = None;
            self.viewer.lose(true)?;
        } else if self.viewer.done {
            // It knows the end by its document and leaves.
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
        self.queue.drain(|piece| chunk.extend_from_slice(&piece.0));
        self.queue.drain_final_frame(Some("end"), |piece| chunk.extend_from_slice(&piece.0));
        self.chunk = (!chunk.is_empty()).then_some(chunk);
    }
}
