//! Calls of children in every order, and what their parent shows of them.

use super::*;
use crate::children::cancellation::Answers;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn number(value: f64) -> Option<Number> {
    Number::new(value)
}

/// The call of the child `id` that was created at `created`, after its change `seq`.
fn update(id: &str, created: u64, seq: u64, status: Status, progress: Option<f64>) -> ChildUpdate {
    let progress = progress.and_then(Number::new);
    let (created_at, attempt) = (at(created), 1);
    let child = Some(ChildState { created_at, attempt, began_at: created_at, seq, status, progress });
    ChildUpdate { job_id: id.to_owned(), child, removed: Vec::new() }
}

/// The call of a child that was created at `created`, after a retry at `began` that made `seq` the number of its last change.
fn retried(id: &str, created: u64, attempt: u64, began: u64, seq: u64) -> ChildUpdate {
    let mut update = update(id, created, seq, Status::Queued, None);
    let state = update.child.as_mut().unwrap();
    (state.attempt, state.began_at) = (attempt, at(began));
    update
}

/// Takes a call while nobody has cancelled the children; returns the row that has to be written.
fn take(jobs: &mut ChildJobs, update: &ChildUpdate, now: Timestamp) -> Option<Child> {
    jobs.take(update, None, now).map(|written| written.child)
}

fn removal(id: &str, removed: &[u64]) -> ChildUpdate {
    ChildUpdate { job_id: id.to_owned(), child: None, removed: removed.iter().copied().map(at).collect() }
}

/// The number of children, of those that run, and the progress.
fn shown(jobs: &ChildJobs) -> (u64, u64, f64) {
    jobs.counted().map_or((0, 0, 0.0), |shown| (shown.total, shown.by_status.running, shown.progress.get()))
}

#[test]
fn a_status_is_written_and_the_progress_in_between_is_not() {
    let mut jobs = ChildJobs::default();
    assert!(take(&mut jobs, &update("a", 1, 1, Status::Queued, None), at(1)).is_some());
    assert!(take(&mut jobs, &update("a", 1, 2, Status::Running, Some(10.0)), at(2)).is_some());
    assert_eq!(take(&mut jobs, &update("a", 1, 3, Status::Running, Some(30.0)), at(3)), None);
    assert!(take(&mut jobs, &update("b", 2, 1, Status::Running, Some(50.0)), at(4)).is_some());
    assert_eq!(shown(&jobs), (2, 2, 40.0));
    let row = take(&mut jobs, &update("a", 1, 9, Status::Failed, Some(30.0)), at(5)).unwrap();
    assert_eq!((row.status, row.progress, row.seq), (Some(Status::Failed), number(30.0), 9));
    assert_eq!(shown(&jobs), (2, 1, 40.0));
    let active = jobs.children.iter().filter(|(_, child)| child.is_active());
    assert_eq!(active.map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_call_that_is_repeated_or_late_changes_nothing() {
    let mut jobs = ChildJobs::default();
    let calls = [
        update("a", 1, 1, Status::Queued, None),
        update("a", 1, 2, Status::Running, Some(10.0)),
        update("a", 1, 5, Status::Completed, Some(100.0)),
    ];
    for call in &calls {
        take(&mut jobs, call, at(9));
    }
    let expected = jobs.clone();
    for call in &calls {
        assert_eq!(take(&mut jobs, call, at(10)), None);
    }
    assert_eq!(jobs, expected);
}

#[test]
fn a_completed_child_counts_whole_and_one_that_failed_as_far_as_it_came() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 1, 2, Status::Completed, Some(100.0)), at(1));
    take(&mut jobs, &update("b", 1, 2, Status::Failed, Some(50.0)), at(1));
    take(&mut jobs, &update("c", 1, 2, Status::Cancelled, None), at(1));
    assert_eq!(shown(&jobs).2, 50.0);
    // A retry begins from the start.
    take(&mut jobs, &update("b", 1, 3, Status::Queued, None), at(2));
    assert_eq!(jobs.counted().unwrap().by_status.failed, 0);
    assert_eq!(shown(&jobs).2, Number::percentage(100.0 / 3.0).unwrap().get());
}

