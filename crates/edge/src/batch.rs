//! The handler of batches: the documents of many jobs in one response.

use std::{cell::RefCell, rc::Rc};

use engine::{
    batch::{BatchRequest, BatchResponse, HeldBytes, SMALL_BYTES, does_not_fit},
    grant::Grant,
    permission::Permission,
};
use futures_util::{StreamExt as _, stream};
use protocol::{Problem, id::JobId, limits::REPORT_BYTES};

use crate::{
    auth,
    body::Body,
    bytes::{self, Bytes},
    context::RequestContext,
    glue, limit,
    response::{ErrorResponse, HandlerResult},
    stub::{BoundedReply, CALLS_AT_ONCE, JobStub},
};

thread_local! {
    /// What the batches of this isolate hold.
    static HELD: HeldBytes = HeldBytes::default();
}

/// `POST /v2/jobs/status/batch`.
pub(crate) async fn batch(ctx: &mut RequestContext) -> HandlerResult {
    let grant = auth::grant_with(ctx, Permission::Read).await?;
    ctx.request.query(&[])?;
    let body = Body::read(&ctx.request, REPORT_BYTES).await?;
    let BatchRequest { job_ids, include } = BatchRequest::from_json(body.json()?)?;
    let response = RefCell::new(BatchResponse::new(job_ids.clone(), HELD.with(Rc::clone)));

    // Every read is counted before the first object is called: how many objects a request calls is known then.
    let counts = job_ids.iter().enumerate().map(async |(index, job_id)| (index, count_read(ctx, &grant, job_id).await));
    let mut counts = stream::iter(counts).buffered(CALLS_AT_ONCE);
    let mut reads = Vec::with_capacity(job_ids.len());
    while let Some((index, counted)) = counts.next().await {
        match counted {
            Ok(id) => reads.push((index, id)),
            Err(error) => response.borrow_mut().add_problem(index, error.problem()),
        }
    }

    let read =
        async |id: &JobId, most: usize| JobStub::new(&ctx.env, &grant, id.clone())?.document_up_to(include, most).await;
    let (read, room_for) = (&read, |bytes| response.borrow().room_for(bytes));
    let replies = reads.iter().map(async |(index, id)| {
        let most = room_for(0).unwrap_or_default().min(SMALL_BYTES);
        (*index, id, read(id, most).await)
    });
    // A slow object delays no other.
    let mut replies = stream::iter(replies).buffer_unordered(CALLS_AT_ONCE);
    let mut large = Vec::new();
    while let Some((index, id, reply)) = replies.next().await {
        match reply {
            Ok(BoundedReply::TooLarge { bytes }) => large.push((index, id, bytes)),
            reply => add(&mut response.borrow_mut(), index, reply),
        }
    }
    large.sort_unstable_by_key(|(index, ..)| *index);
    for (index, id, bytes) in large {
        let reply = match room_for(bytes) {
            Ok(room) => read(id, room).await,
            Err(problem) => Err(problem.into()),
        };
        add(&mut response.borrow_mut(), index, reply);
    }
    drop(replies);
    Ok(glue::json_bytes(200, &bytes::concat(&response.into_inner().into_chunks())))
}

/// Adds what is known of the job at `index`.
fn add(response: &mut BatchResponse<Bytes>, index: usize, reply: Result<BoundedReply, ErrorResponse>) {
    match reply {
        Ok(BoundedReply::Document(document)) => response.add_document(index, document),
        Ok(BoundedReply::TooLarge { .. }) => response.add_problem(index, &does_not_fit()),
        Ok(BoundedReply::Problem(problem)) => response.add_problem_json(index, problem),
        Err(error) => response.add_problem(index, error.problem()),
    }
}

/// The id of a job of a batch, if the caller may read the job and has not read it too often.
async fn count_read(ctx: &RequestContext, grant: &Grant, job_id: &str) -> Result<JobId, ErrorResponse> {
    // An invalid id is answered like an unknown job, so that one id does not fail the whole batch.
    let id = JobId::parse(job_id).ok_or_else(|| Problem::job_not_found(job_id))?;
    grant.authorize(Permission::Read, Some(&id)).map_err(Problem::from)?;
    limit::check_read(ctx, grant, id.as_str()).await?;
    Ok(id)
}
