//! Many jobs on one stream: they join and leave, and what happens to one job does not affect the others.

use super::{
    super::{Input, MIN_REOPEN_INTERVAL_MS, Renewal, STALE_MS},
    frames::{document_of, frame_of, problem, problem_frame},
    world::{STREAM, World},
};
use crate::{link::Link, subscription::Subscription};
use protocol::{id::JobId, include::Include};

const END_OF_A: &str = "event: end\ndata: {\"jobId\":\"a\",\"status\":\"completed\",\"seq\":9}\n\n";

#[test]
fn jobs_that_join_together_share_one_stream_and_each_reader_gets_its_own_documents() {
    let mut world = World::with_jobs(&["a", "b", "c"]).and_live();
    assert_eq!(world.opened, [STREAM]);
    world.send(&(frame_of("b", 4, "running") + &frame_of("a", 2, "running") + &frame_of("x", 1, "running")));
    let seen = |key| world.readers[&key].seen.clone();
    assert_eq!([seen(1), seen(2), seen(3)], [vec![2], vec![4], vec![]]);
    assert!(world.readers.values().all(|reader| reader.links == [Link::Connecting, Link::Live]));
}

#[test]
fn the_jobs_of_a_slow_page_still_share_one_stream() {
    let mut world = World::empty();
    for key in 1..=100 {
        world.join(key, &format!("j{key}"));
        world.now += 3;
    }
    assert!(world.open.is_empty());
    world.wait_for_timer();
    assert_eq!(world.requested_jobs().len(), 100);
}

#[test]
fn a_job_that_joins_later_does_not_interrupt_the_others() {
    let mut world = World::with_jobs(&["a"]).and_live();
    let old = world.id();
    world.send(&frame_of("a", 1, "running"));
    world.now += 10_000;
    world.join(2, "b");
    assert!(world.wait_for_request() <= 10);
    assert_eq!(world.requested_jobs(), [("a".into(), "aaaaaa.1".into()), ("b".into(), String::new())]);
    // The old stream stays live until the first byte of the new one.
    world.input(Input::Bytes(old, frame_of("a", 2, "running").as_bytes()));
    world.stream();
    assert!(world.open.contains_key(&old));
    world.send(": ok\n\n");
    assert!(!world.open.contains_key(&old));
    world.send(&(frame_of("a", 2, "running") + &frame_of("b", 7, "running")));
    assert_eq!((&world.readers[&1].seen, &world.readers[&2].seen), (&vec![1, 2], &vec![7]));
    assert_eq!(world.readers[&1].links, [Link::Connecting, Link::Live], "it was live all the time");
}

#[test]
fn jobs_that_join_one_after_another_are_gathered() {
    let mut world = World::with_jobs(&["j0"]).and_live();
    for key in 2..=40 {
        world.join(key, &format!("j{key}"));
        world.advance(50);
        if world.open.len() > 1 {
            world.stream();
            world.send(": ok\n\n");
        }
    }
    world.advance(MIN_REOPEN_INTERVAL_MS);
    let most = 1 + usize::try_from(40 * 50 / MIN_REOPEN_INTERVAL_MS).unwrap() + 1;
    assert!(world.opened.len() <= most, "{} streams for 40 jobs in two seconds", world.opened.len());
    assert_eq!(world.requested_jobs().len(), 40);
}

#[test]
fn a_stream_that_cannot_be_opened_leaves_the_live_one_open() {
    let mut world = World::with_jobs(&["a"]).and_live();
    let old = world.id();
    world.join(2, "b");
    for _ in 0..5 {
        world.wait_for_request();
        world.fail();
    }
    assert_eq!(world.readers[&1].links, [Link::Connecting, Link::Live]);
    world.input(Input::Bytes(old, frame_of("a", 2, "running").as_bytes()));
    assert_eq!(world.readers[&1].seen, [2]);
    world.wait_for_request();
    world.stream();
    world.send(&frame_of("b", 3, "running"));
    assert_eq!(world.readers[&2].seen, [3]);
}