#[test]
fn a_child_that_was_deleted_does_not_come_back_with_a_late_call() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 5, 1, Status::Running, None), at(5));
    let mark = take(&mut jobs, &removal("a", &[5]), at(6)).unwrap();
    assert_eq!((mark.status, jobs.counted()), (None, None));
    assert_eq!(take(&mut jobs, &removal("a", &[5]), at(7)), None, "a repeated call");
    assert_eq!(take(&mut jobs, &update("a", 5, 9, Status::Completed, None), at(7)), None);
    assert_eq!(jobs.counted(), None);
    assert!(!jobs.is_empty());
    assert!(jobs.forget_removed(at(6 + REMOVED_MS - 1)).is_empty());
    assert_eq!(jobs.forget_removed(at(6 + REMOVED_MS)), ["a"]);
    assert!(jobs.is_empty());
}

#[test]
fn a_child_in_the_place_of_another_is_one_child() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 5, 4, Status::Failed, None), at(5));
    let replaced = ChildUpdate { removed: vec![at(5)], ..update("a", 7, 1, Status::Running, None) };
    assert!(take(&mut jobs, &replaced, at(7)).is_some());
    assert_eq!(shown(&jobs), (1, 1, 0.0));
    // Late calls of the former one: its end, and that it was replaced.
    assert_eq!(take(&mut jobs, &update("a", 5, 9, Status::Completed, None), at(8)), None);
    assert_eq!(take(&mut jobs, &removal("a", &[5]), at(8)), None);
    assert_eq!(shown(&jobs), (1, 1, 0.0));
}

#[test]
fn the_stored_rows_give_the_same_counts() {
    let mut jobs = ChildJobs::default();
    let mut rows = BTreeMap::new();
    let statuses = [Status::Running, Status::Running, Status::Completed, Status::Failed];
    for (number, status) in (0_u64..).zip(statuses) {
        let id = format!("c{number}");
        let row = take(&mut jobs, &update(&id, number, 1, status, Some(25.0)), at(9)).unwrap();
        rows.insert(id, row);
    }
    assert_eq!(ChildJobs::restore(rows.clone(), jobs.counted().as_ref(), None), jobs);
    assert_eq!(ChildJobs::restore(rows.clone(), None, None), jobs, "a job that is created after its children");
    // What was only in memory is divided among those that run.
    take(&mut jobs, &update("c0", 0, 2, Status::Running, Some(85.0)), at(10));
    let restored = ChildJobs::restore(rows.clone(), jobs.counted().as_ref(), None);
    assert_eq!(shown(&restored), shown(&jobs));
    assert_eq!(restored.children["c1"].progress, number(55.0));
    // A document that was not written after a retry does not add what the child had before.
    let mut document = jobs.counted();
    rows.insert("c3".to_owned(), take(&mut jobs, &update("c3", 3, 2, Status::Queued, None), at(11)).unwrap());
    for (is_behind, progress) in [(true, number(25.0)), (false, number(55.0))] {
        let restored = ChildJobs::restore(rows.clone(), document.as_ref(), None);
        assert_eq!(restored.children["c1"].progress, progress, "{is_behind}");
        assert_eq!(restored.children["c3"].progress, None, "{is_behind}");
        document = jobs.counted();
    }
    // Children of a job that was replaced are not those of its successor.
    assert_eq!(shown(&ChildJobs::restore(rows, None, Some(at(2 + BEHIND_MS)))).0, 2);
}

#[test]
fn a_restart_changes_nothing_that_the_document_shows() {
    for (count, step) in [(1, 7), (3, 11), (7, 13), (200, 1)] {
        let (mut jobs, mut rows) = (ChildJobs::default(), BTreeMap::new());
        for number in 0..count {
            let id = format!("c{number}");
            let written = if number == 0 { 90.0 } else { 0.0 };
            rows.insert(
                id.clone(),
                take(&mut jobs, &update(&id, 1, 1, Status::Running, Some(written)), at(1)).unwrap(),
            );
            let progress = (number * step + 90) as f64 / 1.7 % 10.0 + written;
            take(&mut jobs, &update(&id, 1, 2, Status::Running, Some(progress)), at(2));
        }
        let shown = jobs.counted();
        assert_eq!(ChildJobs::restore(rows, shown.as_ref(), None).counted(), shown, "{count}");
    }
    // One that has only a little to go does not get more than that.
    let (mut jobs, mut rows) = (ChildJobs::default(), BTreeMap::new());
    for (id, written, last) in [("a", 90.0, 91.0), ("b", 0.0, 80.0)] {
        rows.insert(id.to_owned(), take(&mut jobs, &update(id, 1, 1, Status::Running, Some(written)), at(1)).unwrap());
        take(&mut jobs, &update(id, 1, 2, Status::Running, Some(last)), at(2));
    }
    let restored = ChildJobs::restore(rows, jobs.counted().as_ref(), None);
    assert_eq!(restored.counted(), jobs.counted());
    assert_eq!((restored.children["a"].progress, restored.children["b"].progress), (number(100.0), number(71.0)));
}

