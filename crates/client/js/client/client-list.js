// The list of a project's jobs, page by page. It is loaded when it is first needed: most pages know the ids of their jobs.

export async function* list(http, { tags, limit = 100, signal, ...filters } = {}) {
  const names = Object.entries(tags ?? {}).map(([name, value]) => [`tags.${name}`, value]);
  const query = { ...filters, ...Object.fromEntries(names), limit };
  do {
    const { body } = await http.request("GET", "/v2/jobs", { query, signal });
    // A page without jobs need not be the last one.
    yield* body.jobs;
    query.cursor = body.nextCursor;
  } while (query.cursor !== undefined);
}