#[test]
fn the_live_stream_may_be_cut_while_another_one_opens() {
    let mut world = World::with_jobs(&["a"]).and_live();
    let old = world.id();
    world.now += 1_000;
    world.join(2, "b");
    world.wait_for_request();
    world.open.remove(&old);
    world.input(Input::Closed(old));
    assert_eq!((world.link(), world.opened.len()), (Link::Connecting, 2));
    world.stream();
    world.send(&frame_of("a", 2, "running"));
    assert_eq!((world.link(), world.reader().seen.as_slice()), (Link::Live, [2].as_slice()));
}

#[test]
fn a_job_that_is_tried_again_while_a_stream_opens_gets_a_stream() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&problem_frame("b", "JOB_NOT_FOUND"));
    world.fail();
    world.wait_for_request();
    assert_eq!(world.requested_jobs(), [("a".into(), String::new())]);
    world.advance(6_000);
    world.stream();
    world.send(": ok\n\n");
    world.wait_for_request();
    assert_eq!(world.requested_jobs().len(), 2);
}

#[test]
fn a_job_that_leaves_is_dropped_from_the_stream_later_and_the_last_one_closes_it_at_once() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.leave(2);
    world.send(&frame_of("b", 1, "running"));
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.wait_for_request(), STALE_MS);
    assert_eq!(world.requested_jobs(), [("a".into(), String::new())]);
    world.stream();
    world.send(": ok\n\n");
    world.leave(1);
    assert!(world.open.is_empty());
    world.advance(86_400_000);
    assert_eq!(world.opened.len(), 2);
}

#[test]
fn a_job_that_joins_again_under_another_key_starts_again() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.leave(2);
    world.join(3, "b");
    world.send(&frame_of("b", 5, "running"));
    assert!(world.readers[&3].seen.is_empty(), "the frame was meant for the former key");
    world.wait_for_request();
    world.stream();
    world.send(&frame_of("b", 5, "running"));
    assert_eq!(world.readers[&3].seen, [5]);
    world.advance(STALE_MS);
    assert_eq!(world.opened.len(), 2, "the job that left is not on the new stream");
}

#[test]
fn a_problem_of_one_job_does_not_affect_the_others() {
    let mut world = World::with_jobs(&["a", "b", "c"]).and_live();
    world.now += 60_000;
    world.send(&(problem_frame("a", "UNAUTHENTICATED") + &problem_frame("b", "ACCESS_DENIED")));
    world.send(&frame_of("c", 1, "running"));
    assert_eq!((world.readers[&1].renewals, world.readers[&2].renewals, world.readers[&3].renewals), (1, 0, 0));
    assert_eq!(world.readers[&2].problems, [("ACCESS_DENIED".into(), true)]);
    assert_eq!(world.readers[&3].links, [Link::Connecting, Link::Live]);
    world.renewed(1, Renewal::Token("fresh".into()));
    world.wait_for_request();
    let body = world.last().body.clone().unwrap();
    assert!(body.contains(r#"{"jobId":"a","token":"fresh"}"#) && !body.contains(r#""b""#), "{body}");
    world.stream();
    world.send(&frame_of("a", 1, "running"));
    assert_eq!(world.link(), Link::Live);
    assert_eq!(world.readers[&3].links, [Link::Connecting, Link::Live]);
}

#[test]
fn a_missing_job_is_polled_and_the_stream_stays_open() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&problem_frame("b", "JOB_NOT_FOUND"));
    for _ in 0..3 {
        assert!(world.wait_for_request() >= 5_000);
        assert_eq!(world.url(), "b/status");
        world.answer(404, &problem("JOB_NOT_FOUND"));
        world.send(":\n\n");
    }
    world.wait_for_request();
    world.fail();
    world.wait_for_request();
    world.answer(200, &document_of("b", 1, "queued"));
    assert_eq!(world.readers[&2].seen, [1]);
    world.wait_for_request();
    assert_eq!((world.url(), world.requested_jobs().len()), (STREAM, 2));
    assert_eq!(world.readers[&2].problems, [("JOB_NOT_FOUND".into(), false)]);
}

