//! The handlers of the index: the list of a project's jobs, its summary, and its stream.

use engine::{
    grant::Grant,
    index::{
        cursor::Cursors,
        filter::{Filter, ListRequest},
        queue::ListQueue,
    },
    not_configured::NotConfigured,
};
use protocol::Problem;

use crate::{
    auth,
    context::RequestContext,
    index_stub::{IndexStub, restrict},
    js, limit,
    relay::Relay,
    response::{self, ErrorResponse, HandlerResult},
    streams,
};

/// What stands for the job in the rate limit of reads. No job has this id.
const COUNTED_AS: &str = "/v2/jobs";

/// `GET /v2/jobs`.
pub(crate) async fn list(ctx: &mut RequestContext) -> HandlerResult {
    let read = |pairs, cursors: &Cursors| ListRequest::from_query(pairs, Some(cursors));
    let List { index, grant, request, cursors } = authorize(ctx, read).await?;
    limit::check_read(ctx, &grant, COUNTED_AS).await?;
    Ok(response::json_text(200, &index.list(&grant.project, &request).await?.to_json(&cursors)))
}

/// `GET /v2/jobs/summary`.
pub(crate) async fn summary(ctx: &mut RequestContext) -> HandlerResult {
    let whole = |pairs, _: &Cursors| {
        let (filter, _) = Filter::from_query(pairs, &[])?;
        Ok(ListRequest { filter, ..ListRequest::default() })
    };
    let List { index, grant, request, .. } = authorize(ctx, whole).await?;
    limit::check_read(ctx, &grant, COUNTED_AS).await?;
    Ok(response::json(200, &index.summary(&grant.project, &request).await?))
}

/// `GET /v2/jobs/stream`.
pub(crate) async fn stream(ctx: &mut RequestContext) -> HandlerResult {
    let result = open_stream(ctx).await;
    streams::for_native(ctx, result)
}

async fn open_stream(ctx: &mut RequestContext) -> HandlerResult {
    let first_page = |pairs, _: &Cursors| ListRequest::from_query(pairs, None);
    let List { index, grant, request, cursors } = authorize(ctx, first_page).await?;
    limit::check_stream(ctx, &grant).await?;
    let reader = grant.reader(&limit::network(ctx));
    let sockets = index.subscribe_at_all(&grant.project, &request, reader).await?;
    let (relay, response) = Relay::open(ctx, true)?;
    relay.join_list(ListQueue::new(request, sockets.len(), cursors), sockets, grant.expires_at)?;
    Ok(response.into())
}

/// A list that a caller may read.
struct List {
    index: IndexStub,
    grant: Grant,
    request: ListRequest,
    cursors: Cursors,
}

/// Authorizes a read of a list, and reads its parameters.
async fn authorize(
    ctx: &mut RequestContext,
    read: impl FnOnce(Vec<(String, String)>, &Cursors) -> Result<ListRequest, Problem>,
) -> Result<List, ErrorResponse> {
    let grant = auth::grant(ctx).await?;
    let tags = grant.authorize_list().map_err(Problem::from)?;
    let cursors = Cursors::new(&ctx.config.access()?.signer, &grant.project, js::random);
    let mut request = read(ctx.request.query_pairs()?, &cursors)?;
    restrict(&mut request, tags)?;
    let index = IndexStub::new(&ctx.env).ok_or_else(|| Problem::from(NotConfigured::IndexOff))?;
    Ok(List { index, grant, request, cursors })
}
