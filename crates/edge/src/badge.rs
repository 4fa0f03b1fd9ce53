//! The handler of badges.

use engine::{
    badge::{BadgeRequest, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PARAMETERS, Shown, accepts_images, etag},
    permission::Permission,
    poll::none_match,
};
use protocol::include::Include;
use web_sys::Response;
use worker::Error;

use crate::{
    auth,
    context::RequestContext,
    limit,
    request::IncomingRequest,
    response::{self, ErrorResponse, HandlerResult, set},
    stub::JobStub,
};

/// `GET /v2/jobs/{id}/badge.svg`.
pub(crate) async fn badge(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let response = draw(ctx, job).await.unwrap_or_else(ErrorResponse::into_response);
    // Firefox, and proxies of images, show nothing of a response with an error status, whatever its body is.
    if response.status() >= 400 && ctx.request.header("Accept").is_some_and(|accept| accepts_images(&accept)) {
        return Ok(picture_of_refusal(&ctx.request, response.status()));
    }
    Ok(response)
}

async fn draw(ctx: &mut RequestContext, job: &str) -> HandlerResult {
    let (grant, id) = auth::authenticate_and_authorize(ctx, Permission::Read, job).await?;
    let request = BadgeRequest::from_query(&ctx.request.query(&PARAMETERS)?)?;
    limit::check_read(ctx, &grant, id.as_str()).await?;
    let reply = match JobStub::new(&ctx.env, &grant, id)?.document(Include::NONE, "badge").await?.success() {
        Ok(reply) => reply,
        Err(error) => return Ok(error),
    };
    let job: Shown = serde_json::from_str(&reply.text).map_err(|error| Error::from(error.to_string()))?;
    let svg = request.of_job(&job);
    let etag = etag(&svg);
    let is_known = ctx.request.header("If-None-Match").is_some_and(|header| none_match(&header, &etag));
    let response = if is_known { with_policy(response::empty(304)) } else { picture(&svg) };
    set(&response.headers(), "ETag", &etag);
    // Proxies of images keep what they may; each time they have to ask whether it has changed.
    set(&response.headers(), "Cache-Control", "no-cache");
    Ok(response)
}

/// The picture in place of a problem with this status.
fn picture_of_refusal(request: &IncomingRequest, status: u16) -> Response {
    // The parameters may be what is wrong.
    let look =
        request.query(&PARAMETERS).ok().and_then(|query| BadgeRequest::from_query(&query).ok()).unwrap_or_default();
    picture(&look.of_refusal(status))
}

fn picture(svg: &str) -> Response {
    let response = response::json_text(200, svg);
    set(&response.headers(), "Content-Type", CONTENT_TYPE);
    with_policy(response)
}

/// The response with the policy of pictures. A 304 has it too: caches update the headers that they have with those of a 304 (RFC
/// 9111, section 3.2), and the policy of other responses forbids the style of the picture.
fn with_policy(response: Response) -> Response {
    set(&response.headers(), "Content-Security-Policy", CONTENT_SECURITY_POLICY);
    response
}
