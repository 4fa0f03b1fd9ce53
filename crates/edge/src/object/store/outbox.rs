//! The table of deliveries.
//!
//! ```text
//! delivery  number | url | project | id | type | payload | created | status | tries | due | tried | code | error
//! ```
//!
//! Times are in milliseconds. `code` is the HTTP status of the last response, `error` the reason why there is none.

use engine::{
    notice::Tombstone,
    webhook::{
        delivery::{Delivery, DeliveryStatus, NewDelivery},
        outbox::{Answer, Outbox, Tried},
    },
};
use protocol::{Timestamp, webhook::WebhookUrl};
use serde::Deserialize;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use worker::{Error, Result, SqlStorageValue};

use super::{Store, integer};

const MAKE: &str = "CREATE TABLE IF NOT EXISTS delivery
    (number INTEGER PRIMARY KEY, url TEXT NOT NULL, project TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
     payload TEXT NOT NULL, created INTEGER NOT NULL, status TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
     tried INTEGER, code INTEGER, error TEXT)";
const ADD: &str = "INSERT INTO delivery (number, url, project, id, type, payload, created, status, tries, due) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?)";
const DROP_BEFORE: &str = "DELETE FROM delivery WHERE number < ?";
const DROP_ALL: &str = "DELETE FROM delivery";
const PENDING: &str = "SELECT number, url, tries, due FROM delivery WHERE status = 'pending' ORDER BY number";
const LAST: &str = "SELECT COALESCE(MAX(number), 0) AS number FROM delivery";
const SENT: &str = "SELECT url, project, id, payload FROM delivery WHERE number = ?";
const TRIED: &str =
    "UPDATE delivery SET status = ?, tries = ?, due = ?, tried = ?, code = ?, error = ? WHERE number = ?";
const GONE: &str = "UPDATE delivery SET status = 'gone' WHERE url = ? AND status = 'pending'";
const AGAIN: &str = "UPDATE delivery SET status = 'pending', tries = 0, due = ? WHERE number = ?";
const PAGE: &str = "SELECT number, id, type, url, status, tries, created, due, tried, code, error FROM delivery \
                    WHERE number > ? ORDER BY number LIMIT ?";

#[wasm_bindgen]
extern "C" {
    /// The storage of an object, with the transactions that the `worker` crate does not have.
    pub(super) type RawStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction(this: &RawStorage, writes: &JsValue) -> Result<JsValue, JsValue>;
}

/// What a job that is deleted had.
pub(in crate::object) struct Remains<'a> {
    pub(in crate::object) project: &'a str,
    pub(in crate::object) has_log: bool,
    pub(in crate::object) has_deliveries: bool,
    pub(in crate::object) has_children: bool,
}

/// What is sent of a delivery.
#[derive(Deserialize)]
pub(in crate::object) struct Sent {
    pub(in crate::object) url: WebhookUrl,
    pub(in crate::object) project: String,
    pub(in crate::object) id: String,
    pub(in crate::object) payload: String,
}

#[derive(Deserialize)]
struct NumberRow {
    number: u64,
}

#[derive(Deserialize)]
struct PendingRow {
    number: u64,
    url: WebhookUrl,
    tries: u32,
    due: u64,
}

#[derive(Deserialize)]
struct PageRow {
    number: u64,
    id: String,
    #[serde(rename = "type")]
    event: String,
    url: WebhookUrl,
    status: String,
    tries: u32,
    created: u64,
    due: u64,
    tried: Option<u64>,
    code: Option<u16>,
    error: Option<String>,
}

impl Store {
    /// Runs writes as one transaction: if one of them fails, none of them is made.
    pub(in crate::object) fn transaction(&self, mut writes: impl FnMut() -> Result<usize> + 'static) -> Result<usize> {
        let writes = move || writes().map(|rows| JsValue::from(rows as f64)).map_err(JsValue::from);
        let writes = Closure::<dyn FnMut() -> Result<JsValue, JsValue>>::own_assert_unwind_safe(writes);
        let rows = self.raw_storage.transaction(writes.as_ref()).map_err(Error::from)?;
        Ok(rows.as_f64().unwrap_or_default() as usize)
    }

    /// The outbox, from the deliveries that are pending.
    pub(in crate::object) fn outbox(&self) -> Result<Outbox> {
        let last = self.rows::<NumberRow>(LAST, Vec::new())?.pop().map_or(0, |row| row.number);
        let mut outbox = Outbox::after(last);
        for PendingRow { number, url, tries, due } in self.rows::<PendingRow>(PENDING, Vec::new())? {
            outbox.restore(number, url, tries, Timestamp::from_millis(due));
        }
        Ok(outbox)
    }

