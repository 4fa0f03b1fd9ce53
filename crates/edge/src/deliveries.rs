//! The handlers of webhook deliveries: the list, and the request to send one again.

use engine::permission::Permission;
use protocol::{Problem, limits::DELIVERIES, number::MAX_SAFE_INTEGER};

use crate::{
    auth,
    context::RequestContext,
    response::{self, HandlerResult},
    stub::JobStub,
};

/// The number of deliveries that the list has if `limit` is absent.
const DEFAULT: u64 = 100;

/// `GET /v2/jobs/{id}/deliveries`.
pub(crate) async fn list(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Admin, job).await?;
    let query = ctx.request.query(&["after", "limit"])?;
    let after = query.integer("after", 0, MAX_SAFE_INTEGER)?.unwrap_or(0);
    let limit = query.integer("limit", 1, DELIVERIES as u64)?.unwrap_or(DEFAULT);
    match JobStub::new(&ctx.env, &grant, id)?.deliveries(after, limit).await?.success() {
        Ok(reply) => Ok(response::json_text(200, &reply.text)),
        Err(error) => Ok(error),
    }
}

/// `POST /v2/jobs/{id}/deliveries/{number}/redeliver`.
pub(crate) async fn redeliver(ctx: &mut RequestContext, job: &str, number: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Admin, job).await?;
    ctx.request.query(&[])?;
    let number = number.parse().ok().filter(|number| (1..=MAX_SAFE_INTEGER).contains(number));
    let number = number.ok_or_else(|| Problem::invalid("number", "must be the number of a delivery"))?;
    match JobStub::new(&ctx.env, &grant, id)?.redeliver(number).await?.success() {
        Ok(reply) => Ok(response::json_text(200, &reply.text)),
        Err(error) => Ok(error),
    }
}
