//! Chance: a server that cuts, fails, stalls and refuses at random.

use proptest::prelude::*;

use super::{
    super::Input,
    world::{END, World, document, frame, frame_of, problem, problem_frame},
};

proptest! {
    /// One answer in three is let through.
    #[test]
    fn however_it_is_cut_it_gets_to_the_end_in_order(moves in prop::collection::vec((0_u8..12, 0_u64..400), 0..120)) {
        let mut world = World::new();
        let mut seq = 1;
        let calm = std::iter::repeat_n((0, 400), 12);
        for (step, cut) in moves.into_iter().chain(calm) {
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

    /// Jobs come, leave and are refused, streams open and are cut; in the calm after it one stream serves those that are
    /// there, and each sees where its job stands.
    #[test]
    fn whoever_is_there_in_the_end_is_heard(moves in prop::collection::vec((0_u8..9, 1_u32..8), 0..100)) {
        let mut world = World::empty();
        let mut key = 0;
        let mut there: Vec<(u32, String)> = vec![];
        for (step, which) in moves {
            let chosen = there.get(which as usize % there.len().max(1)).cloned();
            match (step, chosen) {
                (0 | 1, _) => {
                    let id = format!("job-{which}");
                    if there.iter().all(|(_, other)| *other != id) {
                        key += 1;
                        world.join(key, &id);
                        there.push((key, id));
                    }
                }
                (2, Some((key, _))) => {
                    world.leave(key);
                    there.retain(|(other, _)| *other != key);
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
                _ if world.timer.is_some() => { world.wait_for_timer(); }
                _ => {}
            }
        }
        // As long as it takes to try a stream once more after polls have stood in for it.
        for _ in 0..600 {
            world.serve_all();
            world.advance(1_000);
        }
        if there.is_empty() {
            prop_assert!(world.open.is_empty(), "{:?}", world.open);
            return Ok(());
        }
        prop_assert_eq!(world.open.len(), 1);
        // Of those that have left, only whom the server has refused on this stream can stand there.
        let asked: Vec<_> = world.requested_jobs().into_iter().map(|(id, _)| id).collect();
        prop_assert!(there.iter().all(|(_, id)| asked.contains(id)), "{:?} {:?}", asked, world.connection);
        let frames: String = there.iter().map(|(_, id)| frame_of(id, 1_000, "running")).collect();
        world.send(&frames);
        for (key, id) in &there {
            prop_assert_eq!(world.readers[key].seen.last(), Some(&1_000), "{}", id);
        }
    }
}
