//! Random sequences: a server that cuts, fails, stalls and refuses.

use proptest::prelude::*;

use super::{
    super::{Input, JobKey},
    frames::{END, document, frame, frame_of, problem, problem_frame},
    world::World,
};

proptest! {
    /// One response in three is complete.
    #[test]
    fn documents_arrive_in_order_up_to_the_last_one_however_streams_are_cut(moves in prop::collection::vec((0_u8..12, 0_u64..400), 0..120)) {
        let mut world = World::new();
        let mut seq = 1;
        let undisturbed = std::iter::repeat_n((0, 400), 12);
        for (step, cut) in moves.into_iter().chain(undisturbed) {
            if world.reader().ended || world.has_given_up() {
                break;
            }
            if world.open.is_empty() {
                world.wait_for_request();
            }
            let is_stream = world.last().body.is_some();
            seq += 1;
            let last = cut >= 390;
            let status = if last { "completed" } else { "running" };
            match step {
                0..4 if is_stream => {
                    let id = world.id();
                    world.stream();
                    let frames = frame(seq, status) + if last { END } else { "" };
                    let cut = (cut as usize).min(frames.len());
                    world.send(&frames[..cut]);
                    if world.open.contains_key(&id) { world.close() }
                }
                0..4 => world.answer(200, &document(seq, status)),
                4 => world.fail(),
                5 => { world.head(if is_stream { 200 } else { 500 }, is_stream); world.close() }
                6 => world.answer(503, &problem("OVERLOADED")),
                7 => { world.wait_for_timer(); }
                8 => { world.input(Input::Offline); world.input(Input::Shown) }
                9 => world.input(Input::Online),
                10 => { world.input(Input::Frozen); world.now += 60_000; world.input(Input::Thawed) }
                _ => world.answer(200, "<html>"),
            }
        }
        let seen = &world.reader().seen;
        prop_assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(world.reader().ended, "{:?}", world.connection);
        prop_assert!(!world.has_given_up());
    }

    /// Jobs join, leave and are refused; streams open and are cut. Once the faults stop, one stream serves the remaining
    /// jobs, and each reader gets the current document.
    #[test]
    fn every_job_that_has_not_left_is_served_in_the_end(moves in prop::collection::vec((0_u8..10, 1_u32..8), 0..100)) {
        let mut world = World::empty();
        let mut key = 0;
        let mut joined: Vec<(u32, String)> = vec![];
        for (step, which) in moves {
            let chosen = joined.get(which as usize % joined.len().max(1)).cloned();
            match (step, chosen) {
                (0 | 1, _) => {
                    let id = format!("job-{which}");
                    if joined.iter().all(|(_, other)| *other != id) {
                        key += 1;
                        world.join(key, &id);
                        joined.push((key, id));
                    }
                }
                (2, Some((key, _))) => {
                    world.leave(key);
                    joined.retain(|(other, _)| *other != key);
                }
                (3, Some((key, _))) => world.refresh(key),
                (4, Some((_, id))) if !world.open.is_empty() && world.last().body.is_some() => {
                    world.stream();
                    world.send(&problem_frame(&id, "OVERLOADED"));
                }
                (5, _) if !world.open.is_empty() => world.fail(),
                (6, _) if !world.open.is_empty() && world.last().body.is_some() => {
                    world.stream();
                    world.send(": ok\n\n");
                }
                (7, _) => { world.input(Input::Frozen); world.input(Input::Thawed) }
                (8, Some((key, id))) => {
                    world.input(Input::Token(JobKey(key), "fresh".to_owned()));
                    if !world.open.is_empty() && world.last().body.is_some() {
                        world.stream();
                        world.send(&problem_frame(&id, "UNAUTHENTICATED"));
                    }
                }
                _ if world.timer.is_some() => { world.wait_for_timer(); }
                _ => {}
            }
        }
        // Long enough for a stream to be tried again after polls were the route.
        for _ in 0..600 {
            world.serve_all();
            world.advance(1_000);
        }
        if joined.is_empty() {
            prop_assert!(world.open.is_empty(), "{:?}", world.open);
            return Ok(());
        }
        prop_assert_eq!(world.open.len(), 1);
        // The request may also name jobs that have left, if the server has refused them on this stream.
        let requested: Vec<_> = world.requested_jobs().into_iter().map(|(id, _)| id).collect();
        prop_assert!(joined.iter().all(|(_, id)| requested.contains(id)), "{:?} {:?}", requested, world.connection);
        let frames: String = joined.iter().map(|(_, id)| frame_of(id, 1_000, "running")).collect();
        world.send(&frames);
        for (key, id) in &joined {
            prop_assert_eq!(world.readers[key].seen.last(), Some(&1_000), "{}", id);
        }
    }
}