#[test]
fn a_stream_refused_for_all_jobs_is_followed_by_a_poll_of_each() {
    let mut world = World::with_jobs(&["a", "b", "c"]);
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.opened[1..], ["a/status", "b/status", "c/status"]);
    world.answer(404, &problem("JOB_NOT_FOUND"));
    world.answer(403, &problem("ACCESS_DENIED"));
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.readers[&3].problems, [("JOB_NOT_FOUND".into(), false)]);
    assert_eq!(world.readers[&2].problems, [("ACCESS_DENIED".into(), true)]);
    assert_eq!(world.readers[&1].renewals, 1);
    assert!(world.readers[&1].problems.is_empty());
}

#[test]
fn an_overloaded_server_is_reported_for_every_job_and_retried_with_one_stream() {
    let mut world = World::with_jobs(&["a", "b"]);
    world.answer(503, &problem("OVERLOADED"));
    assert!(world.readers.values().all(|reader| reader.problems == [("OVERLOADED".to_owned(), false)]));
    world.wait_for_request();
    assert_eq!((world.url(), world.open.len()), (STREAM, 1));
}

#[test]
fn nothing_is_requested_after_every_job_has_ended() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&frame_of("a", 9, "completed"));
    assert!(world.readers[&1].ended && !world.readers[&2].ended && world.open.len() == 1);
    world.send(END_OF_A);
    world.advance(STALE_MS);
    assert_eq!(world.opened.len(), 1, "a stream is not replaced because a job has ended");
    world.send(&frame_of("b", 4, "failed"));
    assert!(world.readers[&2].ended && world.open.is_empty());
    world.advance(86_400_000);
    assert_eq!(world.opened.len(), 1);
    // Until another job joins.
    world.join(3, "c");
    world.wait_for_request();
    assert_eq!(world.requested_jobs(), [("c".into(), String::new())]);
}

#[test]
fn a_stream_that_ends_with_its_last_job_is_not_a_failure() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&(frame_of("a", 9, "completed") + &problem_frame("b", "UNAUTHENTICATED")));
    assert!(world.open.is_empty());
    world.renewed(2, Renewal::Token("fresh".into()));
    assert!(world.wait_for_request() <= MIN_REOPEN_INTERVAL_MS);
}

#[test]
fn a_hundred_jobs_can_join_and_each_only_once() {
    let job = |id: &str| Subscription::new(JobId::parse(id).unwrap(), None, Include::NONE);
    let mut world = World::empty();
    for key in 1..=100 {
        assert!(world.connection.can_join(&job(&format!("j{key}"))));
        world.join(key, &format!("j{key}"));
        assert!(!world.connection.can_join(&job(&format!("j{key}"))));
    }
    assert!(!world.connection.can_join(&job("one-more")));
}

#[test]
fn a_job_that_is_retried_while_others_run_continues_for_its_readers() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&(frame_of("b", 1, "running") + &frame_of("a", 9, "completed") + END_OF_A));
    assert!(world.readers[&1].ended);
    world.send(&frame_of("a", 10, "queued"));
    assert!(!world.readers[&1].ended);
    world.send(&(frame_of("a", 11, "running") + &frame_of("a", 12, "completed")));
    assert_eq!((&world.readers[&1].seen, world.readers[&1].ended), (&vec![9, 10, 11, 12], true));
    assert_eq!(world.opened, [STREAM]);
}

#[test]
fn the_deletion_of_a_job_that_has_ended_is_no_problem_of_its_readers() {
    let mut world = World::with_jobs(&["a", "b"]).and_live();
    world.send(&(frame_of("a", 9, "completed") + END_OF_A + &problem_frame("a", "JOB_NOT_FOUND")));
    assert!(world.readers[&1].ended && world.readers[&1].problems.is_empty());
}
