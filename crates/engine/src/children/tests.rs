//! Calls of children in every order, and what their parent shows of them.

use super::*;
use crate::children::update::ChildState;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn number(value: f64) -> Option<Number> {
    Number::new(value)
}

/// The call of the child `id` that was created at `created`, after its change `seq`.
fn update(id: &str, created: u64, seq: u64, status: Status, progress: Option<f64>) -> ChildUpdate {
    let progress = progress.and_then(Number::new);
    let child = Some(ChildState { created_at: at(created), seq, status, progress });
    ChildUpdate { job_id: id.to_owned(), child, removed: Vec::new() }
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
    assert!(jobs.take(&update("a", 1, 1, Status::Queued, None), at(1)).is_some());
    assert!(jobs.take(&update("a", 1, 2, Status::Running, Some(10.0)), at(2)).is_some());
    assert_eq!(jobs.take(&update("a", 1, 3, Status::Running, Some(30.0)), at(3)), None);
    assert!(jobs.take(&update("b", 2, 1, Status::Running, Some(50.0)), at(4)).is_some());
    assert_eq!(shown(&jobs), (2, 2, 40.0));
    let row = jobs.take(&update("a", 1, 9, Status::Failed, Some(30.0)), at(5)).unwrap();
    assert_eq!((row.status, row.progress, row.seq), (Some(Status::Failed), number(30.0), 9));
    assert_eq!(shown(&jobs), (2, 1, 40.0));
    assert_eq!(jobs.active().collect::<Vec<_>>(), ["b"]);
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
        jobs.take(call, at(9));
    }
    let expected = jobs.clone();
    for call in &calls {
        assert_eq!(jobs.take(call, at(10)), None);
    }
    assert_eq!(jobs, expected);
}

#[test]
fn a_completed_child_counts_whole_and_one_that_failed_as_far_as_it_came() {
    let mut jobs = ChildJobs::default();
    jobs.take(&update("a", 1, 2, Status::Completed, Some(100.0)), at(1));
    jobs.take(&update("b", 1, 2, Status::Failed, Some(50.0)), at(1));
    jobs.take(&update("c", 1, 2, Status::Cancelled, None), at(1));
    assert_eq!(shown(&jobs).2, 50.0);
    // A retry begins from the start.
    jobs.take(&update("b", 1, 3, Status::Queued, None), at(2));
    assert_eq!(jobs.counted().unwrap().by_status.failed, 0);
    assert_eq!(shown(&jobs).2, Number::percentage(100.0 / 3.0).unwrap().get());
}

#[test]
fn a_child_that_was_deleted_does_not_come_back_with_a_late_call() {
    let mut jobs = ChildJobs::default();
    jobs.take(&update("a", 5, 1, Status::Running, None), at(5));
    let mark = jobs.take(&removal("a", &[5]), at(6)).unwrap();
    assert_eq!((mark.status, jobs.counted()), (None, None));
    assert_eq!(jobs.take(&removal("a", &[5]), at(7)), None, "a repeated call");
    assert_eq!(jobs.take(&update("a", 5, 9, Status::Completed, None), at(7)), None);
    assert_eq!(jobs.counted(), None);
    assert!(!jobs.is_empty());
    assert!(jobs.forget_removed(at(6 + REMOVED_MS - 1)).is_empty());
    assert_eq!(jobs.forget_removed(at(6 + REMOVED_MS)), ["a"]);
    assert!(jobs.is_empty());
}

#[test]
fn a_child_in_the_place_of_another_is_one_child() {
    let mut jobs = ChildJobs::default();
    jobs.take(&update("a", 5, 4, Status::Failed, None), at(5));
    let replaced = ChildUpdate { removed: vec![at(5)], ..update("a", 7, 1, Status::Running, None) };
    assert!(jobs.take(&replaced, at(7)).is_some());
    assert_eq!(shown(&jobs), (1, 1, 0.0));
    // Late calls of the former one: its end, and that it was replaced.
    assert_eq!(jobs.take(&update("a", 5, 9, Status::Completed, None), at(8)), None);
    assert_eq!(jobs.take(&removal("a", &[5]), at(8)), None);
    assert_eq!(shown(&jobs), (1, 1, 0.0));
}

