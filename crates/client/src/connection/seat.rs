//! A seat: one job of a connection, how it stands with it, and what its reader has been told.

use super::{
    Action,
    exchange::Poll,
    moment::{Moment, Rest},
};
use crate::{
    backoff::Backoff,
    job::Job,
    json::Json,
    link::Link,
    log::{Log, Page},
    problem::{Problem, Verdict},
    reading::{Head, Reading},
};

/// Milliseconds at least until a job that was not there is looked for again.
const MISSING_MS: u64 = 5_000;
/// How often a job is looked for that was never there: some six minutes, as its first report may be on its way.
const MISSING_TRIES: u32 = 20;

/// How a job stands with its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    /// It is to be heard.
    Here,
    /// It was refused and comes back then.
    Away(Rest),
    /// The page was asked for a new token.
    Renewing { since: u64 },
    /// Nothing more will come.
    Over,
}

/// One job of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seat<J> {
    pub(super) key: u32,
    pub(super) job: Job,
    pub(super) standing: Standing,
    /// The stream that is heard tells of it.
    pub(super) is_live: bool,
    /// The stream that is being opened will.
    pub(super) is_opening: bool,
    pub(super) poll: Option<Poll>,
    /// When it is asked for next, where polls are the way.
    pub(super) poll_at: u64,
    pub(super) newest: Option<Head>,
    log: Log<J>,
    backoff: Backoff,
    renewed: bool,
    missing: u32,
    /// What made a new token necessary, until there is one.
    refusal: Option<Problem<J>>,
    told_problem: Option<String>,
    told_link: Option<Link>,
}

impl<J: Json> Seat<J> {
    pub(super) fn new(key: u32, job: Job) -> Seat<J> {
        Seat {
            key,
            job,
            standing: Standing::Here,
            is_live: false,
            is_opening: false,
            poll: None,
            poll_at: 0,
            newest: None,
            log: Log::default(),
            backoff: Backoff::default(),
            renewed: false,
            missing: 0,
            refusal: None,
            told_problem: None,
            told_link: None,
        }
    }

    pub(super) fn is_here(&self) -> bool {
        self.standing == Standing::Here
    }

    /// Whether it is to be heard and is not.
    pub(super) fn lacks_stream(&self) -> bool {
        self.is_here() && !self.is_live
    }

    /// Whether it is no use to ask the server before the page was asked for a token.
    pub(super) fn lacks_token(&self) -> bool {
        self.job.token.is_none() || self.refusal.is_some()
    }

    /// Whether the page was asked for a token and has not answered.
    pub(super) fn is_renewing(&self) -> bool {
        matches!(self.standing, Standing::Renewing { .. })
    }

    /// Whether a request for its state is out.
    pub(super) fn is_asked(&self, request: u32) -> bool {
        self.poll.as_ref().is_some_and(|poll| poll.exchange.id == request)
    }

    /// Takes what a stream says of this job.
    pub(super) fn hear(&mut self, reading: Reading<J>, moment: Moment, out: &mut Vec<Action<J>>) {
        match reading {
            Reading::Document(head, document) => self.document(head, document, out),
            Reading::Log(page) => self.log.hear(page),
            Reading::End if self.newest.as_ref().is_some_and(|newest| newest.is_terminal) => self.end(out),
            // The document before the end has got lost.
            Reading::End => self.leave_for(0, moment),
            Reading::Problem(problem) => self.refused(Verdict::of_code(&problem.code), problem, 0, moment, out),
        }
    }

    /// Takes the answer to a poll.
    pub(super) fn answered(&mut self, head: Head, document: J, out: &mut Vec<Action<J>>) {
        self.log.forget_waiting();
        if self.job.include.logs() {
            self.log.hear(Page::within(&document));
        }
        self.document(head, document, out);
    }

    fn document(&mut self, head: Head, document: J, out: &mut Vec<Action<J>>) {
        self.renewed = false;
        self.missing = 0;
        self.told_problem = None;
        self.backoff.reset();
        let anew = self.newest.as_ref().is_some_and(|newest| newest.cursor.epoch() != head.cursor.epoch());
        out.extend(self.log.take(anew).into_iter().map(|news| Action::Log(self.key, news)));
        let is_last = head.is_last;
        if self.newest.as_ref().is_none_or(|newest| newest.cursor.is_behind(&head.cursor)) {
            self.newest = Some(head);
            out.push(Action::Document(self.key, document));
        }
        match self.standing {
            Standing::Over if is_last => {}
            _ if is_last => self.end(out),
            _ => self.goes_on(),
        }
    }