#[test]
fn the_children_of_a_job_that_was_replaced_are_not_counted_again() {
    let mut jobs = ChildJobs::of_successor(at(100));
    assert_eq!(take(&mut jobs, &update("old", 99, 7, Status::Completed, None), at(101)), None);
    assert!(take(&mut jobs, &update("new", 100, 1, Status::Queued, None), at(101)).is_some());
    assert_eq!(shown(&jobs).0, 1);
}

#[test]
fn a_child_that_a_successor_has_admitted_is_its_own_also_if_the_clock_of_the_child_is_behind() {
    let since = at(1_000_000);
    let mut jobs = ChildJobs::of_successor(since);
    jobs.admit("new", since).unwrap();
    let call = |id, seq, status| update(id, 999_000, seq, status, None);
    let row = take(&mut jobs, &call("new", 1, Status::Running), since).unwrap();
    assert_eq!(take(&mut jobs, &call("old", 1, Status::Running), since), None);
    // It is known when its place is not kept any more.
    jobs.admit("another", since.plus_millis(ADMITTED_MS)).unwrap();
    assert!(take(&mut jobs, &call("new", 2, Status::Completed), since.plus_millis(ADMITTED_MS)).is_some());
    assert_eq!(shown(&jobs), (1, 0, 100.0));
    assert_eq!(shown(&ChildJobs::restore([("new".to_owned(), row)], None, Some(since))), (1, 1, 0.0));
    // No clock is behind for so long.
    jobs.admit("former", since).unwrap();
    assert_eq!(take(&mut jobs, &update("former", 999_999 - BEHIND_MS, 1, Status::Running, None), since), None);
}

#[test]
fn a_job_has_at_most_so_many_children_and_those_that_are_being_created_count() {
    let mut jobs = ChildJobs::default();
    for number in 0..CHILDREN as u64 - 1 {
        take(&mut jobs, &update(&format!("c{number}"), 1, 1, Status::Queued, None), at(1));
    }
    assert_eq!(jobs.admit("one", at(1)), Ok(()));
    assert_eq!(jobs.admit("one", at(2)), Ok(()), "a creation that is sent again");
    let problem = jobs.admit("another", at(3)).unwrap_err();
    assert_eq!(problem.details()["limit"], CHILDREN);
    assert_eq!(jobs.admit("c7", at(3)), Ok(()), "a child that exists");
    // One that is not created after all gives its place back.
    assert_eq!(jobs.admit("another", at(2 + ADMITTED_MS)), Ok(()));
    take(&mut jobs, &update("another", 1, 1, Status::Queued, None), at(3 + ADMITTED_MS));
    assert!(jobs.admit("more", at(4 + ADMITTED_MS)).is_err());
    take(&mut jobs, &removal("c0", &[1]), at(5 + ADMITTED_MS));
    assert_eq!(jobs.admit("more", at(5 + ADMITTED_MS)), Ok(()));
}

#[test]
fn the_row_of_a_child_that_stays_as_it_is_is_renewed_before_it_expires() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 1, 1, Status::Running, None), at(1));
    assert_eq!(jobs.expires_at(), Some(at(1 + KEPT_MS)));
    assert_eq!(take(&mut jobs, &update("a", 1, 2, Status::Running, None), at(RENEWED_MS)), None);
    let row = take(&mut jobs, &update("a", 1, 3, Status::Running, None), at(1 + RENEWED_MS)).unwrap();
    assert_eq!((row.written_at, jobs.expires_at()), (at(1 + RENEWED_MS), Some(at(1 + RENEWED_MS + KEPT_MS))));
}

