//! The page and its device: offline and online, hidden and shown, frozen and thawed, and clocks that are wrong.

use super::{
    super::{Input, ResponseHead},
    frames::frame,
    world::World,
};
use crate::link::Link;

#[test]
fn offline_is_emitted_and_online_retries_at_once() {
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
fn no_event_of_the_page_shortens_a_retry_after() {
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
fn a_page_that_is_shown_again_replaces_a_silent_stream() {
    let mut world = World::live();
    world.now += 10_000;
    world.input(Input::Shown);
    assert_eq!(world.opened.len(), 1);
    world.now += 20_000;
    world.input(Input::Shown);
    assert_eq!((world.opened.len(), world.open.len()), (2, 1));
}

#[test]
fn a_frozen_page_has_no_open_request_and_resumes_at_once() {
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
fn a_clock_that_is_set_back_does_not_stop_the_connection() {
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
fn every_response_emits_the_time_of_the_server_even_if_the_clock_of_the_device_differs() {
    let mut world = World::new();
    let head = |date| ResponseHead { status: 200, is_stream: true, date: Some(date), ..Default::default() };
    world.input(Input::Head(world.id(), head(1_600_000_000_000)));
    assert_eq!(world.server_time, Some(1_600_000_000_500));
}
