//! Refusals: tokens that are renewed, jobs that are not there, and what no patience can mend.

use super::{
    super::{Input, Renewal, ResponseHead},
    world::{STREAM, World, document, frame, problem, problem_frame},
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
fn who_has_no_token_asks_the_page_before_the_server() {
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
    assert_eq!(world.reader().problems, [("UNAUTHENTICATED".into(), true)], "in the words of the server");
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
fn a_renewal_that_fails_is_told_once_and_tried_again_before_the_server_is() {
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
    assert!(world.open.is_empty(), "the server was asked with a token that it has refused");
    world.renewed(1, Renewal::Token("fresh".into()));
    world.wait_for_request();
    assert!(world.last().body.as_ref().unwrap().contains(r#""token":"fresh""#));
    // What was heard in between makes it another outage.
    world.stream();
    world.send(&frame(1, "running"));
    world.send(&problem_frame("j", "UNAUTHENTICATED"));
    world.renewed(1, Renewal::Failed);
    assert_eq!(world.reader().problems.len(), 2);
}

#[test]
fn who_never_had_a_token_asks_for_none_but_the_page() {
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

    // Beside others that are heard, too.
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
fn a_renewal_that_has_become_impossible_is_the_end_in_the_words_of_the_server() {
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
fn whoever_wants_to_know_now_has_the_page_asked_now_and_once() {
    let mut world = World::new();
    world.answer(401, &problem("UNAUTHENTICATED"));
    world.refresh(1);
    assert_eq!(world.reader().renewals, 1, "it is being asked");
    world.renewed(1, Renewal::Failed);
    world.refresh(1);
    assert_eq!(world.reader().renewals, 2);
    assert!(world.open.is_empty());
}

#[test]
fn what_no_patience_can_mend_is_fatal() {
    for (status, code) in [(400, "INVALID_REQUEST"), (403, "ACCESS_DENIED"), (405, "METHOD_NOT_ALLOWED")] {
        let mut world = World::new();
        world.answer(status, &problem(code));
        assert_eq!(world.reader().problems, [(code.into(), true)]);
        assert!(world.open.is_empty());
    }
}

#[test]
fn a_job_that_is_not_there_yet_is_looked_for_and_one_that_was_deleted_is_not() {
    let mut world = World::live();
    for _ in 0..3 {
        world.send(&problem_frame("j", "JOB_NOT_FOUND"));
        assert!(world.open.is_empty(), "a stream without jobs is of no use");
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
    assert!(world.opened.len() < 30, "patience is bounded");
}

#[test]
fn an_answer_of_something_else_is_told_and_tried_again() {
    let mut world = World::new();
    world.head(200, false);
    assert_eq!(world.reader().problems, [("UNEXPECTED_ANSWER".into(), false)]);
    world.wait_for_request();
    world.answer(500, "<html>");
    assert_eq!(world.reader().problems.len(), 1, "the same problem is told once");
}

#[test]
fn a_refusal_that_is_not_the_servers_own_is_checked_by_asking_for_the_job() {
    let mut world = World::new();
    world.answer(403, "<html>");
    assert_eq!(world.url(), "j/status");
    world.answer(200, &document(1, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.has_given_up()), ([1].as_slice(), false));
    world.wait_for_request();
    assert_eq!(world.url(), STREAM);
    world.answer(403, "<html>");
    world.answer(403, "<html>");
    assert!(world.has_given_up(), "it is refused both ways");
}

#[test]
fn a_question_beside_a_stream_that_has_to_wait_disturbs_nobody() {
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