    /// Somebody wants to know anew how an ended matter stands.
    pub(super) fn reconsider(&mut self) {
        if self.standing == Standing::Over {
            self.renewed = false;
            self.missing = 0;
            self.told_problem = None;
        }
    }

    fn end(&mut self, out: &mut Vec<Action<J>>) {
        self.is_live = false;
        self.standing = Standing::Over;
        self.told_link = None;
        out.push(Action::End(self.key));
    }

    /// The newest document is the one it has.
    pub(super) fn is_unchanged(&mut self) {
        if !self.newest.as_ref().is_some_and(|newest| newest.is_last) {
            self.goes_on();
        }
    }

    /// It may be read, and there is more to come, whatever was thought of it.
    fn goes_on(&mut self) {
        if let Standing::Over | Standing::Away(_) = self.standing {
            self.standing = Standing::Here;
        }
    }

    /// Comes back after the back-off, `floor` milliseconds from now at the earliest.
    pub(super) fn leave_for(&mut self, floor: u64, moment: Moment) {
        self.is_live = false;
        let wait = self.backoff.next(moment.random, floor);
        self.standing = Standing::Away(Rest::new(moment, wait, floor));
    }

    /// Takes a refusal of this job, `peace` being the milliseconds that the server wants to be left alone.
    pub(super) fn refused(
        &mut self,
        verdict: Verdict,
        problem: Problem<J>,
        peace: u64,
        moment: Moment,
        out: &mut Vec<Action<J>>,
    ) {
        self.is_live = false;
        match verdict {
            Verdict::Renew if !self.renewed => {
                self.refusal = Some(problem);
                if !self.is_renewing() {
                    self.renew(moment, out);
                }
            }
            Verdict::Missing if self.newest.is_none() && self.missing < MISSING_TRIES => {
                self.missing = self.missing.saturating_add(1);
                self.tell(problem, out);
                self.leave_for(peace.max(MISSING_MS), moment);
            }
            Verdict::Later => {
                self.tell(problem, out);
                self.leave_for(peace, moment);
            }
            Verdict::Renew | Verdict::Missing | Verdict::Stop => self.give_up(problem, out),
        }
    }

    /// Asks the page for a new token.
    pub(super) fn renew(&mut self, moment: Moment, out: &mut Vec<Action<J>>) {
        self.standing = Standing::Renewing { since: moment.now };
        out.push(Action::RenewToken(self.key));
    }

    /// Takes what the page says.
    pub(super) fn renewed(
        &mut self,
        token: Option<String>,
        is_possible: bool,
        moment: Moment,
        out: &mut Vec<Action<J>>,
    ) {
        match token {
            Some(token) => {
                self.job = Job::new(self.job.id.clone(), Some(token), self.job.include);
                self.refusal = None;
                self.renewed = true;
                self.standing = Standing::Here;
            }
            None if is_possible => self.was_not_renewed(moment, out),
            None => match self.refusal.take() {
                Some(problem) => self.give_up(problem, out),
                // It never had one, so the server is to say that it wants one.
                None => self.standing = Standing::Here,
            },
        }
    }

    /// The page failed to get a new token, or takes too long. It is asked again after the back-off.
    pub(super) fn was_not_renewed(&mut self, moment: Moment, out: &mut Vec<Action<J>>) {
        self.tell(Problem::token_not_renewed(), out);
        self.leave_for(0, moment);
    }

    fn give_up(&mut self, problem: Problem<J>, out: &mut Vec<Action<J>>) {
        self.standing = Standing::Over;
        self.told_link = None;
        out.push(Action::Problem(self.key, Problem { fatal: true, ..problem }));
    }

    /// Tells a problem that is being dealt with, once until something is heard again.
    pub(super) fn tell(&mut self, problem: Problem<J>, out: &mut Vec<Action<J>>) {
        if self.told_problem.as_ref() != Some(&problem.code) {
            self.told_problem = Some(problem.code.clone());
            out.push(Action::Problem(self.key, problem));
        }
    }

    /// Tells the link, if it is another one.
    pub(super) fn tell_link(&mut self, link: Link, out: &mut Vec<Action<J>>) {
        if self.told_link.replace(link) != Some(link) {
            out.push(Action::Link(self.key, link));
        }
    }

    /// The stream it was heard on is gone, and with it what it had not finished to say.
    pub(super) fn was_left(&mut self) {
        self.is_live = false;
        self.log.forget_waiting();
    }
}
