// The type declarations of the entry points for frameworks. The props and events of the tag come from api.mjs. Each is a module of
// its own, so that programs without a framework do not need its types.

import * as api from "./api.mjs";
import { doc } from "./declarations.mjs";

const WRITABLE = api.PROPERTIES.filter(({ isReadonly }) => !isReadonly);

// The attributes and the properties of the tag, as optional members.
const PROPS = [
  ...api.ATTRIBUTES.map(({ name, type, text }) => `${doc(text, "  ")}  ${name}?: ${type} | undefined;\n`),
  ...WRITABLE.map(({ name, text }) => `${doc(text, "  ")}  ${name}?: ${api.CLASS}["${name}"];\n`),
].join("");

// A listener for each event, as optional members; `nameOf` makes its name.
const listeners = (nameOf) =>
  api.EVENTS.map(
    ({ name, text }) =>
      `${doc(text, "  ")}  "${nameOf(name)}"?: ((event: JobProgressEventMap["${name}"]) => void) | null | undefined;\n`,
  ).join("");

const pascal = (name) => name.replaceAll(/(?:^|-)(.)/g, (_, first) => first.toUpperCase());

// What a handler of the component gets of each event.
const GETS = {
  "job-progress-update": "job: JobDocument",
  "job-progress-end": "job: JobDocument, about: { readonly initial: boolean }",
  "job-progress-problem": "problem: Problem",
  "job-progress-control": "outcome: ControlOutcome",
};

// `job-progress-update` is `onUpdate`.
const handlerOf = (event) => `on${pascal(event.replace("job-progress-", ""))}`;

export const useJob = `import type { Include, JobProgressError, Link, TokenProvider } from "./client.js";
import type { JobDocument } from "./document.js";

/** How a job is followed. */
export interface UseJobOptions {
  /** The URL of the job-progress server, such as \`https://status.example.com\`. */
  baseUrl: string | URL;
  /** A token that may read the job. */
  token?: string | null | undefined;
  /** A function that returns a token. It is called when there is no token, or when the current one expires or is refused. */
  tokenProvider?: TokenProvider | null | undefined;
  /** What to request in addition to the document. */
  include?: Include | undefined;
  /** A document that a server has read: what is shown first, by the server and by the browser. */
  initial?: JobDocument | null | undefined;
  /** Whether to follow the job: true by default. Without a connection the newest document stays. */
  enabled?: boolean | undefined;
}

/**
 * How a job is connected. Beside the words of the client: \`idle\` without an id or if not \`enabled\`, \`ended\` when the job has
 * ended, \`lost\` after a problem that cannot be overcome.
 */
export type JobLink = Link | "idle" | "ended" | "lost";

/** What is known of a job. Each change makes a new object. */
export interface JobState {
  /** The newest document, \`null\` before the first one. With \`include: ["logs"]\`, its \`logs\` has the last lines. */
  readonly job: JobDocument | null;
  /** How the job is connected. */
  readonly link: JobLink;
  /** The last problem since the newest document, \`null\` without one. */
  readonly problem: JobProgressError | null;
}
`;

const react = `import type { DetailedHTMLProps, HTMLAttributes, ReactElement } from "react";
import type { JobDocument } from "./document.js";
import type { ControlOutcome, JobProgressEventMap, ${api.CLASS}, Problem } from "./element.js";
import type { JobState, UseJobOptions } from "./use-job.js";

export type { JobLink, JobState, UseJobOptions } from "./use-job.js";

/** The props of \`<${api.TAG}>\`. */
export interface JobProgressProps extends DetailedHTMLProps<HTMLAttributes<${api.CLASS}>, ${api.CLASS}> {
${PROPS}${listeners((name) => `on${name}`)}}

/** The props of the component: those of the tag, with handlers that get what an event is about. */
export interface JobProgressComponentProps extends Omit<JobProgressProps, \`onjob-progress-\${string}\`> {
${api.EVENTS.map(({ name, text }) => `${doc(text, "  ")}  ${handlerOf(name)}?: ((${GETS[name]}) => void) | undefined;\n`).join("")}}

/**
 * The element as a component. It registers the tag. Its handlers also get what the element has received before React made it
 * work, for example while a page that a server has rendered was loading.
 */
export declare function JobProgress(props: JobProgressComponentProps): ReactElement;

/**
 * Follows a job, as long as the component is mounted. All jobs of one server share a connection.
 *
 * @param id The id of the job; \`null\` follows none.
 */
export declare function useJob(
  id: string | null | undefined,
  options: UseJobOptions,
): JobState & {
  /** Requests the state now, also of a job that has ended. */
  refresh(): void;
};

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "${api.TAG}": JobProgressProps;
    }
  }
}
`;

const vue = `import type { HTMLAttributes, MaybeRefOrGetter, PublicProps, Ref } from "vue";
import type { JobProgressEventMap, ${api.CLASS} } from "./element.js";
import type { JobState, UseJobOptions } from "./use-job.js";

export type { JobLink, JobState, UseJobOptions } from "./use-job.js";

/** The options as values, refs or getters. A function as \`tokenProvider\` is the provider itself. */
export type MaybeReactiveOptions = MaybeRefOrGetter<
  { [Name in keyof UseJobOptions]: Name extends "tokenProvider" ? UseJobOptions[Name] : MaybeRefOrGetter<UseJobOptions[Name]> }
>;

/**
 * Follows a job until the component is unmounted, or the scope is disposed. All jobs of one server share a connection.
 *
 * @param id The id of the job; \`null\` follows none.
 */
export declare function useJob(
  id: MaybeRefOrGetter<string | null | undefined>,
  options: MaybeReactiveOptions,
): { readonly [Name in keyof JobState]: Readonly<Ref<JobState[Name]>> } & {
  /** Requests the state now, also of a job that has ended. */
  refresh(): void;
};

/** The props of \`<${api.TAG}>\` in a template, and its events as Vue names their listeners. */
export interface JobProgressProps extends HTMLAttributes {
${PROPS}${listeners((name) => `on${pascal(name)}`)}}

declare module "vue" {
  interface GlobalComponents {
    "${api.TAG}": new () => ${api.CLASS} & {
      $props: JobProgressProps & PublicProps;
    };
  }
}
`;

const svelte = `import type { HTMLAttributes } from "svelte/elements";
import type { Readable } from "svelte/store";
import type { JobProgressEventMap, ${api.CLASS} } from "./element.js";
import type { JobState, UseJobOptions } from "./use-job.js";

export type { JobLink, JobState, UseJobOptions } from "./use-job.js";

/**
 * Follows a job, as long as something reads it: its properties in a component, an effect or a \`$derived\`, or the store.
 * All jobs of one server share a connection.
 *
 * @param id The id of the job, or a getter; \`null\` follows none. A store does not notice that a getter returns another.
 */
export declare function job(
  id: string | null | undefined | (() => string | null | undefined),
  options: UseJobOptions | (() => UseJobOptions),
): JobState &
  Readable<JobState> & {
    /** Requests the state now, also of a job that has ended. */
    refresh(): void;
  };

/** The attributes of \`<${api.TAG}>\`. */
export interface JobProgressAttributes extends HTMLAttributes<${api.CLASS}> {
${PROPS}${listeners((name) => `on${name}`)}${listeners((name) => `on:${name}`)}}

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "${api.TAG}": JobProgressAttributes;
  }
}
`;

// By the name of the entry point.
export const entries = { react, vue, svelte };
