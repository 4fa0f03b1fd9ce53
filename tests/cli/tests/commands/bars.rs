//! `jp watch` in a terminal.

use cli_tests::{
    job::Job,
    proxy::{Mode, Proxy},
    terminal::Terminal,
};
use contract::{http::Request, target::Target};
use serde_json::json;

#[test]
fn the_bar_of_a_job_moves_and_its_last_line_stays() {
    let job = Job::create(&json!({"current": 45, "total": 100, "unit": "files", "message": "Resizing"}));
    let mut terminal = Terminal::run(&["watch", &job.id], 10, 120, &[]);
    let screen = terminal.until(|screen| screen.contains("45%"));
    assert_eq!(screen, format!("{}  ━━━━━━━━━━━━━╸────────────────   45%  45/100 files  Resizing", job.id));
    job.report(&json!({"current": 80, "message": "Uploading", "estimatedCompletion": "2099-01-01T00:00:00Z"}));
    terminal.until(|screen| screen.contains("80%  80/100 files") && screen.contains(" left  Uploading"));
    job.report(&json!({"status": "completed"}));
    assert_eq!(terminal.exit(), 0);
    let screen = terminal.screen();
    assert!(screen.starts_with(&format!("{}  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100%  completed", job.id)), "{screen}");
    // The prompt of the shell comes next, on a line of its own.
    assert_eq!((screen.lines().count(), terminal.cursor()), (1, (true, 1, 0)));
}

#[test]
fn each_job_has_a_line_and_the_exit_is_that_of_the_first_one_that_did_not_complete() {
    let jobs = [1, 2, 3].map(|place| Job::create(&json!({"progress": place * 10})));
    let ids = jobs.each_ref().map(|job| job.id.as_str());
    let mut terminal = Terminal::run(&["watch", ids[0], ids[1], ids[2]], 10, 80, &[]);
    let screen = terminal.until(|screen| ["10%", "20%", "30%"].iter().all(|percent| screen.contains(percent)));
    let order: Vec<usize> =
        ids.iter().map(|id| screen.lines().position(|line| line.starts_with(*id)).unwrap()).collect();
    assert_eq!(order, [0, 1, 2], "{screen}");
    jobs[2].report(&json!({"status": "failed", "error": "disk full"}));
    jobs[0].report(&json!({"status": "completed"}));
    terminal.until(|screen| screen.contains("  disk full") && screen.contains("completed"));
    jobs[1].report(&json!({"status": "cancelled"}));
    assert_eq!(terminal.exit(), 3);
    assert_eq!(terminal.screen().lines().count(), 3, "{}", terminal.screen());
}