#[test]
fn children_send_their_progress_once_a_second_and_many_of_them_less_often() {
    let mut jobs = ChildJobs::default();
    for number in 0..1_000 {
        take(&mut jobs, &update(&format!("c{number}"), 1, 1, Status::Running, None), at(1));
        let expected = if number < 200 { PROGRESS_MS } else { (number + 1) * 5 };
        assert_eq!(jobs.progress_ms(), expected);
    }
    for number in 0..900 {
        take(&mut jobs, &update(&format!("c{number}"), 1, 2, Status::Completed, None), at(2));
    }
    assert_eq!(jobs.progress_ms(), PROGRESS_MS, "those that have ended send nothing");
}

#[test]
fn the_order_of_the_calls_makes_no_difference() {
    let calls = |number: u64| {
        let id = format!("c{}", number % 7);
        let status = Status::ALL[(number / 7 % 8) as usize];
        update(&id, number % 7, number, status, Some((number * 13 % 101) as f64))
    };
    let mut expected = ChildJobs::default();
    for number in 0..560 {
        take(&mut expected, &calls(number), at(1));
    }
    for step in [3, 11, 17, 559] {
        let mut jobs = ChildJobs::default();
        // 560 and the steps have no common divisor but for 1, so each call is made; every third one twice.
        for number in 0..560 {
            take(&mut jobs, &calls(number * step % 560), at(1));
            take(&mut jobs, &calls(number / 3 * step % 560), at(1));
        }
        assert_eq!(jobs.counted(), expected.counted(), "{step}");
    }
}

/// The children that a request concerns.
fn concerned<'a>(jobs: &'a ChildJobs, cancellation: &ChildrenCancellation) -> Vec<&'a str> {
    let concerned = jobs.children.iter().filter(|(_, child)| cancellation.concerned(child).is_some());
    concerned.map(|(id, _)| id.as_str()).collect()
}

#[test]
fn a_cancellation_concerns_the_children_of_before_and_neither_later_ones_nor_a_retry() {
    let mut jobs = ChildJobs::default();
    // The clock of the first child is ahead of that of its parent.
    take(&mut jobs, &update("ahead", 500, 1, Status::Running, None), at(10));
    take(&mut jobs, &update("ended", 5, 1, Status::Failed, None), at(10));
    take(&mut jobs, &update("retried", 5, 1, Status::Running, None), at(10));
    let mut cancellation = ChildrenCancellation::new(None, None, false, at(100));
    let learn = |jobs: &mut ChildJobs, asked: &ChildrenCancellation, update| jobs.take(&update, Some(asked), at(101));
    learn(&mut jobs, &cancellation, update("later", 101, 1, Status::Queued, None));
    learn(&mut jobs, &cancellation, update("late-notice", 99, 1, Status::Running, None));
    assert_eq!(concerned(&jobs, &cancellation), ["ahead", "late-notice", "retried"]);
    cancellation.finish();
    // It is cancelled, and then retried: its creation was before the request, but its attempt was not.
    learn(&mut jobs, &cancellation, update("retried", 5, 2, Status::Cancelled, None));
    let written = learn(&mut jobs, &cancellation, retried("retried", 5, 2, 102, 3)).unwrap();
    assert!(written.is_new_attempt && !cancellation.reopen_for(&written.child));
    learn(&mut jobs, &cancellation, retried("ended", 5, 2, 102, 2));
    assert_eq!(concerned(&jobs, &cancellation), ["ahead", "late-notice"]);
    // The next request concerns all of them.
    let again = ChildrenCancellation::new(Some(&cancellation), None, false, at(200));
    assert_eq!(concerned(&jobs, &again), ["ahead", "ended", "late-notice", "later", "retried"]);
}

#[test]
fn a_cancellation_that_is_done_is_opened_again_only_by_an_attempt_of_which_the_parent_did_not_know() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("known", 5, 1, Status::Initializing, None), at(10));
    let mut cancellation = ChildrenCancellation::new(None, None, false, at(100));
    cancellation.finish();
    let known = jobs.take(&update("known", 5, 2, Status::Running, None), Some(&cancellation), at(101)).unwrap();
    assert!(!known.is_new_attempt, "it has answered, and its producer is still at work");
    for (id, status, is_late) in [("ended", Status::Completed, false), ("late", Status::Running, true)] {
        let written = jobs.take(&update(id, 99, 1, status, None), Some(&cancellation), at(101)).unwrap();
        assert_eq!((written.is_new_attempt, cancellation.reopen_for(&written.child)), (true, is_late), "{id}");
    }
    assert!(cancellation.is_pending());
}

