//! A JSON value that the browser has parsed.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::json::Json;

#[wasm_bindgen(module = "/js/exact.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn parse(text: &str) -> Result<JsValue, JsValue>;
    fn exact(value: &JsValue) -> Option<String>;
}

/// A value that `JSON.parse` returned; the page gets the same object.
#[derive(Clone, Debug, PartialEq)]
pub struct Value(JsValue);

impl Value {
    /// The member `key`, null if there is none.
    pub fn get(&self, key: &str) -> Value {
        Value(Reflect::get(&self.0, &JsValue::from_str(key)).unwrap_or(JsValue::NULL))
    }

    /// The JSON text of a document that has an integer which a double may not represent exactly.
    pub fn exact_text(&self) -> Option<String> {
        exact(&self.0)
    }

    /// The value itself.
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }
}

impl Json for Value {
    fn parse(text: &str) -> Option<Value> {
        parse(text).ok().map(Value)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.get(key).0.as_string()
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.get(key).0.as_f64()
    }

    fn items(&self, key: &str) -> Vec<Value> {
        self.get(key).0.dyn_into::<Array>().map(|list| list.iter().map(Value).collect()).unwrap_or_default()
    }
}