    /// Writes new deliveries, each with its number, which are due at `now`, and removes those before `first`; returns the
    /// number of written rows.
    pub(in crate::object) fn add_deliveries(
        &self,
        deliveries: &[(u64, NewDelivery)],
        project: &str,
        first: u64,
        now: Timestamp,
    ) -> Result<usize> {
        self.run(MAKE, Vec::new())?;
        let mut rows = 0_usize;
        for (number, NewDelivery { url, id, event, payload, at }) in deliveries {
            let texts = [&url.0, project, id, event.as_str(), payload].map(SqlStorageValue::from);
            let mut values = vec![integer(*number)?];
            values.extend(texts);
            // The time of a change can be ahead of a clock that was set back.
            values.extend([integer(at.millis())?, integer(now.millis())?]);
            rows = rows.saturating_add(self.run(ADD, values)?);
        }
        Ok(rows.saturating_add(self.run(DROP_BEFORE, vec![integer(first)?])?))
    }

    /// Deletes the job, its log and its deliveries, and writes what it leaves: the deliveries of the deletion, and the
    /// tombstone.
    pub(in crate::object) fn replace_by_remains(
        &self,
        deliveries: &[(u64, NewDelivery)],
        tombstone: Option<&Tombstone>,
        former: &Remains<'_>,
        now: Timestamp,
    ) -> Result<usize> {
        self.run(super::DROP_JOB, Vec::new())?;
        if former.has_log {
            self.run(super::DROP_LOG, Vec::new())?;
        }
        if former.has_children {
            self.drop_children()?;
        }
        if let Some(tombstone) = tombstone {
            self.save_tombstone(tombstone)?;
        }
        match deliveries.first() {
            Some((first, _)) => self.add_deliveries(deliveries, former.project, *first, now),
            None if former.has_deliveries => self.run(DROP_ALL, Vec::new()),
            None => Ok(0),
        }
    }

    /// What is sent of a delivery, if it is still stored.
    pub(in crate::object) fn delivery(&self, number: u64) -> Result<Option<Sent>> {
        Ok(self.rows::<Sent>(SENT, vec![integer(number)?])?.pop())
    }

    /// Writes the result of a try that ended at `now`.
    pub(in crate::object) fn tried(&self, number: u64, tried: Tried, answer: Answer, now: Timestamp) -> Result<()> {
        let (code, error) = match answer {
            Answer::Response { status, .. } => (integer(u64::from(status))?, SqlStorageValue::Null),
            Answer::NoResponse(reason) | Answer::Refused(reason) => (SqlStorageValue::Null, reason.into()),
        };
        let (tries, due) = (integer(u64::from(tried.tries))?, integer(tried.due.millis())?);
        let status = SqlStorageValue::from(tried.status.as_str());
        self.run(TRIED, vec![status, tries, due, integer(now.millis())?, code, error, integer(number)?])?;
        Ok(())
    }

    /// Gives up the pending deliveries of a URL.
    pub(in crate::object) fn give_up(&self, url: &WebhookUrl) -> Result<()> {
        self.run(GONE, vec![url.0.as_str().into()])?;
        Ok(())
    }

    /// Makes a delivery pending again; whether it exists.
    pub(in crate::object) fn redeliver(&self, number: u64, now: Timestamp) -> Result<bool> {
        Ok(self.run(AGAIN, vec![integer(now.millis())?, integer(number)?])? > 0)
    }

    /// At most `limit` deliveries after number `after`.
    pub(in crate::object) fn deliveries(&self, after: u64, limit: u64) -> Result<Vec<Delivery>> {
        let rows = self.rows::<PageRow>(PAGE, vec![integer(after)?, integer(limit)?])?;
        Ok(rows.into_iter().map(listed).collect())
    }
}

fn listed(row: PageRow) -> Delivery {
    let status = DeliveryStatus::parse(&row.status).unwrap_or(DeliveryStatus::Failed);
    Delivery {
        number: row.number,
        id: row.id,
        event: row.event,
        url: Delivery::shown_url(&row.url),
        status,
        tries: row.tries,
        created_at: Timestamp::from_millis(row.created),
        next_try_at: (status == DeliveryStatus::Pending).then(|| Timestamp::from_millis(row.due)),
        last_try_at: row.tried.map(Timestamp::from_millis),
        last_status: row.code,
        last_error: row.error,
    }
}
