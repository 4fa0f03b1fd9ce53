//! A job that is watched: what is known of it.

use client::{Link, native::Update};
use protocol::{Status, id::JobId};
use serde_json::Value;

use crate::{document_view::DocumentView, exit::Exit};

/// What is known of a job.
#[derive(Debug)]
pub(super) struct WatchedJob {
    /// Its id.
    pub(super) id: JobId,
    /// Its newest document.
    pub(super) document: Option<Value>,
    /// How it is connected.
    pub(super) link: Option<Link>,
    /// The last problem, until a document arrives.
    pub(super) problem: Option<String>,
    /// How it has ended, if nothing more follows.
    pub(super) exit: Option<Exit>,
}

impl WatchedJob {
    /// A job of which nothing is known yet.
    pub(super) fn new(id: JobId) -> WatchedJob {
        WatchedJob { id, document: None, link: None, problem: None, exit: None }
    }

    /// Its newest document.
    pub(super) fn view(&self) -> Option<DocumentView<'_>> {
        self.document.as_ref().map(DocumentView)
    }

    /// Keeps what an update says.
    pub(super) fn on_update(&mut self, update: &Update) {
        match update {
            Update::Link(link) => self.link = Some(*link),
            Update::Document(document) => {
                self.document = Some(document.clone());
                self.problem = None;
            }
            Update::Problem(problem) => {
                self.problem = Some(problem.message.clone());
                if problem.fatal {
                    self.exit = Some(Exit::Refused);
                }
            }
            Update::End => {
                let status = self.view().and_then(|view| Status::parse(view.status()));
                self.exit = Some(status.and_then(Exit::of_status).unwrap_or(Exit::Refused));
            }
            Update::Recreated | Update::Unchanged | Update::Log(_) => {}
        }
    }
}
