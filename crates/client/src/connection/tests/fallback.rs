//! Streams that a proxy cuts, and the polls that replace them.

use super::{
    super::{ANSWER_MS, Input},
    frames::{document, document_of, frame_of},
    world::{STREAM, World},
};
use crate::link::Link;

/// Cuts streams until polls are the route; the first poll of the first job is open then.
fn fall_back(world: &mut World) {
    world.stream();
    world.close();
    world.wait_for_request();
    world.stream();
    world.close();
    assert!(world.last().body.is_none());
}

#[test]
fn streams_cut_before_any_byte_lead_to_polls_and_back() {
    let mut world = World::new();
    world.stream();
    world.close();
    world.wait_for_request();
    // A proxy that holds every byte back is given up after the timeout for the first byte.
    assert_eq!(world.wait_for_request(), ANSWER_MS);
    assert_eq!(world.url(), "j/status");
    world.answer(200, &document(1, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.link()), ([1].as_slice(), Link::Polling));
    world.wait_for_request();
    assert_eq!(world.url(), "j/status?wait=25&cursor=aaaaaa.1");
    world.now += 25_000;
    world.head(304, false);
    world.wait_for_request();
    world.answer(200, &document(2, "running"));
    assert_eq!(world.reader().seen, [1, 2]);
    assert_eq!(world.link(), Link::Polling);
    // After a while a stream is tried again while the poll stays open.
    world.wait_for_stream();
    assert_eq!(world.link(), Link::Polling);
    world.stream();
    world.send(": ok\n\n");
    assert_eq!((world.link(), world.open.len()), (Link::Live, 1));
}

#[test]
fn a_probe_that_fails_does_not_interrupt_polls() {
    let mut world = World::new();
    fall_back(&mut world);
    world.answer(200, &document(1, "running"));
    world.wait_for_stream();
    world.fail();
    world.wait_for_request();
    world.answer(200, &document(2, "running"));
    assert_eq!((world.reader().seen.as_slice(), world.link()), ([1, 2].as_slice(), Link::Polling));
}

#[test]
fn long_polls_that_are_cut_lead_to_plain_polls_at_the_interval_the_server_asks_for() {
    let mut world = World::new();
    fall_back(&mut world);
    world.answer(200, &document(1, "running"));
    for _ in 0..2 {
        world.wait_for_request();
        assert_eq!(world.url(), "j/status?wait=25&cursor=aaaaaa.1");
        world.answer(504, "<html>");
    }
    world.wait_for_request();
    assert_eq!(world.url(), "j/status?wait=0&cursor=aaaaaa.1");
    world.answer(200, &document(2, "running").replacen('{', "{\"pollAfterMs\":7000,", 1));
    assert_eq!(world.link(), Link::Polling);
    assert_eq!(world.wait_for_request(), 7000);
    world.answer(200, &document(3, "completed"));
    assert_eq!((world.reader().seen.as_slice(), world.reader().ended), ([1, 2, 3].as_slice(), true));
    assert!(world.open.is_empty());
}

#[test]
fn an_unreachable_server_is_not_polled() {
    let mut world = World::new();
    for _ in 0..6 {
        world.fail();
        world.wait_for_request();
        assert_eq!(world.url(), STREAM);
    }
    assert_eq!(world.link(), Link::Connecting);
}

#[test]
fn a_server_without_any_response_is_a_problem_within_seconds_and_once() {
    for fails in [true, false] {
        let mut world = World::with_jobs(&["j", "other"]);
        let start = world.now;
        loop {
            if fails {
                world.fail();
            }
            if !world.reader().problems.is_empty() {
                break;
            }
            world.wait_for_request();
        }
        let limit = if fails { 5_000 } else { 2 * ANSWER_MS };
        assert!(world.now - start <= limit, "{} ms", world.now - start);
        for _ in 0..10 {
            world.wait_for_request();
        }
        let problems = [("NO_RESPONSE".to_owned(), false)];
        assert!(world.readers.values().all(|reader| reader.problems == problems), "{:?}", world.readers);
    }
}

#[test]
fn a_job_that_was_shown_has_no_problem_when_its_server_is_gone_or_the_device_is_offline() {
    let mut world = World::live();
    world.send(&frame_of("j", 1, "running"));
    world.close();
    for _ in 0..10 {
        world.wait_for_request();
        world.fail();
    }
    assert_eq!(world.reader().problems, []);
    let mut world = World::new();
    world.input(Input::Offline);
    for _ in 0..10 {
        world.fail();
        world.wait_for_request();
    }
    assert_eq!(world.reader().problems, []);
}

#[test]
fn many_jobs_are_polled_four_at_a_time_and_all_at_the_same_interval() {
    let ids: Vec<_> = (1..=40).map(|index| format!("j{index}")).collect();
    let mut world = World::with_jobs(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    fall_back(&mut world);
    let start = world.now;
    let mut polls = 0_u64;
    while world.now - start < 60_000 {
        assert!(world.open.len() <= 4, "{} requests are open", world.open.len());
        if world.open.is_empty() {
            world.wait_for_timer();
            continue;
        }
        let url = world.last().url.clone();
        assert!(!url.contains("wait=25"), "{url}");
        let id = url.strip_prefix("http://h/v2/jobs/").and_then(|rest| rest.split('/').next()).unwrap().to_owned();
        polls += 1;
        world.answer(200, &document_of(&id, polls, "running"));
    }
    assert!((400..=620).contains(&polls), "{polls} polls in a minute");
    assert!(world.readers.values().all(|reader| reader.seen.len() >= 10));
    assert!(world.readers.values().all(|reader| reader.links.last() == Some(&Link::Polling)));
    // A stream that works again carries all jobs.
    world.wait_for_stream();
    world.stream();
    world.send(&frame_of("j40", 10_000, "running"));
    assert!(world.readers.values().all(|reader| reader.links.last() == Some(&Link::Live)));
    assert_eq!((world.readers[&40].seen.last(), world.open.len()), (Some(&10_000), 1));
}
