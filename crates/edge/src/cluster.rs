//! The cluster of which a server is an instance: the runtime's, which decides what runs where.

use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::glue;

/// The binding by which the runtime says whether it takes part in its cluster.
const BINDING: &str = "CLUSTER";

/// Whether there is a cluster.
pub(crate) fn is_configured(env: &Env) -> bool {
    Reflect::has(env, &BINDING.into()).unwrap_or_default()
}

/// Whether the runtime takes part in its cluster; true on a server without a cluster, and on Cloudflare.
pub(crate) async fn is_joined(env: &Env) -> bool {
    match glue::cluster_status(env) {
        None => true,
        Some(status) => JsFuture::from(status).await.is_ok_and(|status| status.as_f64() == Some(200.0)),
    }
}
