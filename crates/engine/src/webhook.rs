//! Webhooks: which deliveries a change of a job causes, where they may be sent, how they are signed, and when they are tried.
//!
//! * *event* ([`event`]): a change of a job that has a type, such as `job.completed`.
//! * *delivery* ([`delivery::NewDelivery`]): one event for one URL. It is stored with the change and sent from the alarm.
//! * *outbox* ([`outbox::Outbox`]): the deliveries of a job that are pending.

pub mod delivery;
pub mod event;
pub mod of_job;
pub mod outbox;
pub mod outgoing;
pub mod payload;
pub mod project;
pub mod schedule;
pub mod signature;

pub mod target;
