//! One job: its documents, its end, and how its stream is opened again.

use protocol::sse::HEARTBEAT_MS;

use super::{
    super::{ANSWER_MS, HEALTHY_MS, Input, QUICK_ANSWER_MS, QUICK_TRIES, SILENCE_MS},
    frames::{END, document, frame, problem, retried},
    world::{STREAM, World},
};
use crate::{connection::ResponseHead, link::Link};

#[test]
fn the_link_is_live_from_the_first_byte_and_documents_are_emitted() {
    let mut world = World::new();
    assert_eq!(world.reader().links, [Link::Connecting]);
    assert_eq!((world.url(), &world.last().token), (STREAM, &None));
    assert_eq!(world.last().body.as_deref(), Some(r#"{"jobs":[{"jobId":"j","token":"secret"}]}"#));
    world.stream();
    assert_eq!(world.reader().links, [Link::Connecting]);
    world.send(": ok\n");
    assert_eq!(world.reader().links, [Link::Connecting, Link::Live]);
    let frames = frame(1, "queued") + &frame(2, "running");
    let (first, second) = frames.split_at(50);
    world.send(first);
    world.send(second);
    assert_eq!(world.reader().seen, [1, 2]);
}

#[test]
fn a_document_that_is_not_newer_is_not_emitted() {
    let mut world = World::live();
    world.send(&frame(5, "running"));
    world.send(&frame(5, "running"));
    world.send(&frame(4, "running"));
    assert_eq!(world.reader().seen, [5]);
    world.send(&frame(1, "running").replace("aaaaaa", "bbbbbb"));
    assert_eq!(world.reader().seen, [5, 1], "a recreated job starts again");
}

#[test]
fn a_new_stream_is_requested_with_the_cursor() {
    let mut world = World::live();
    world.send(&frame(3, "running"));
    world.close();
    assert_eq!(world.link(), Link::Connecting);
    world.wait_for_request();
    assert_eq!(world.requested_jobs(), [("j".into(), "aaaaaa.3".into())]);
}

#[test]
fn the_connection_stops_at_the_last_document_or_at_an_end_frame() {
    let mut world = World::live();
    world.send(&frame(9, "completed"));
    assert!(world.reader().ended && world.open.is_empty());
    assert_eq!(world.reader().seen, [9]);
    world.advance(86_400_000);
    assert!(world.open.is_empty(), "nothing is requested after the end");

    let mut world = World::live();
    world.send(&retried(9, "failed"));
    assert!(!world.reader().ended, "a retry is planned");
    world.send(END);
    assert!(world.reader().ended && world.open.is_empty());
}

#[test]
fn an_end_whose_document_was_lost_is_requested_again() {
    let mut world = World::live();
    world.send(&frame(8, "running"));
    world.send(END);
    assert!(!world.reader().ended);
    world.wait_for_request();
    world.stream();
    world.send(&frame(9, "completed"));
    assert_eq!((world.reader().seen.as_slice(), world.reader().ended), ([8, 9].as_slice(), true));
}

#[test]
fn waits_double_with_every_failure_until_a_stream_was_healthy() {
    let mut world = World::new();
    let mut waits = vec![];
    for _ in 0..8 {
        world.fail();
        waits.push(world.wait_for_request());
    }
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    world.stream();
    world.send(": ok\n");
    world.close();
    assert_eq!(world.wait_for_request(), 15_000, "a stream that ends at once is not healthy");
    world.stream();
    world.send(": ok\n");
    world.now += HEALTHY_MS;
    world.send(":\n");
    world.close();
    assert_eq!(world.wait_for_request(), 250);
}

#[test]
fn the_client_waits_at_least_as_long_as_the_server_asks() {
    let mut world = World::live();
    world.send("retry: 3000\n\n");
    world.close();
    assert_eq!(world.wait_for_request(), 3250);
    let head = ResponseHead { status: 503, retry_after: Some(20), ..Default::default() };
    world.input(Input::Head(world.id(), head));
    world.send(&problem("OVERLOADED"));
    world.close();
    assert_eq!(world.wait_for_request(), 20_500);
    assert_eq!(world.reader().problems, [("OVERLOADED".into(), false)]);
}

#[test]
fn a_silent_stream_is_replaced_and_heartbeats_keep_one_open() {
    let mut world = World::live();
    for _ in 0..10 {
        world.now += 15_000;
        world.send(":\n");
        world.input(Input::Timer);
    }
    assert_eq!(world.opened.len(), 1);
    let silent = world.wait_for_request();
    assert!((SILENCE_MS..SILENCE_MS + 1000).contains(&silent), "{silent}");
}

#[test]
fn a_stream_that_misses_two_heartbeats_is_lost_at_once_and_opened_again_without_a_delay() {
    let mut world = World::live();
    world.advance(SILENCE_MS - 1);
    assert_eq!((world.link(), world.opened.len()), (Link::Live, 1));
    world.advance(1);
    assert_eq!((world.link(), world.opened.len()), (Link::Connecting, 2));
    assert!((2 * HEARTBEAT_MS..3 * HEARTBEAT_MS).contains(&SILENCE_MS), "{SILENCE_MS}");
}

#[test]
fn after_a_silence_connections_that_died_too_are_given_up_quickly_and_do_not_lead_to_polls() {
    let mut world = World::live();
    world.advance(SILENCE_MS);
    for _ in 0..QUICK_TRIES {
        assert_eq!(world.wait_for_request(), QUICK_ANSWER_MS);
        assert_eq!((world.url(), world.open.len()), (STREAM, 1));
    }
    assert!(world.wait_for_request() >= ANSWER_MS, "a server that is only slow gets its time");
    // Any byte ends the haste.
    world.stream();
    world.send(": ok\n");
    world.close();
    world.wait_for_request();
    assert!(world.wait_for_request() >= ANSWER_MS);
}

#[test]
fn events_of_an_aborted_request_are_ignored() {
    let mut world = World::live();
    let old = world.id();
    world.input(Input::Offline);
    world.input(Input::Online);
    assert_ne!(world.id(), old);
    world.input(Input::Bytes(old, frame(7, "running").as_bytes()));
    world.input(Input::Closed(old));
    world.input(Input::Failed(old));
    assert!(world.reader().seen.is_empty());
    world.stream();
    world.send(&frame(7, "running"));
    assert_eq!(world.reader().seen, [7]);
}

#[test]
fn unknown_frames_are_ignored() {
    let mut world = World::live();
    world
        .send("event: log\ndata: {\"jobId\":\"j\"}\n\nevent: novelty\ndata: x\n\ndata: no json\n\ndata: {\"a\":1}\n\n");
    world.send(&frame(1, "running"));
    assert_eq!(world.reader().seen, [1]);
}

#[test]
fn a_stream_with_an_overlong_line_is_replaced() {
    let mut world = World::live();
    let long = vec![b'x'; protocol::sse::LINE_BYTES + 1];
    world.input(Input::Bytes(world.id(), &long));
    assert!(world.open.is_empty());
    world.wait_for_request();
}

#[test]
fn a_refresh_requests_the_document_at_once_even_after_the_end() {
    let mut world = World::live();
    world.refresh(1);
    assert_eq!((world.url(), world.last().token.as_deref()), ("j/status", Some("secret")));
    world.refresh(1);
    assert_eq!(world.open.len(), 2, "a poll that is open is not repeated");
    world.answer(200, &document(4, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.open.len()), ([4].as_slice(), 1));
    world.refresh(1);
    assert_eq!(world.url(), "j/status?wait=0&cursor=aaaaaa.4");
    assert_eq!(world.reader().unchanged, 0);
    world.head(304, false);
    assert_eq!(world.reader().unchanged, 1, "the answer is emitted, although nothing has changed");
    world.send(&frame(9, "failed"));
    assert!(world.reader().ended && world.open.is_empty());

    world.refresh(1);
    world.answer(200, &document(9, "failed"));
    assert!(world.open.is_empty(), "it has still ended");
    assert_eq!(world.reader().unchanged, 2);
    world.refresh(1);
    world.answer(200, &document(10, "queued"));
    assert_eq!(world.reader().seen, [4, 9, 10]);
    world.wait_for_request();
    assert_eq!(world.url(), STREAM, "the job was retried");
}
