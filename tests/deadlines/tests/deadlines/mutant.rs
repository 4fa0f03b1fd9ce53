//! The wrong implementations that the search must find.

/// A wrong implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A report that makes the next deadline later moves the alarm with it.
    MovesTheAlarmLater,
    /// A report that makes the next deadline earlier leaves the alarm where it is.
    NeverMovesTheAlarm,
    /// The job is taken to have the alarm that has just fired.
    ForgetsThatTheAlarmHasFired,
    /// An alarm does what is next, without a look at the clock.
    FiresEarly,
    /// The silence of a job that has ended is a deadline.
    FiresAfterTheEnd,
    /// The silence of a paused job is a deadline.
    FiresWhilePaused,
    /// A job that is marked as stalled is marked again.
    MarksAStallTwice,
    /// The execution timeout counts from the last report.
    ReportResetsTheTimeout,
    /// The execution timeout does not count while the job is paused.
    PauseStopsTheTimeout,
    /// Silence counts from the last change of the document, even if that change is not a report.
    EveryChangeIsASignOfLife,
    /// A deadline is recorded with the time of the clock, which may have been set back.
    EndsBeforeItsLastChange,
    /// A report that ends the job leaves the request pending.
    RequestSurvivesTheEnd,
    /// The request that was pending when the job was cancelled is pending in the next attempt.
    CancelSurvivesARetry,
    /// A request has the time of the clock, or of the last change if that is later.
    RequestsShareATime,
    /// The producers of a new attempt continue the numbers of the former one.
    RetryKeepsTheOrders,
    /// The retention counts from the last change before the end.
    RetentionCountsFromTheLastReport,
    /// The alarm is set for the next deadline, even if a delivery is due before.
    AlarmIgnoresDeliveries,
    /// An alarm that is due for a delivery applies no deadline.
    DeliveriesHoldBackDeadlines,
    /// No deadline is applied while a delivery is being sent.
    SendingHoldsBackDeadlines,
    /// A job expires although deliveries are pending.
    ExpiryDoesNotWait,
    /// A job does not expire as long as deliveries are pending.
    ExpiryWaitsForEver,
    /// While a delivery waits for its next try, the next one of its URL is sent.
    FailureLetsTheNextOvertake,
    /// More deliveries are sent at a time than the limit allows.
    SendsAllAtOnce,
    /// A delivery that was being sent when the object was killed is not tried again.
    LostResultIsNeverTriedAgain,
    /// A commit while the handler of the alarm is active leaves its deliveries to the next alarm.
    CommitLeavesItsDeliveries,
    /// A commit while the handler of the alarm is active does not wake it for an earlier deadline.
    SleepsPastANewDeadline,
    /// While a delivery is being sent, the handler of the alarm wakes only for deadlines.
    SleepsPastTheNextTry,
    /// The handler of the alarm ends without another alarm.
    SetsNoAlarmAfterSending,
    /// A new delivery is stored as due at the time of its change, which may lie ahead of a clock that was set back.
    DueAtTheTimeOfTheChange,
    /// A second try has another id.
    IdChangesWithATry,
    /// A deadline that passes causes no deliveries.
    DeadlineHasNoDeliveries,
    /// A receiver that is gone gets later events.
    GoneReceiverGetsMore,
    /// A deletion leaves the pending deliveries of the job.
    DeletionKeepsDeliveries,
    /// The deliveries of a deletion have the numbers of former ones, which are still being sent.
    DeletionRestartsTheNumbers,
    /// Nothing is sent after the deletion of a job, which has no alarm any more.
    DeletionEndsTheAlarm,
}

impl Mutant {
    /// Every mutant, the creation with which it is found, and the promise that it is found to break.
    pub(crate) const ALL: [(Mutant, usize, &str); 35] = [
        (Mutant::MovesTheAlarmLater, 0, "the alarm moved"),
        (Mutant::NeverMovesTheAlarm, 0, "before the alarm"),
        (Mutant::ForgetsThatTheAlarmHasFired, 0, "has no alarm"),
        (Mutant::FiresEarly, 0, "passed early"),
        (Mutant::FiresAfterTheEnd, 0, "changed after its end"),
        (Mutant::FiresWhilePaused, 0, "an alarm made"),
        (Mutant::MarksAStallTwice, 0, "which is not set"),
        (Mutant::ReportResetsTheTimeout, 0, "startedAt"),
        (Mutant::PauseStopsTheTimeout, 0, "before the alarm"),
        (Mutant::EveryChangeIsASignOfLife, 0, "before the alarm"),
        (Mutant::EndsBeforeItsLastChange, 0, "precedes"),
        (Mutant::RequestSurvivesTheEnd, 0, "is pending"),
        (Mutant::CancelSurvivesARetry, 0, "an attempt begins with"),
        (Mutant::RequestsShareATime, 0, "has the time of the one before"),
        (Mutant::RetryKeepsTheOrders, 0, "is not accepted"),
        (Mutant::RetentionCountsFromTheLastReport, 0, "expiresAt"),
        (Mutant::AlarmIgnoresDeliveries, 2, "before the alarm"),
        (Mutant::DeliveriesHoldBackDeadlines, 2, "did not pass"),
        (Mutant::SendingHoldsBackDeadlines, 2, "did not pass"),
        (Mutant::ExpiryDoesNotWait, 2, "passed early"),
        (Mutant::ExpiryWaitsForEver, 2, "did not pass"),
        (Mutant::FailureLetsTheNextOvertake, 2, "overtakes"),
        (Mutant::SendsAllAtOnce, 3, "are being sent"),
        (Mutant::LostResultIsNeverTriedAgain, 2, "storage has other deliveries"),
        (Mutant::CommitLeavesItsDeliveries, 2, "a delivery of"),
        (Mutant::SleepsPastANewDeadline, 2, "timeout is due at"),
        (Mutant::SleepsPastTheNextTry, 2, "before the handler wakes"),
        (Mutant::SetsNoAlarmAfterSending, 2, "has no alarm"),
        (Mutant::DueAtTheTimeOfTheChange, 2, "storage has other deliveries"),
        (Mutant::IdChangesWithATry, 2, "is sent as"),
        (Mutant::DeadlineHasNoDeliveries, 2, "should have the deliveries"),
        (Mutant::GoneReceiverGetsMore, 2, "should have the deliveries"),
        (Mutant::DeletionKeepsDeliveries, 2, "is pending after the deletion"),
        (Mutant::DeletionRestartsTheNumbers, 2, "has the result of"),
        (Mutant::DeletionEndsTheAlarm, 2, "has no alarm"),
    ];
}
