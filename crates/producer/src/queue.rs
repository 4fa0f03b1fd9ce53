//! The queue: the items that wait, and those that were sent and have no response yet.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde_json::Value;

use crate::{identity::Identity, item::Item};
use protocol::limits::{LOG_BYTES, LOG_LINES, LOG_LINES_SENT, REPORTS};

/// Most items that wait.
const WAITING: usize = 1_000;
/// Most bytes of a request: the limit of the server, less a margin.
const REQUEST_BYTES: usize = 1_000_000;

/// The items of a producer in order: first those that were sent, then those that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    sent: Vec<Sent>,
    waiting: VecDeque<Item>,
    /// Log lines of the waiting items, and their bytes.
    lines: usize,
    bytes: usize,
}

/// An item that was put into a request. It does not change any more, so it is only its JSON.
#[derive(Debug)]
struct Sent {
    json: String,
    lines: usize,
    /// The same end of the job without its other fields, if it has some.
    bare_end: Option<Item>,
}

impl Queue {
    /// Adds the item of a call. Returns whether a request may be due earlier than before: a new item waits, or a status.
    pub(crate) fn add(&mut self, item: Item) -> bool {
        self.lines = self.lines.saturating_add(item.logs.len());
        self.bytes = item.logs.iter().fold(self.bytes, |bytes, line| bytes.saturating_add(line.bytes));
        let is_due = match self.waiting.back_mut() {
            Some(last) if last.admits(&item) => {
                last.merge(item);
                false
            }
            _ => {
                self.waiting.push_back(item);
                true
            }
        };
        self.join_plain();
        self.drop_lines();
        self.drop_items();
        is_due
    }

    /// Replaces `current` and `total` in the last waiting item, if it has both and nothing else depends on them: the most
    /// frequent call, made without a new item. Returns whether it did.
    pub(crate) fn replace_counts(&mut self, current: &Value, total: &Value) -> bool {
        let Some(last) = self.waiting.back_mut().filter(|last| !last.has_progress() && !last.is_terminal()) else {
            return false;
        };
        if !(last.fields.contains_key("current") && last.fields.contains_key("total")) {
            return false;
        }
        for (name, value) in [("current", current), ("total", total)] {
            if let Some(former) = last.fields.get_mut(name).filter(|former| *former != value) {
                former.clone_from(value);
            }
        }
        true
    }

    /// Joins the last two items if both are plain and the last one has a `progress`, which decides over all before it.
    fn join_plain(&mut self) {
        let Some(last) = self.waiting.pop_back() else { return };
        let joins = last.is_plain() && last.has_progress();
        match self.waiting.back_mut().filter(|before| joins && before.is_plain()) {
            Some(before) => before.merge(last),
            None => self.waiting.push_back(last),
        }
    }

    /// Drops the oldest waiting lines past what a job keeps.
    fn drop_lines(&mut self) {
        let is_over = |lines: usize, bytes: usize| lines as u64 > LOG_LINES || bytes as u64 > LOG_BYTES;
        if !is_over(self.lines, self.bytes) {
            return;
        }
        for item in &mut self.waiting {
            let mut dropped = 0_usize;
            for line in &item.logs {
                if !is_over(self.lines, self.bytes) {
                    break;
                }
                dropped = dropped.saturating_add(1);
                self.lines = self.lines.saturating_sub(1);
                self.bytes = self.bytes.saturating_sub(line.bytes);
            }
            item.logs.drain(..dropped);
        }
    }

    /// Drops the oldest waiting item that does not end the job, if too many wait.
    fn drop_items(&mut self) {
        if self.waiting.len() > WAITING
            && let Some(oldest) = self.waiting.iter().position(|item| !item.is_terminal())
            && let Some(item) = self.waiting.remove(oldest)
        {
            self.forget_lines(&item);
        }
    }

    fn forget_lines(&mut self, item: &Item) {
        self.lines = self.lines.saturating_sub(item.logs.len());
        self.bytes = item.logs.iter().fold(self.bytes, |bytes, line| bytes.saturating_sub(line.bytes));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.waiting.is_empty()
    }

    /// Whether items were sent that have no response yet.
    pub(crate) fn has_sent(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether an item that enters a state waits.
    pub(crate) fn has_status(&self) -> bool {
        self.waiting.iter().any(|item| !item.is_plain())
    }

    /// The body of the next request: what was sent before as it was, and as many waiting items as fit.
    pub(crate) fn request(&mut self, identity: &mut Identity) -> String {
        let mut bytes = self.sent.iter().map(|sent| sent.json.len().saturating_add(1)).fold(2, usize::saturating_add);
        let mut lines = self.sent.iter().map(|sent| sent.lines).fold(0, usize::saturating_add);
        while self.sent.len() < REPORTS {
            let Some(item) = self.next_item() else { break };
            let item_lines = item.logs.len();
            let fits = bytes.saturating_add(item.json_bytes()) <= REQUEST_BYTES
                && lines.saturating_add(item_lines) <= LOG_LINES_SENT;
            // An item that is too large alone is sent, so that the server refuses it and says why.
            if !fits && !self.sent.is_empty() {
                self.waiting.push_front(item);
                break;
            }
            self.forget_lines(&item);
            let bare_end = item.bare_end();
            let json = item.into_json(identity);
            bytes = bytes.saturating_add(json.len()).saturating_add(1);
            lines = lines.saturating_add(item_lines);
            self.sent.push(Sent { json, lines: item_lines, bare_end });
        }
        let items: Vec<&str> = self.sent.iter().map(|sent| sent.json.as_str()).collect();
        format!("[{}]", items.join(","))
    }

    /// Takes the oldest waiting item; only its first log lines, if they are too many for one request.
    fn next_item(&mut self) -> Option<Item> {
        let mut item = self.waiting.pop_front()?;
        if !item.logs.is_empty() && item.json_bytes() > REQUEST_BYTES {
            let fitting = item.fitting_lines(REQUEST_BYTES);
            let head = item.split_lines(fitting);
            self.waiting.push_front(item);
            return Some(head);
        }
        Some(item)
    }

    /// Removes all sent items: the server has answered them.
    pub(crate) fn done(&mut self) {
        self.sent.clear();
    }

    /// Removes all sent items, of which the server has refused the last one.
    pub(crate) fn done_but_last(&mut self) {
        let last = self.sent.pop();
        self.sent.clear();
        self.end_again(last);
    }

    /// Removes one sent item, which the server refuses; all of them, if there is none at that index.
    pub(crate) fn refuse(&mut self, index: usize) {
        if index < self.sent.len() {
            let refused = self.sent.remove(index);
            self.end_again(Some(refused));
        } else {
            self.done_but_last();
        }
    }

    /// Adds the end of a refused item without its other fields, so that the job ends.
    fn end_again(&mut self, refused: Option<Sent>) {
        self.waiting.extend(refused.and_then(|sent| sent.bare_end));
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        *self = Queue::default();
    }
}
