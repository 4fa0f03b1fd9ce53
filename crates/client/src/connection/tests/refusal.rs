//! Refusals: tokens that are renewed, missing jobs, and fatal problems.

use super::{
    super::{Input, JobKey, Renewal, ResponseHead},
    frames::{document, frame, problem, problem_frame},
    world::{STREAM, World},
};
use protocol::include::Include;

#[test]
fn a_refused_token_is_renewed_once() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!((world.reader().renewals, world.reader().problems.len()), (1, 0));
    world.renewed(1, Renewal::Token("fresh".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"fresh""#));
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.reader().problems, [("UNAUTHENTICATED".into(), true)]);
    assert_eq!(world.reader().renewals, 1);
}

#[test]
fn without_a_token_the_page_is_asked_before_the_server() {
    let mut world = World::empty();
    world.join_with(1, "j", None, Include::NONE);
    assert_eq!((world.reader().renewals, world.opened.len()), (1, 0));
    world.renewed(1, Renewal::Token("first".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"first""#));

    let mut world = World::empty();
    world.join_with(1, "j", None, Include::NONE);
    world.renewed(1, Renewal::Impossible);
    world.wait_for_request();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.renewed(1, Renewal::Impossible);
    assert_eq!(world.reader().problems, [("UNAUTHENTICATED".into(), true)], "with the server's code");
}

#[test]
fn a_token_that_expires_in_a_stream_is_renewed_every_time() {
    let mut world = World::live();
    for seq in 1..4 {
        world.send(&frame(seq, "running"));
        world.send(&problem_frame("j", "UNAUTHENTICATED"));
        assert_eq!(world.reader().renewals, seq);
        world.renewed(1, Renewal::Token("fresh".into()));
        world.wait_for_request();
        world.stream();
    }
    assert!(world.reader().problems.is_empty());
}

const NOT_RENEWED: &str = "TOKEN_NOT_RENEWED";

#[test]
fn a_failed_renewal_is_emitted_once_and_retried_without_asking_the_server() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    let mut waited = 0;
    for renewals in 1..8 {
        assert_eq!(world.reader().renewals, renewals);
        world.renewed(1, Renewal::Failed);
        assert_eq!(world.reader().problems, [(NOT_RENEWED.into(), false)], "once, however often it fails");
        let pause = world.wait_for_renewal(1);
        assert!(pause >= waited.min(15_000), "it backs off");
        waited = pause;
    }
    assert!(world.open.is_empty(), "a refused token was sent again");
    world.renewed(1, Renewal::Token("fresh".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"fresh""#));
    // A document in between makes it another failure.
    world.stream();
    world.send(&frame(1, "running"));
    world.send(&problem_frame("j", "UNAUTHENTICATED"));
    world.renewed(1, Renewal::Failed);
    assert_eq!(world.reader().problems.len(), 2);
}

#[test]
fn without_a_token_only_the_page_is_asked_again() {
    let mut world = World::empty();
    world.join_with(1, "j", None, Include::NONE);
    for renewals in 1..5 {
        assert_eq!((world.reader().renewals, world.opened.len()), (renewals, 0));
        world.renewed(1, Renewal::Failed);
        world.wait_for_renewal(1);
    }
    assert_eq!(world.reader().problems, [(NOT_RENEWED.into(), false)]);
    world.renewed(1, Renewal::Token("first".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"first""#));

    // Beside a live job, too.
    let mut world = World::live();
    world.join_with(2, "k", None, Include::NONE);
    world.renewed(2, Renewal::Failed);
    world.wait_for_renewal(2);
    assert_eq!(world.opened.len(), 1);
}

#[test]
fn a_page_that_never_answers_is_asked_again() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.wait_for_renewal(1);
    assert_eq!(world.reader().problems, [(NOT_RENEWED.into(), false)]);
    assert_eq!((world.opened.len(), world.open.len()), (1, 0));
}

#[test]
fn a_renewal_that_becomes_impossible_makes_the_servers_refusal_fatal() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.renewed(1, Renewal::Failed);
    world.wait_for_renewal(1);
    world.renewed(1, Renewal::Impossible);
    assert_eq!(world.reader().problems.last(), Some(&("UNAUTHENTICATED".into(), true)));
    world.input(Input::Timer);
    assert!(world.open.is_empty());
}

#[test]
fn a_refresh_asks_the_page_at_once_unless_it_is_being_asked() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.refresh(1);
    assert_eq!(world.reader().renewals, 1, "the page is being asked already");
    world.renewed(1, Renewal::Failed);
    world.refresh(1);
    assert_eq!(world.reader().renewals, 2);
    assert!(world.open.is_empty());
}

#[test]
fn a_token_that_the_page_replaces_keeps_the_stream_and_is_used_when_the_former_one_expires() {
    let mut world = World::live();
    world.send(&frame(1, "running"));
    world.input(Input::Token(JobKey(1), "fresh".into()));
    world.input(Input::Timer);
    assert_eq!((world.opened.len(), world.open.len()), (1, 1), "the stream stays");
    world.send(&problem_frame("j", "UNAUTHENTICATED"));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"fresh""#));
    assert_eq!((world.reader().renewals, world.reader().problems.len()), (0, 0), "the page has given it already");
    // The page is asked for the next one.
    world.stream();
    world.send(&problem_frame("j", "UNAUTHENTICATED"));
    assert_eq!(world.reader().renewals, 1);
}

#[test]
fn a_token_that_the_page_replaces_continues_a_job_that_waits_for_one() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    assert_eq!(world.reader().renewals, 1);
    world.input(Input::Token(JobKey(1), "fresh".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"fresh""#));
}

#[test]
fn a_token_that_the_page_replaces_does_not_ask_for_an_ended_job() {
    let mut world = World::live();
    world.send(&frame(1, "completed"));
    let opened = world.opened.len();
    world.input(Input::Token(JobKey(1), "fresh".into()));
    world.input(Input::Timer);
    assert_eq!(world.opened.len(), opened);
}

#[test]
fn a_wrong_path_is_not_asked_for_again() {
    let mut world = World::new();
    world.answer(404, &problem("NOT_FOUND"));
    assert_eq!(world.reader().problems, [("NOT_FOUND".into(), true)]);
    world.input(Input::Timer);
    assert!(world.open.is_empty());
}

#[test]
fn a_refusal_that_waiting_cannot_change_is_fatal() {
    for (status, code) in [(400, "INVALID_REQUEST"), (403, "ACCESS_DENIED"), (405, "METHOD_NOT_ALLOWED")] {
        let mut world = World::new();
        world.answer(status, &problem(code));
        assert_eq!(world.reader().problems, [(code.into(), true)]);
        assert!(world.open.is_empty());
    }
}

#[test]
fn a_job_that_does_not_exist_yet_is_tried_again_and_a_deleted_one_is_not() {
    let mut world = World::live();
    for _ in 0..3 {
        world.send(&problem_frame("j", "JOB_NOT_FOUND"));
        assert!(world.open.is_empty(), "a stream without jobs is closed");
        assert!(world.wait_for_request() >= 5000);
        world.stream();
    }
    assert_eq!(world.reader().problems, [("JOB_NOT_FOUND".into(), false)]);
    world.send(&frame(1, "running"));
    world.send(&problem_frame("j", "JOB_NOT_FOUND"));
    assert_eq!(world.reader().problems.last(), Some(&("JOB_NOT_FOUND".into(), true)));
    assert!(world.open.is_empty());

    let mut world = World::new();
    world.answer(404, &problem("JOB_NOT_FOUND"));
    while !world.has_given_up() {
        world.wait_for_request();
        world.answer(404, &problem("JOB_NOT_FOUND"));
    }
    assert!(world.opened.len() < 30, "the number of tries is limited");
}

#[test]
fn an_unexpected_response_is_emitted_and_retried() {
    let mut world = World::new();
    world.head(200, false);
    assert_eq!(world.reader().problems, [("UNEXPECTED_ANSWER".into(), false)]);
    world.wait_for_request();
    world.answer(500, "<html>");
    assert_eq!(world.reader().problems.len(), 1, "the same problem is emitted once");
}

#[test]
fn a_refusal_by_a_proxy_is_checked_with_a_poll() {
    let mut world = World::new();
    world.answer(403, "<html>");
    assert_eq!(world.url(), "j/status");
    world.answer(200, &document(1, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.has_given_up()), ([1].as_slice(), false));
    world.wait_for_request();
    assert_eq!(world.url(), STREAM);
    world.answer(403, "<html>");
    world.answer(403, "<html>");
    assert!(world.has_given_up(), "the stream and the poll are refused");
}

#[test]
fn a_poll_beside_a_stream_that_must_wait_leaves_the_stream_live() {
    let mut world = World::live();
    let stream = world.id();
    world.refresh(1);
    let head = ResponseHead { status: 429, retry_after: Some(60), ..Default::default() };
    let id = world.id();
    world.input(Input::Head(id, head));
    world.close();
    assert_eq!(world.reader().problems.len(), 1);
    world.input(Input::Bytes(stream, frame(1, "running").as_bytes()));
    assert_eq!((world.reader().seen.as_slice(), world.link()), ([1].as_slice(), crate::Link::Live));
}
