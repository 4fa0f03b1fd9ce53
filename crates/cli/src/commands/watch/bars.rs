//! Watched jobs in a terminal: a bar for each, redrawn in place.

use std::time::{Duration, Instant};

use client::{Link, Problem, log::NewLines};
use console::{Term, measure_text_width, pad_str, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use protocol::Timestamp;
use serde_json::Value;

use super::{lines::notice, view::View, watched_job::WatchedJob};
use crate::{
    document_view::{DocumentView, duration},
    failure::Failure,
    log_line::{log_line, skipped},
    output::{Output, printable, style_of},
};

/// The time between two frames.
const FRAME: Duration = Duration::from_millis(100);
/// Columns that an id may take.
const MAX_ID_WIDTH: usize = 32;
/// Columns of a terminal whose size is unknown.
const DEFAULT_WIDTH: usize = 80;
/// Steps that are shown for each job: those that run or have failed.
const MAX_STEPS: usize = 8;

/// Draws a line for each job.
pub(super) struct Bars {
    /// All lines as one message: a bar of its own for each line would redraw all of them for each line that changes.
    drawing: ProgressBar,
    steps: bool,
    frame: usize,
    drawn_at: Option<Instant>,
    /// Why jobs are not followed any more, for the end.
    notices: Vec<String>,
    output: Output,
}

impl Bars {
    /// A view in the terminal, with the steps if `steps` is set.
    pub(super) fn new(output: Output, steps: bool) -> Bars {
        let drawing = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        drawing.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Bars { drawing, steps, frame: 0, drawn_at: None, notices: Vec::new(), output }
    }

    /// The lines for all jobs, not wider than the terminal.
    fn texts(&self, jobs: &[WatchedJob], now: Timestamp, width: usize) -> Vec<String> {
        let longest = jobs.iter().map(|job| job.id.as_str().len()).max().unwrap_or(0);
        let layout = Layout::new(width, longest, self.frame);
        let mut texts = Vec::new();
        for job in jobs {
            texts.push(layout.line(job, now));
            if self.steps && job.exit.is_none() {
                texts.extend(job.view().into_iter().flat_map(|view| layout.steps(view)));
            }
        }
        texts
    }

    /// The width and the height of the terminal.
    fn size() -> (usize, usize) {
        let size = Term::stdout().size_checked();
        size.map_or((DEFAULT_WIDTH, usize::MAX), |(rows, columns)| (usize::from(columns), usize::from(rows)))
    }

    fn draw(&mut self, jobs: &[WatchedJob], now: Timestamp) {
        let (width, height) = Bars::size();
        let mut texts = self.texts(jobs, now, width);
        // What does not fit would scroll away and could not be redrawn.
        let capacity = height.saturating_sub(1).max(1);
        if texts.len() > capacity {
            let hidden = texts.len().saturating_sub(capacity.saturating_sub(1));
            texts.truncate(capacity.saturating_sub(1));
            texts.push(truncate_str(&format!("… {hidden} more lines"), width, "").into_owned());
        }
        let message = texts.join("\n");
        if self.drawing.message() != message {
            self.drawing.set_message(message);
        }
    }
}

impl View for Bars {
    fn show_document(&mut self, _: usize, _: &WatchedJob, _: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    fn show_log(&mut self, job: &WatchedJob, new: &NewLines<Value>) -> Result<(), Failure> {
        if let Some(notice) = skipped(&job.id, new) {
            self.drawing.println(style(notice).dim().to_string());
        }
        for line in &new.lines {
            self.drawing.println(format!("{}  {}", style(&job.id).bold(), log_line(line)));
        }
        Ok(())
    }

    fn show_problem(&mut self, job: &WatchedJob, problem: &Problem<Value>) -> Result<(), Failure> {
        // While a job is tried again, its line shows the problem. What ends it has to stay, whole.
        self.notices.extend(problem.fatal.then(|| notice(job, problem)));
        Ok(())
    }

    fn refresh(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<Instant, Failure> {
        let time = Instant::now();
        match self.drawn_at.and_then(|drawn| drawn.checked_add(FRAME)) {
            Some(next) if next > time => Ok(next),
            _ => {
                self.frame = self.frame.wrapping_add(1);
                self.draw(jobs, now);
                self.drawn_at = Some(time);
                Ok(time.checked_add(FRAME).unwrap_or(time))
            }
        }
    }

    fn finish(&mut self, jobs: &[WatchedJob], now: Timestamp) -> Result<(), Failure> {
        // The last lines stay as ordinary text, also those for which the terminal is too low.
        self.drawing.finish_and_clear();
        let term = Term::stdout();
        for text in self.texts(jobs, now, Bars::size().0) {
            term.write_line(&text)?;
        }
        self.notices.iter().for_each(|notice| self.output.notice(notice));
        Ok(())
    }

    fn interrupt(&mut self) -> Result<(), Failure> {
        // The terminal has printed `^C` behind the bars, so they cannot be redrawn in place.
        self.drawing.set_draw_target(ProgressDrawTarget::hidden());
        Ok(Term::stdout().write_line("")?)
    }
}

/// The columns of the lines.
struct Layout {
    width: usize,
    id: usize,
    bar: usize,
    frame: usize,
}

impl Layout {
    fn new(width: usize, longest_id: usize, frame: usize) -> Layout {
        let bar = match width {
            0..40 => 0,
            40..60 => 10,
            60..100 => 20,
            _ => 30,
        };
        Layout { width, id: longest_id.min(MAX_ID_WIDTH).min(width / 3), bar, frame }
    }

    /// The line of a job.
    fn line(&self, job: &WatchedJob, now: Timestamp) -> String {
        let id = pad_str(job.id.as_str(), self.id, console::Alignment::Left, Some("…"));
        let mut parts = vec![style(id).bold().to_string()];
        match job.view() {
            Some(view) => {
                if self.bar > 0 {
                    parts.push(self.bar(view));
                }
                parts.push(format!("{:>4}", view.percent().unwrap_or_default()));
                parts.extend(details(job, view, now));
            }
            None => parts.push(match &job.problem {
                Some(problem) => style(printable(problem)).red().to_string(),
                None => style("connecting…").dim().to_string(),
            }),
        }
        self.fit(&parts.join("  "))
    }

    /// The bar of a job; without a known progress a block moves along it.
    fn bar(&self, view: DocumentView) -> String {
        let color = style_of(view.status());
        let empty = |cells: usize| style("─".repeat(cells)).dim().to_string();
        match view.progress() {
            Some(progress) => {
                let halves = (progress / 100.0 * self.bar as f64 * 2.0).floor() as usize;
                let (full, half) = (halves / 2, halves % 2);
                let filled = format!("{}{}", "━".repeat(full), "╸".repeat(half));
                let rest = self.bar.saturating_sub(full).saturating_sub(half);
                format!("{}{}", color.apply_to(filled), empty(rest))
            }
            None if view.status() == "running" || view.status() == "initializing" => {
                let block = self.bar / 4;
                let way = self.bar.saturating_sub(block).max(1);
                // Forth and back.
                let place = self.frame.checked_rem(way.saturating_mul(2)).unwrap_or(0);
                let before = if place < way { place } else { way.saturating_mul(2).saturating_sub(place) };
                let after = way.saturating_sub(before);
                format!("{}{}{}", empty(before), color.apply_to("━".repeat(block)), empty(after))
            }
            None => empty(self.bar),
        }
    }

    /// The steps that run or have failed, and how many are done.
    fn steps(&self, view: DocumentView) -> Vec<String> {
        let steps = view.steps();
        let shown = steps.iter().filter(|(_, status, _)| ["running", "failed"].contains(status)).take(MAX_STEPS);
        let text = |(label, status, progress): &(String, &str, Option<f64>)| {
            let progress = progress.map(|progress| format!("  {}%", progress.floor())).unwrap_or_default();
            self.fit(&format!("  {} {label}{progress}", style_of(status).apply_to("›")))
        };
        let done = steps.iter().filter(|(_, status, _)| ["completed", "skipped"].contains(status)).count();
        let summary = self.fit(&style(format!("  {done} of {} steps done", steps.len())).dim().to_string());
        let mut texts: Vec<String> = shown.map(text).collect();
        texts.extend((!steps.is_empty()).then_some(summary));
        texts
    }

    fn fit(&self, line: &str) -> String {
        // Text in the last column would make some terminals wrap.
        let width = self.width.saturating_sub(1);
        if measure_text_width(line) <= width { line.to_owned() } else { truncate_str(line, width, "…").into_owned() }
    }
}

/// What stands behind the bar.
fn details(job: &WatchedJob, view: DocumentView, now: Timestamp) -> Vec<String> {
    let is_running = view.status() == "running" && view.text(&["substate"]).is_none();
    let status = (!is_running).then(|| view.styled_status().to_string());
    let link = match job.link {
        _ if job.exit.is_some() || view.is_terminal() => None,
        Some(Link::Connecting | Link::Offline) => Some(style("reconnecting…").yellow().to_string()),
        _ => None,
    };
    let took = view.number(&["executionTime"]).map(|seconds| format!("in {}", duration(seconds)));
    let problem = job.problem.as_ref().map(|problem| style(printable(problem)).red().to_string());
    let message = problem.or_else(|| view.error()).or_else(|| view.message());
    let parts = [status, took, view.counts(), link, view.remaining(now), view.waits_for(), message];
    parts.into_iter().flatten().collect()
}