#[test]
fn a_child_that_had_begun_another_attempt_when_it_answered_is_asked_about_that_if_it_began_before_the_request() {
    let (mut jobs, mut answers) = (ChildJobs::default(), Answers::default());
    take(&mut jobs, &update("a", 5, 1, Status::Running, None), at(10));
    take(&mut jobs, &update("b", 5, 1, Status::Running, None), at(10));
    let cancellation = ChildrenCancellation::new(None, None, false, at(100));
    for (id, concerned) in answers.missing(&cancellation, &jobs) {
        answers.note(id, concerned);
    }
    assert_eq!(answers.missing(&cancellation, &jobs), []);
    // Their end and their retry were before the request, but the notices of them come only now.
    jobs.take(&retried("a", 5, 2, 99, 3), Some(&cancellation), at(101));
    jobs.take(&retried("b", 5, 2, 101, 3), Some(&cancellation), at(101));
    let missing = answers.missing(&cancellation, &jobs);
    assert_eq!(missing.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a"]);
    // An answer to an earlier request says nothing about the next one.
    let next = ChildrenCancellation::new(Some(&cancellation), None, true, at(200));
    assert_eq!(answers.missing(&next, &jobs).len(), 2);
    missing.into_iter().for_each(|(id, concerned)| answers.note(id, concerned));
    assert_eq!(answers.missing(&next, &jobs).len(), 2);
}

#[test]
fn what_is_known_only_of_removed_children_is_forgotten_with_them() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &removal("a", &[5]), at(6));
    assert_eq!(jobs.expires_at(), Some(at(6 + REMOVED_MS)));
    take(&mut jobs, &update("b", 1, 1, Status::Running, None), at(7));
    assert_eq!(jobs.expires_at(), Some(at(7 + KEPT_MS)));
}

#[test]
fn a_retry_is_written_also_if_the_parent_did_not_learn_of_the_end_before_it() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 1, 1, Status::Queued, None), at(1));
    let row = take(&mut jobs, &retried("a", 1, 2, 5, 3), at(5)).unwrap();
    assert_eq!((row.attempt, row.status), (2, Some(Status::Queued)));
}

#[test]
fn a_clock_that_is_set_back_keeps_no_place_and_no_row_for_longer() {
    let hour = 3_600_000;
    let (later, now) = (at(1_000 * hour), at(10 * hour));
    let mut jobs = ChildJobs::default();
    for number in 0..CHILDREN as u64 - 1 {
        take(&mut jobs, &update(&format!("c{number}"), 1, 1, Status::Running, None), later);
    }
    assert_eq!(jobs.admit("one", later), Ok(()));
    assert!(jobs.admit("another", now).is_err(), "the place is still kept");
    assert_eq!(jobs.admit("another", now.plus_millis(ADMITTED_MS)), Ok(()));
    // The row of a child gets the new time with its next call, and a removed one is forgotten.
    let row = take(&mut jobs, &update("c0", 1, 2, Status::Running, None), now).unwrap();
    assert_eq!(row.written_at, now);
    assert_eq!(take(&mut jobs, &update("c0", 1, 3, Status::Running, None), now), None);
    take(&mut jobs, &removal("c1", &[1]), later);
    assert_eq!(jobs.forget_removed(now), ["c1"]);
}

#[test]
fn a_job_that_was_created_by_a_clock_set_back_is_counted_when_no_late_call_of_the_removed_one_can_come() {
    let mut jobs = ChildJobs::default();
    take(&mut jobs, &update("a", 50, 1, Status::Running, None), at(50));
    take(&mut jobs, &removal("a", &[50]), at(60));
    let again = update("a", 20, 1, Status::Running, None);
    assert_eq!(take(&mut jobs, &again, at(61)), None);
    assert!(take(&mut jobs, &again, at(60 + REMOVED_MS)).is_some());
    assert_eq!(shown(&jobs).0, 1);
}
