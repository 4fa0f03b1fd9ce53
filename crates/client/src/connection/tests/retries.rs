//! Jobs that have ended and are retried while the page is not looked at.

use super::{
    super::Input,
    frames::{document, frame, problem},
    world::{STREAM, World},
};

/// One job that has ended with that state.
fn ended(status: &str) -> World {
    let mut world = World::live();
    world.send(&frame(9, status));
    assert!(world.reader().ended && world.open.is_empty());
    world
}

#[test]
fn a_page_that_is_shown_again_asks_once_whether_a_job_that_did_not_complete_was_retried() {
    for status in ["failed", "cancelled", "timeout"] {
        for shown in [Input::Shown, Input::Thawed] {
            let mut world = ended(status);
            world.now += 86_400_000;
            world.input(shown);
            assert_eq!(world.url(), "j/status?wait=0&cursor=aaaaaa.9");
            world.head(304, false);
            assert!(world.open.is_empty() && world.reader().ended);
            assert_eq!((world.reader().seen.as_slice(), world.reader().unchanged), ([9].as_slice(), 0));
            world.advance(86_400_000);
            assert!(world.open.is_empty(), "it asks again without a reason");
        }
    }
    let mut world = ended("completed");
    world.input(Input::Shown);
    assert!(world.open.is_empty(), "a completed job cannot be retried");
}

#[test]
fn a_retry_that_is_found_is_followed_to_its_own_end() {
    let mut world = ended("failed");
    world.input(Input::Shown);
    world.answer(200, &document(11, "running"));
    world.wait_for_request();
    assert_eq!((world.url(), world.reader().ended), (STREAM, false));
    world.stream();
    world.send(&frame(15, "completed"));
    assert_eq!((world.reader().seen.as_slice(), world.reader().ended), ([9, 11, 15].as_slice(), true));
}

#[test]
fn a_retry_that_has_ended_too_is_emitted_with_its_end() {
    let mut world = ended("failed");
    world.input(Input::Shown);
    world.answer(200, &document(15, "completed"));
    assert_eq!((world.reader().seen.as_slice(), world.reader().ended), ([9, 15].as_slice(), true));
    assert!(world.open.is_empty());
}

#[test]
fn a_refusal_of_that_question_changes_nothing() {
    for (status, code) in
        [(401, "UNAUTHENTICATED"), (404, "JOB_NOT_FOUND"), (429, "RATE_LIMIT_EXCEEDED"), (500, "INTERNAL")]
    {
        let mut world = ended("failed");
        world.input(Input::Shown);
        world.answer(status, &problem(code));
        assert!(world.reader().problems.is_empty() && world.reader().renewals == 0, "{code}");
        assert!(world.open.is_empty() && world.reader().ended, "{code}");
    }
}
