//! A storm: all viewers are cut at once and come back one by one.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bench::{
    comeback::{self, Place, Seen},
    sample::Sample,
};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use crate::{Stage, alone, report, run, within};

const VIEWERS: usize = 500;

#[test]
fn five_hundred_viewers_who_are_cut_at_once_come_back_spread_out_and_see_the_end() {
    let _alone = alone();
    let stage = Stage::new("storm");
    run(async {
        let mut producer = stage.producer();
        report(&mut producer, json!({"status": "running", "current": 0, "message": "0"})).await;
        let place = Place { port: stage.server.port.into(), key: stage.key.text.clone(), job: stage.job.clone() };
        let place = Arc::new(place);
        let seen: Vec<Arc<Seen>> = (0..VIEWERS).map(|_| Arc::default()).collect();
        let (cut, cuts) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for seen in &seen {
            tasks.spawn(comeback::watch(Arc::clone(&place), Arc::clone(seen), cuts.clone()));
        }
        let lives = |wanted: usize| {
            let seen = &seen;
            move || seen.iter().all(|seen| seen.lives().len() >= wanted)
        };
        within(Duration::from_secs(60), "all are there", lives(1)).await;
        cut.send(1).unwrap();
        let began = Instant::now();
        // The job goes on, as a storm is no reason to stop.
        let mut number = 0;
        while !lives(2)() {
            number += 1;
            report(&mut producer, json!({"current": number, "message": number.to_string()})).await;
            assert!(began.elapsed() < Duration::from_secs(30), "some did not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut waits = Sample::default();
        for seen in &seen {
            waits.add(seen.lives()[1].saturating_duration_since(began).as_secs_f64() * 1_000.0);
        }
        let [first, half, most, last] = [0.01, 0.5, 0.95, 1.0].map(|share| waits.percentile(share));
        println!("live again: 1 % {first:.0} ms, half {half:.0} ms, 95 % {most:.0} ms, all {last:.0} ms");
        assert!(most <= 5_000.0, "95 % were live again after {most:.0} ms");
        assert!(most - first >= 1_000.0, "all came back at once, within {:.0} ms", most - first);

        report(&mut producer, json!({"status": "completed", "message": "done"})).await;
        let all_ended = || seen.iter().all(|seen| seen.ended.load(Relaxed));
        within(Duration::from_secs(15), "all have seen the end", all_ended).await;
        let wrongs: Vec<_> = seen.iter().flat_map(|seen| seen.wrongs()).collect();
        assert!(wrongs.is_empty(), "{wrongs:?}");
    });
}
