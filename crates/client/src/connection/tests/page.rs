//! The page and its device: offline and online, hidden and shown, frozen and woken, and clocks that are wrong.

use super::{
    super::{Input, ResponseHead},
    world::{World, frame},
};
use crate::link::Link;

#[test]
fn offline_is_said_and_online_tries_at_once() {
    let mut world = World::live();
    world.input(Input::Offline);
    assert_eq!(world.link(), Link::Offline);
    world.fail();
    for _ in 0..6 {
        world.wait_for_request();
        world.fail();
    }
    assert_eq!(world.link(), Link::Offline);
    world.input(Input::Online);
    assert!(world.wait_for_request() <= 500);
    world.stream();
    world.send(":\n");
    assert_eq!(world.link(), Link::Live);
}

#[test]
fn online_does_not_break_the_peace_that_a_server_asked_for() {
    let mut world = World::new();
    let head = ResponseHead { status: 429, retry_after: Some(60), ..Default::default() };
    world.input(Input::Head(world.id(), head));
    world.close();
    world.input(Input::Offline);
    world.input(Input::Online);
    world.input(Input::Shown);
    world.input(Input::Frozen);
    world.input(Input::Thawed);
    assert!(world.wait_for_request() >= 60_000);
}

#[test]
fn a_page_that_is_shown_again_doubts_a_stream_that_was_silent() {
    let mut world = World::live();
    world.now += 10_000;
    world.input(Input::Shown);
    assert_eq!(world.opened.len(), 1);
    world.now += 20_000;
    world.input(Input::Shown);
    assert_eq!((world.opened.len(), world.open.len()), (2, 1));
}

#[test]
fn a_frozen_page_holds_nothing_open_and_resumes_at_once() {
    let mut world = World::live();
    world.send(&frame(3, "running"));
    world.refresh(1);
    world.input(Input::Frozen);
    assert!(world.open.is_empty());
    world.now += 86_400_000;
    world.input(Input::Timer);
    world.input(Input::Online);
    world.refresh(1);
    world.join(2, "later");
    assert!(world.open.is_empty());
    world.input(Input::Thawed);
    world.advance(1);
    assert_eq!(world.requested_jobs(), [("j".into(), "aaaaaa.3".into()), ("later".into(), String::new())]);
}

#[test]
fn a_clock_that_is_put_back_does_not_stop_it() {
    let mut world = World::new();
    world.fail();
    world.now -= 86_400_000;
    world.timer = Some(world.now + 250);
    world.wait_for_timer();
    while world.open.is_empty() {
        assert!(world.wait_for_timer() <= 500);
    }
}

#[test]
fn the_clock_is_corrected_by_the_servers() {
    let mut world = World::new();
    let head = |date| ResponseHead { status: 200, is_stream: true, date: Some(date), ..Default::default() };
    world.input(Input::Head(world.id(), head(world.now - 400)));
    assert_eq!(world.clock_offset, 0, "a second counts for nothing, as the header has whole ones");
    world.input(Input::Head(world.id(), head(world.now - 90_500)));
    assert_eq!(world.clock_offset, -90_000);
}