#[test]
fn the_stored_rows_give_the_same_counts() {
    let mut jobs = ChildJobs::default();
    let mut rows = BTreeMap::new();
    let statuses = [Status::Running, Status::Running, Status::Completed, Status::Failed];
    for (number, status) in (0_u64..).zip(statuses) {
        let id = format!("c{number}");
        let row = jobs.take(&update(&id, number, 1, status, Some(25.0)), at(9)).unwrap();
        rows.insert(id, row);
    }
    assert_eq!(ChildJobs::restore(rows.clone(), jobs.counted().as_ref(), None), jobs);
    assert_eq!(ChildJobs::restore(rows.clone(), None, None), jobs, "a job that is created after its children");
    // What was only in memory is divided among those that run.
    jobs.take(&update("c0", 0, 2, Status::Running, Some(85.0)), at(10));
    let restored = ChildJobs::restore(rows.clone(), jobs.counted().as_ref(), None);
    assert_eq!(shown(&restored), shown(&jobs));
    assert_eq!(restored.children["c1"].progress, number(55.0));
    // A document that was not written after a retry does not add what the child had before.
    let mut document = jobs.counted();
    rows.insert("c3".to_owned(), jobs.take(&update("c3", 3, 2, Status::Queued, None), at(11)).unwrap());
    for (is_behind, progress) in [(true, number(25.0)), (false, number(55.0))] {
        let restored = ChildJobs::restore(rows.clone(), document.as_ref(), None);
        assert_eq!(restored.children["c1"].progress, progress, "{is_behind}");
        assert_eq!(restored.children["c3"].progress, None, "{is_behind}");
        document = jobs.counted();
    }
    // Children of a job that was replaced are not those of its successor.
    assert_eq!(shown(&ChildJobs::restore(rows, None, Some(at(2)))).0, 2);
}

#[test]
fn the_children_of_a_job_that_was_replaced_are_not_counted_again() {
    let mut jobs = ChildJobs::of_successor(at(100));
    assert_eq!(jobs.take(&update("old", 99, 7, Status::Completed, None), at(101)), None);
    assert!(jobs.take(&update("new", 100, 1, Status::Queued, None), at(101)).is_some());
    assert_eq!(shown(&jobs).0, 1);
}

#[test]
fn a_job_has_at_most_so_many_children_and_those_that_are_being_created_count() {
    let mut jobs = ChildJobs::default();
    for number in 0..CHILDREN as u64 - 1 {
        jobs.take(&update(&format!("c{number}"), 1, 1, Status::Queued, None), at(1));
    }
    assert_eq!(jobs.admit("one", at(1)), Ok(()));
    assert_eq!(jobs.admit("one", at(2)), Ok(()), "a creation that is sent again");
    let problem = jobs.admit("another", at(3)).unwrap_err();
    assert_eq!(problem.details()["limit"], CHILDREN);
    assert_eq!(jobs.admit("c7", at(3)), Ok(()), "a child that exists");
    // One that is not created after all gives its place back.
    assert_eq!(jobs.admit("another", at(2 + ADMITTED_MS)), Ok(()));
    jobs.take(&update("another", 1, 1, Status::Queued, None), at(3 + ADMITTED_MS));
    assert!(jobs.admit("more", at(4 + ADMITTED_MS)).is_err());
    jobs.take(&removal("c0", &[1]), at(5 + ADMITTED_MS));
    assert_eq!(jobs.admit("more", at(5 + ADMITTED_MS)), Ok(()));
}

#[test]
fn the_row_of_a_child_that_stays_as_it_is_is_renewed_before_it_expires() {
    let mut jobs = ChildJobs::default();
    jobs.take(&update("a", 1, 1, Status::Running, None), at(1));
    assert_eq!(jobs.expires_at(), Some(at(1 + KEPT_MS)));
    assert_eq!(jobs.take(&update("a", 1, 2, Status::Running, None), at(RENEWED_MS)), None);
    let row = jobs.take(&update("a", 1, 3, Status::Running, None), at(1 + RENEWED_MS)).unwrap();
    assert_eq!((row.written_at, jobs.expires_at()), (at(1 + RENEWED_MS), Some(at(1 + RENEWED_MS + KEPT_MS))));
}

#[test]
fn children_send_their_progress_once_a_second_and_many_of_them_less_often() {
    let mut jobs = ChildJobs::default();
    for number in 0..1_000 {
        jobs.take(&update(&format!("c{number}"), 1, 1, Status::Running, None), at(1));
        let expected = if number < 200 { PROGRESS_MS } else { (number + 1) * 5 };
        assert_eq!(jobs.progress_ms(), expected);
    }
    for number in 0..900 {
        jobs.take(&update(&format!("c{number}"), 1, 2, Status::Completed, None), at(2));
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
        expected.take(&calls(number), at(1));
    }
    for step in [3, 11, 17, 559] {
        let mut jobs = ChildJobs::default();
        // 560 and the steps have no common divisor but for 1, so each call is made; every third one twice.
        for number in 0..560 {
            jobs.take(&calls(number * step % 560), at(1));
            jobs.take(&calls(number / 3 * step % 560), at(1));
        }
        assert_eq!(jobs.counted(), expected.counted(), "{step}");
    }
}
