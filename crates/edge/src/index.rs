//! The handlers of the index: the list of a project's jobs, its summary, and its stream.

use engine::{
    index::filter::{Filter, ListRequest},
    not_configured::NotConfigured,
};
use protocol::Problem;

use crate::{
    auth,
    context::RequestContext,
    index_stub::{IndexStub, restrict},
    limit,
    relay::Relay,
    response::{self, ErrorResponse, HandlerResult},
    streams,
};

/// What stands for the job in the rate limit of reads. No job has this id.
const COUNTED_AS: &str = "/v2/jobs";

/// `GET /v2/jobs`.
pub(crate) async fn list(ctx: &mut RequestContext) -> HandlerResult {
    let (index, project, request) = authorize(ctx, |pairs| ListRequest::from_query(pairs, false)).await?;
    Ok(response::json_text(200, &index.list(&project, &request).await?.to_json()))
}

/// `GET /v2/jobs/summary`.
pub(crate) async fn summary(ctx: &mut RequestContext) -> HandlerResult {
    let whole = |pairs| {
        let (filter, _) = Filter::from_query(pairs, &[])?;
        Ok(ListRequest { filter, ..ListRequest::default() })
    };
    let (index, project, request) = authorize(ctx, whole).await?;
    Ok(response::json(200, &index.summary(&project, &request).await?))
}

/// Authorizes a read of a list, and reads its parameters.
async fn authorize(
    ctx: &mut RequestContext,
    read: impl FnOnce(Vec<(String, String)>) -> Result<ListRequest, Problem>,
) -> Result<(IndexStub, String, ListRequest), ErrorResponse> {
    let grant = auth::grant(ctx).await?;
    let tags = grant.authorize_list().map_err(Problem::from)?;
    let mut request = read(ctx.request.query_pairs()?)?;
    restrict(&mut request, tags)?;
    limit::check_read(ctx, &grant, COUNTED_AS).await?;
    Ok((index(ctx)?, grant.project, request))
}

fn index(ctx: &RequestContext) -> Result<IndexStub, Problem> {
    IndexStub::new(&ctx.env).ok_or_else(|| NotConfigured::IndexOff.into())
}

/// `GET /v2/jobs/stream`.
pub(crate) async fn stream(ctx: &mut RequestContext) -> HandlerResult {
    let result = open_stream(ctx).await;
    streams::for_native(ctx, result)
}

async fn open_stream(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant(ctx).await?;
    let tags = grant.authorize_list().map_err(Problem::from)?;
    let mut request = ListRequest::from_query(ctx.request.query_pairs()?, true)?;
    restrict(&mut request, tags)?;
    limit::check_stream(ctx, &grant).await?;
    let (index, reader) = (index(ctx)?, grant.reader(&limit::network(ctx)));
    let sockets = index.subscribe_at_all(&grant.project, &request, reader).await?;
    let (relay, response) = Relay::open(ctx, true)?;
    relay.join_list(request, &sockets, grant.expires_at)?;
    Ok(response.into())
}
