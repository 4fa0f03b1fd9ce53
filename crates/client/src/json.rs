//! A JSON value, as far as a connection reads it.
//!
//! A browser parses JSON by itself, and the page needs its objects anyway; elsewhere the value is `serde_json`'s. Reading
//! the few fields by name costs the element 1.8 KB (gzip); the typed document would cost 35 KB with `serde-wasm-bindgen`
//! and 42 KB with `serde_json`.

use serde_json::Value;

/// A parsed JSON value.
pub trait Json: Sized {
    /// Parses a text, `None` if it is not JSON.
    fn parse(text: &str) -> Option<Self>;

    /// The string under `key`, if this is an object that has one there.
    fn text(&self, key: &str) -> Option<String>;

    /// The number under `key`, if this is an object that has one there.
    fn number(&self, key: &str) -> Option<f64>;

    /// The items of the list under `key`; empty if this is not an object that has one there.
    fn items(&self, key: &str) -> Vec<Self>;
}

impl Json for Value {
    fn parse(text: &str) -> Option<Value> {
        serde_json::from_str(text).ok()
    }

    fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_str().map(str::to_owned)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_f64()
    }

    fn items(&self, key: &str) -> Vec<Value> {
        self.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    }
}
