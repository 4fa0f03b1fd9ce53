//! The cluster of which a server is an instance: the runtime's, which decides what runs where.

use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::glue;

/// Whether the runtime takes part in its cluster; true on a server without a cluster, and on Cloudflare.
pub(crate) async fn is_joined(env: &Env) -> bool {
    match glue::cluster_status(env) {
        None => true,
        Some(status) => JsFuture::from(status).await.is_ok_and(|status| status.as_f64() == Some(200.0)),
    }
}