#[test]
fn ctrl_c_leaves_the_bars_and_a_clean_terminal() {
    let job = Job::create(&json!({"progress": 45}));
    let other = Job::create(&json!({"progress": 55}));
    let mut terminal = Terminal::run(&["watch", &job.id, &other.id], 10, 80, &[]);
    terminal.until(|screen| screen.contains("45%") && screen.contains("55%"));
    terminal.press("\x03");
    assert_eq!(terminal.exit(), 130);
    let screen = terminal.screen();
    let count = |part: &str| screen.lines().filter(|line| line.contains(part)).count();
    assert_eq!((count("45%"), count("55%")), (1, 1), "{screen}");
    let (is_visible, row, column) = terminal.cursor();
    assert!(is_visible && column == 0 && usize::from(row) >= screen.lines().count(), "{screen}\n{row} {column}");
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal() {
    let message = "A message that is much longer than the terminal is wide, 日本語 included";
    let job = Job::create(&json!({"current": 45, "total": 100, "message": message}));
    for width in [20, 35, 50, 70] {
        let terminal = Terminal::run(&["watch", &job.id], 10, width, &[]);
        let screen = terminal.until(|screen| screen.contains("45%"));
        assert_eq!(screen.lines().count(), 1, "{width}\n{screen}");
        assert!(screen.ends_with('…'), "{width}\n{screen}");
    }
}

#[test]
fn the_lines_follow_the_width_of_the_terminal() {
    let job = Job::create(&json!({"current": 45, "total": 100, "message": "A message of some length"}));
    let mut terminal = Terminal::run(&["watch", &job.id], 10, 100, &[]);
    terminal.until(|screen| screen.contains("some length"));
    terminal.resize(10, 45);
    terminal.until(|screen| screen.contains("45%") && screen.contains('…'));
    job.report(&json!({"status": "completed"}));
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn log_lines_are_printed_above_the_bars_and_steps_below_their_job() {
    let steps = json!([
        {"id": "a", "label": "Download", "status": "completed"},
        {"id": "b", "label": "Transcode", "status": "running", "progress": 40},
        {"id": "c", "label": "Upload"},
    ]);
    let job = Job::create(&json!({"status": "running", "steps": steps, "logs": ["first line"]}));
    let mut terminal = Terminal::run(&["watch", &job.id, "--logs", "--steps"], 12, 80, &[]);
    terminal.until(|screen| screen.contains("first line") && screen.contains("Transcode"));
    job.report(&json!({"logs": [{"level": "warn", "message": "second line"}]}));
    let screen = terminal.until(|screen| screen.contains("warn second line"));
    let place = |text: &str| screen.lines().position(|line| line.contains(text)).unwrap_or(usize::MAX);
    let places = ["first line", "second line", "46%", "› Transcode  40%", "1 of 3 steps done"].map(place);
    assert_eq!(places, [0, 1, 2, 3, 4], "{screen}");
    job.report(&json!({"status": "completed"}));
    assert_eq!(terminal.exit(), 0);
    assert!(!terminal.screen().contains("steps done"), "{}", terminal.screen());
}

#[test]
fn more_jobs_than_rows_are_counted_and_all_are_printed_at_the_end() {
    let jobs: Vec<Job> = (0..12).map(|_| Job::create(&json!({"progress": 45}))).collect();
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let mut terminal = Terminal::run(&[&["watch"], ids.as_slice()].concat(), 6, 80, &[]);
    let screen = terminal.until(|screen| screen.contains("45%") && screen.contains("… 8 more lines"));
    assert_eq!(screen.lines().count(), 5, "{screen}");
    jobs.iter().for_each(|job| job.report(&json!({"status": "completed"})));
    assert_eq!(terminal.exit(), 0);
    terminal.resize(30, 80);
    let written = terminal.written();
    assert!(ids.iter().all(|id| written.contains(id)), "{written}");
}

#[test]
fn a_lost_connection_is_shown_and_found_again() {
    let job = Job::create(&json!({"progress": 45}));
    let proxy = Proxy::start(&Target::get().base_url);
    let terminal = Terminal::run(&["watch", &job.id, "--url", &proxy.base_url], 10, 80, &[]);
    terminal.until(|screen| screen.contains("45%"));
    proxy.set(Mode::Refuse);
    proxy.cut();
    terminal.until(|screen| screen.contains("reconnecting…"));
    job.report(&json!({"progress": 60}));
    proxy.set(Mode::Pass);
    terminal.until(|screen| screen.contains("60%") && !screen.contains("reconnecting…"));
}

#[test]
fn the_bar_of_a_job_without_a_known_progress_moves() {
    let job = Job::create(&json!({"status": "running", "message": "Searching"}));
    let terminal = Terminal::run(&["watch", &job.id], 10, 80, &[]);
    let first = terminal.until(|screen| screen.contains("Searching"));
    terminal.until(|screen| *screen != first && screen.contains("Searching"));
}

#[test]
fn no_color_is_used_if_no_color_is_set() {
    let job = Job::create(&json!({"status": "failed", "error": "disk full"}));
    // In a terminal with colours there is at least one; otherwise this test would prove nothing.
    for (variables, has_colors) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut terminal = Terminal::run(&["watch", &job.id], 10, 80, variables);
        assert_eq!(terminal.exit(), 1);
        assert_eq!(terminal.written().contains("\x1b[31m"), has_colors, "{:?}", terminal.written());
        assert!(has_colors || !terminal.written().contains("\x1b[1m"), "{:?}", terminal.written());
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_plain_lines() {
    let job = Job::create(&json!({"status": "completed", "message": "done"}));
    let mut terminal = Terminal::run(&["watch", &job.id], 10, 80, &[("TERM", "dumb")]);
    assert_eq!(terminal.exit(), 0);
    assert_eq!(terminal.written(), format!("{}  completed  100%  done\r\n", job.id));
}

#[test]
fn the_texts_of_a_job_cannot_control_the_terminal() {
    let hostile = "\x1b]0;title\x07\x1b[2J\x1b[31mred\r\nnext";
    let job = Job::create(&json!({"status": "running", "message": hostile, "logs": [hostile]}));
    job.report(&json!({"status": "completed"}));
    let mut terminal = Terminal::run(&["watch", &job.id, "--logs"], 10, 80, &[]);
    assert_eq!(terminal.exit(), 0);
    let written = terminal.written();
    assert!(written.contains("red next"), "{written:?}");
    assert!(
        !written.contains("\x1b]0") && !written.contains("\x1b[2J") && !written.contains("\x1b[31m"),
        "{written:?}"
    );
}

#[test]
fn a_problem_that_ends_a_job_is_printed_whole_at_the_end() {
    let job = Job::create(&json!({"progress": 45}));
    let mut terminal = Terminal::run(&["watch", &job.id], 10, 40, &[]);
    terminal.until(|screen| screen.contains("45%"));
    assert_eq!(Request::new("DELETE", format!("/v2/jobs/{}", job.id)).send().status, 204);
    assert_eq!(terminal.exit(), 5);
    let screen = terminal.screen().replace('\n', "");
    assert!(screen.contains("does not exist or has expired (JOB_NOT_FOUND)"), "{}", terminal.screen());
}
