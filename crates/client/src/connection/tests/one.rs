//! One job: its documents, its end, and the stream that is cut and comes back.

use super::{
    super::{HEALTHY_MS, Input, SILENCE_MS},
    world::{END, STREAM, World, document, frame, retried},
};
use crate::{connection::ResponseHead, link::Link};

#[test]
fn it_goes_live_with_the_first_byte_and_hands_over_what_comes() {
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
fn a_document_it_has_is_not_handed_over_again() {
    let mut world = World::live();
    world.send(&frame(5, "running"));
    world.send(&frame(5, "running"));
    world.send(&frame(4, "running"));
    assert_eq!(world.reader().seen, [5]);
    world.send(&frame(1, "running").replace("aaaaaa", "bbbbbb"));
    assert_eq!(world.reader().seen, [5, 1], "a job made again under its id begins anew");
}

#[test]
fn it_comes_back_with_its_place() {
    let mut world = World::live();
    world.send(&frame(3, "running"));
    world.close();
    assert_eq!(world.link(), Link::Connecting);
    world.wait_for_request();
    assert_eq!(world.requested_jobs(), [("j".into(), "aaaaaa.3".into())]);
}

#[test]
fn the_end_stops_it_whether_it_is_said_or_seen() {
    let mut world = World::live();
    world.send(&frame(9, "completed"));
    assert!(world.reader().ended && world.open.is_empty());
    assert_eq!(world.reader().seen, [9]);
    world.advance(86_400_000);
    assert!(world.open.is_empty(), "nothing comes back");

    let mut world = World::live();
    world.send(&retried(9, "failed"));
    assert!(!world.reader().ended, "a retry is planned");
    world.send(END);
    assert!(world.reader().ended && world.open.is_empty());
}

#[test]
fn an_end_whose_document_was_lost_is_asked_for_again() {
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
fn failures_are_waited_for_longer_and_longer_until_a_stream_was_healthy() {
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
fn it_waits_as_long_as_the_server_asks() {
    let mut world = World::live();
    world.send("retry: 3000\n\n");
    world.close();
    assert_eq!(world.wait_for_request(), 3250);
    let head = ResponseHead { status: 503, retry_after: Some(20), ..Default::default() };
    world.input(Input::Head(world.id(), head));
    world.send(&super::world::problem("OVERLOADED"));
    world.close();
    assert_eq!(world.wait_for_request(), 20_500);
    assert_eq!(world.reader().problems, [("OVERLOADED".into(), false)]);
}

#[test]
fn a_silent_stream_is_dead_and_a_heartbeat_keeps_it_alive() {
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
fn bytes_of_a_request_that_was_given_up_are_ignored() {
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
fn frames_it_does_not_know_are_ignored() {
    let mut world = World::live();
    world
        .send("event: log\ndata: {\"jobId\":\"j\"}\n\nevent: novelty\ndata: x\n\ndata: no json\n\ndata: {\"a\":1}\n\n");
    world.send(&frame(1, "running"));
    assert_eq!(world.reader().seen, [1]);
}

#[test]
fn a_stream_with_a_line_too_long_is_taken_up_again() {
    let mut world = World::live();
    let long = vec![b'x'; protocol::sse::LINE_BYTES + 1];
    world.input(Input::Bytes(world.id(), &long));
    assert!(world.open.is_empty());
    world.wait_for_request();
}

#[test]
fn who_asks_is_told_at_once_and_again_after_the_end() {
    let mut world = World::live();
    world.refresh(1);
    assert_eq!((world.url(), world.last().token.as_deref()), ("j/status", Some("secret")));
    world.refresh(1);
    assert_eq!(world.open.len(), 2, "a question that is out is not asked twice");
    world.answer(200, &document(4, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.open.len()), ([4].as_slice(), 1));
    world.refresh(1);
    assert_eq!(world.url(), "j/status?wait=0&cursor=aaaaaa.4");
    world.head(304, false);
    world.send(&frame(9, "failed"));
    assert!(world.reader().ended && world.open.is_empty());

    world.refresh(1);
    world.answer(200, &document(9, "failed"));
    assert!(world.open.is_empty(), "it is still over");
    world.refresh(1);
    world.answer(200, &document(10, "queued"));
    assert_eq!(world.reader().seen, [4, 9, 10]);
    world.wait_for_request();
    assert_eq!(world.url(), STREAM, "somebody has retried it");
}
