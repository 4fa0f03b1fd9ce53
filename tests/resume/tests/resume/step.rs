//! The steps that the world can take, the faults among them, and the wrong implementations.

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The producer reports, and the change is broadcast at once.
    ReportAndBroadcast,
    /// The producer reports, and the broadcast waits for the timer.
    ReportAndWait,
    /// The commit that was broadcast is written.
    Commit,
    /// The timer fires.
    Timer,
    /// The viewer connects: the object accepts the socket, reads and sends, without awaiting anything in between.
    Connect,
    /// The object reads for a viewer that connects.
    ReadFirst,
    /// The object accepts the socket of that viewer.
    AcceptThen,
    /// A frame arrives at the relay, which writes unless its last write has not been read.
    Relay,
    /// The viewer reads the written bytes; the relay writes what has arrived meanwhile.
    Read,
    /// The connection is cut after the viewer has read that many of the written bytes.
    Cut(usize),
    /// A relay notices that its viewer has left.
    Drop,
    /// The object leaves memory.
    Sleep,
    /// Every process is killed and started again.
    Restart,
}

/// A wrong implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The object reads, then awaits something, then accepts the socket and sends what it has read.
    SubscribesAfterReading,
    /// The object broadcasts before it has written.
    BroadcastsBeforeCommitting,
    /// The object may leave memory while a broadcast is pending.
    SleepsWithPendingBroadcast,
    /// A broadcast sends the document first and its lines after it.
    SendsLinesAfterTheirDocument,
    /// The object treats sent lines as received, and does not repeat them to a viewer that reconnects.
    TreatsSentAsReceived,
}

/// How often each fault may still occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Connections that are cut before, within or after a frame.
    pub(crate) cuts: u8,
    /// Times that the object leaves memory while its sockets stay open.
    pub(crate) sleeps: u8,
    /// Times that everything but storage is lost.
    pub(crate) restarts: u8,
}
