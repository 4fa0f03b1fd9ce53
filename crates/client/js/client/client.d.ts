import type {
  Access,
  ControlState,
  Links,
  ListedJob,
  LogLine,
  LogPage,
  Minted,
  Receipt,
  Report,
  ReportAnswer,
  Summary,
} from "./api.js";
import type { JobDocument } from "./document.js";

export type { Access, ControlState, Links, ListedJob, LogLine, LogPage, Minted, Receipt, Report, ReportAnswer, Summary };
export type * from "./document.js";

/** A function that gives a token, or nothing if the reader may not have one. */
export type TokenProvider = () => Promise<string | null | undefined> | string | null | undefined;

/** What a read adds to the document. */
export type Include = readonly ("logs" | "metrics" | "resources")[];

/** A permission of a token. */
export type Permission = "jobs:read" | "jobs:write" | "jobs:control";

/** A credential: a key on servers, a token on pages. `tokenProvider` is called without a token and when a token is refused. */
export type Credentials =
  | { apiKey: string; token?: undefined; tokenProvider?: undefined }
  | { apiKey?: undefined; token?: string | undefined; tokenProvider?: TokenProvider | undefined };

export type ClientOptions = Credentials & {
  /** The URL of the job-progress server, such as `https://status.example.com`. */
  baseUrl: string | URL;
  /** A function in place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
};

/** An option of every request. */
export interface Abortable {
  /** Ends the request; it rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
}

/** How one job is followed. */
export interface JobOptions {
  /** What to request in addition to the document. */
  include?: Include | undefined;
  /** A token for this job in place of the client's credential. */
  token?: string | undefined;
  /** Gives a token for this job, also in place of one that has expired. */
  tokenProvider?: TokenProvider | undefined;
}

/** The document of a status read. */
export type JobStatus = JobDocument & {
  /** Milliseconds until the next read that the server recommends; absent if the job has ended and awaits no retry. */
  pollAfterMs?: number;
};

/** The documents of a batch in the order of the request, and a problem for each job that cannot be returned. */
export type BatchStatus = JobDocument[] & { errors: JobProgressError[] };

/** What the response to a creation has; without `jobs:read` there is no document in it. */
export type Created = Access & (JobDocument | Receipt);

/** A problem of the server, or a request without a response. */
export declare class JobProgressError extends Error {
  name: "JobProgressError";
  /**
   * The code: one of the server's, `NO_RESPONSE`, `UNEXPECTED_ANSWER` (the server is not a job-progress server),
   * `TOKEN_NOT_RENEWED`, `MONITORING_TIMEOUT` or `JOB_ENDED` (of a strict producer).
   */
  readonly code: string;
  /** The HTTP status; 200 for a problem in a stream or in a batch, 0 without a response. */
  readonly status: number;
  /** Additional information; its members depend on the code. */
  readonly details: Record<string, unknown>;
  /** Seconds to wait before the next try, if the server asks for it. */
  readonly retryAfter: number | undefined;
  /** The job, if the problem is one of a job. */
  readonly jobId: string | undefined;
  /** Whether the same request may succeed later. */
  readonly isTemporary: boolean;
}

/**
 * How a job is connected: `connecting` until something was shown; `live` while a stream brings every change; `polling` where a
 * proxy holds streams back; `reconnecting` after a connection was lost; `offline` while the device has no network.
 */
export type Link = "connecting" | "live" | "polling" | "reconnecting" | "offline";

/** What a watch knows of a job. Each change makes a new object, which is never changed. */
export interface WatchedJob {
  readonly jobId: string;
  /** The newest document. With `include: ["logs"]`, `logs` has the last lines, at most 1,000. */
  readonly job: JobDocument | undefined;
  /** The last problem since the newest document. */
  readonly problem: JobProgressError | undefined;
  /** How the job is connected; undefined when it is not followed any more. */
  readonly link: Link | undefined;
  /** Whether the job is not followed any more: it has ended, or `problem` cannot be overcome. */
  readonly ended: boolean;
}

/** The jobs that one caller watches. */
export interface Watch {
  /**
   * Watches one more job. For a job that is watched already it adds to `include`, and replaces the token if one is given.
   * Without options of its own the job has those of the watch.
   */
  add(jobId: string, options?: JobOptions): void;
  /** Stops to watch a job. */
  remove(jobId: string): void;
  /** What is known of a job now; undefined if it is not watched. The object is the same until something changes. */
  get(jobId: string): WatchedJob | undefined;
  /** Requests the document now, also of a job that has ended or was refused. */
  refresh(jobId: string): void;
  /** Stops to watch all jobs. */
  close(): void;
}

export interface PollOptions extends Abortable {
  include?: Include | undefined;
  /** Milliseconds after which it rejects with `MONITORING_TIMEOUT`: 3,600,000 by default. */
  maxWait?: number | undefined;
  /** Milliseconds between two reads: 5,000 by default. Past 90 % it is at most 2,000. */
  interval?: number | undefined;
}

export interface ProducerOptions {
  /** Whether the first report creates the job if it does not exist: true by default. */
  create?: boolean | undefined;
  /**
   * Whether the first report begins a new job if the job has ended: false by default. Without it, a producer of a job that has
   * ended reports nothing and warns once.
   */
  replace?: boolean | undefined;
  /** The id of the job to which a job belongs that the first report creates. */
  parentId?: string | undefined;
  /** Minimum milliseconds between two requests that only report progress: 500 by default. */
  interval?: number | undefined;
  /** The name of the producer: random by default. A process that is started again under the same name continues its numbers. */
  producer?: string | undefined;
  /** The requests that the producer honours. They are a field of the first report. */
  controls?: readonly ("cancel" | "pause" | "retry")[] | undefined;
  /** Is called once for each control request. */
  onControl?: ((control: NonNullable<JobDocument["control"]>) => void) | undefined;
  /** If true, problems that would be warnings are thrown by the next call. */
  strict?: boolean | undefined;
}

/** How long a call may take. */
export interface Bounded {
  /** Milliseconds. */
  timeout?: number | undefined;
}

/**
 * Reports the progress of one job in the background. Its calls change memory only, throw nothing unless `strict`, and are merged
 * until they are sent; status changes and log lines are never merged away.
 */
export interface Producer {
  readonly progress: {
    /** Reports counts, as the Tensorlake API does. */
    update(current: number, total?: number, message?: string, attributes?: Record<string, string>): void;
  };
  /** Reports any fields. */
  update(fields: Report): void;
  /** Appends a line to the log. */
  log(message: string, level?: string): void;
  /** Ends the job as `completed`. */
  complete(fields?: Report): void;
  /** Ends the job as `failed`. `error` is what was thrown, or `{ code, message, details }`. */
  fail(error: unknown, fields?: Report): void;
  /** Ends the job as `cancelled`. */
  cancelled(fields?: Report): void;
  /** Whether the producer sends nothing any more: it ended the job or was closed, the job ended elsewhere, or it was refused. */
  readonly ended: boolean;
  /** The newest problem, undefined without one. */
  readonly problem: JobProgressError | undefined;
  /** Aborts when the job is to be cancelled. */
  readonly signal: AbortSignal;
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  /**
   * Waits for the first report, 10 s at most by default. Resolves to the links and the token of the job; without a job created by
   * this producer both are undefined.
   */
  created(options?: Bounded): Promise<Partial<Access>>;
  /** Sends what waits now, in 5 s at most by default. Resolves to whether everything was delivered. */
  flush(options?: Bounded): Promise<boolean>;
  /** Sends what waits, likewise, and ends the producer, but not the job. Call it before `process.exit`. */
  close(options?: Bounded): Promise<boolean>;
}

/** Which jobs a list has: those for which every filter holds. */
export interface ListFilters {
  status?: JobDocument["status"] | readonly JobDocument["status"][] | undefined;
  kind?: string | undefined;
  endpointId?: string | undefined;
  priority?: string | undefined;
  parentId?: string | undefined;
  /** Tags that each job carries. */
  tags?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** A text that the id, the kind, the endpoint, the message or a tag contains, in any case. */
  q?: string | undefined;
  /** RFC 3339 times of the creation: not before the first, and before the second. */
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
  /** `desc`, the default: the newest job first. */
  order?: "desc" | "asc" | undefined;
  /** Jobs of one request: 1 to 100, 100 by default. */
  limit?: number | undefined;
}

/** The jobs that a token is for: these, or every job that carries these tags. */
export type TokenSubject<Name extends string> =
  | ({ readonly [name in Name]: readonly string[] } & { readonly tags?: undefined })
  | ({ readonly [name in Name]?: undefined } & { readonly tags: Readonly<Record<string, string>> });

/** The operations on jobs. Each rejects with a `JobProgressError`. */
export interface Jobs {
  /** Reads the document of a job. */
  getStatus(jobId: string, options?: Abortable & { include?: Include | undefined; format?: "json" | undefined }): Promise<JobStatus>;
  /** Reads the summary of a job. */
  getStatus(jobId: string, options: Abortable & { format: "summary" }): Promise<Summary>;
  /** Reads many jobs; more than 100 are read by several requests. */
  getBatchStatus(request: Abortable & { jobIds: readonly string[]; include?: Include | undefined }): Promise<BatchStatus>;
  /**
   * Yields the current document and then the newest one whenever it has changed, until the job ends. With `include: ["logs"]`,
   * `logs` has the lines that are new since the document before. It reconnects by itself, and throws a problem that cannot be
   * overcome. `cursor` is `${epoch}.${seq}` of the last document that the reader has.
   */
  streamStatus(jobId: string, options?: Abortable & JobOptions & { cursor?: string | undefined }): AsyncGenerator<JobDocument, void, void>;
  /** Reads the document at intervals until the job ends; resolves to the last one. */
  pollStatus(jobId: string, options?: PollOptions): Promise<JobStatus>;
  /** Follows a job by a stream until it ends; resolves to the last document. `maxWait` is in milliseconds. */
  waitFor(jobId: string, options?: Abortable & JobOptions & { maxWait?: number | undefined }): Promise<JobDocument>;
  /**
   * Follows many jobs, and calls `callback` with the state of each at first and whenever it has changed. All watches of a client
   * share one connection for each hundred jobs.
   */
  watch(jobIds: Iterable<string>, callback: (state: WatchedJob) => void, options?: Abortable & JobOptions): Watch;
  /**
   * Yields the jobs of the project, or of a token by tag, that the filters select: the newest first, page by page. The list can lag
   * behind the jobs by a second.
   */
  list(filters?: Abortable & ListFilters): AsyncGenerator<ListedJob, void, void>;
  /** Creates a job. */
  create(fields?: Report & { jobId?: string; parentId?: string; replace?: "ended" }, options?: Abortable): Promise<Created>;
  /** Sends one report or a list. */
  report(
    jobId: string,
    reports: Report | readonly Report[],
    options?: Abortable & { create?: boolean | undefined; replace?: "ended" | undefined; parentId?: string | undefined },
  ): Promise<ReportAnswer & Partial<Access>>;
  /** Reads log lines by number, oldest first. */
  logs(jobId: string, options?: Abortable & { after?: number | undefined; limit?: number | undefined }): Promise<LogPage>;
  /** Makes a producer of a job. */
  producer(jobId: string, options?: ProducerOptions): Promise<Producer>;
  /** Requests that a job is cancelled; with `force` it ends at once, with `children` its children are cancelled too. */
  cancel(
    jobId: string,
    options?: Abortable & { reason?: string | undefined; force?: boolean | undefined; children?: boolean | undefined },
  ): Promise<JobDocument | ControlState>;
  /** Requests that a job pauses. */
  pause(jobId: string, options?: Abortable & { reason?: string | undefined }): Promise<JobDocument | ControlState>;
  /** Requests that a job continues. */
  resume(jobId: string, options?: Abortable & { reason?: string | undefined }): Promise<JobDocument | ControlState>;
  /** Begins the next attempt of a job that has failed, was cancelled or timed out. */
  retry(jobId: string, options?: Abortable & { reason?: string | undefined }): Promise<JobDocument | ControlState>;
  /** Deletes a job. */
  delete(jobId: string, options?: Abortable): Promise<void>;
  /** Requests a token for some jobs, or for every job that carries some tags; `expiresIn` is in seconds. */
  createToken(
    request: Abortable & TokenSubject<"jobIds"> & { permissions?: readonly Permission[] | undefined; expiresIn?: number | undefined },
  ): Promise<Minted>;
}

/** A client of one job-progress server. */
export declare class JobProgressClient {
  constructor(options: ClientOptions);
  readonly jobs: Jobs;
}

/**
 * Makes a token on a server that knows the signing secret of its project, without a request; `expiresIn` is in seconds. Rejects
 * with a `TypeError` without a secret.
 */
export declare function mintToken(
  claims: TokenSubject<"jobs"> & {
    signingSecret: string;
    project: string;
    permissions?: readonly Permission[] | undefined;
    expiresIn?: number | undefined;
  },
): Promise<string>;
