//! The tombstone of a deleted job: one row, until every recipient of its notices knows that it is deleted.

use engine::notice::Tombstone;
use serde::Deserialize;
use worker::Result;

use super::Store;

const MAKE: &str =
    "CREATE TABLE IF NOT EXISTS tombstone (id INTEGER PRIMARY KEY CHECK (id = 1), tombstone TEXT NOT NULL)";
const SAVE: &str = "INSERT OR REPLACE INTO tombstone (id, tombstone) VALUES (1, ?)";
const LOAD: &str = "SELECT tombstone FROM tombstone";
const DROP: &str = "DELETE FROM tombstone";

#[derive(Deserialize)]
struct TombstoneRow {
    tombstone: String,
}

impl Store {
    /// Writes the tombstone; returns the number of written rows.
    pub(super) fn save_tombstone(&self, tombstone: &Tombstone) -> Result<usize> {
        self.run(MAKE, Vec::new())?;
        self.run(SAVE, vec![serde_json::to_string(tombstone)?.into()])
    }

    /// The tombstone, if its table has it.
    pub(in crate::object) fn tombstone(&self) -> Result<Option<Tombstone>> {
        let row = self.rows::<TombstoneRow>(LOAD, Vec::new())?.pop();
        row.map(|row| Ok(serde_json::from_str(&row.tombstone)?)).transpose()
    }

    /// Removes the tombstone; returns the number of written rows.
    pub(in crate::object) fn drop_tombstone(&self) -> Result<usize> {
        self.run(DROP, Vec::new())
    }
}
