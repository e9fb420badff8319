// What the termination machine takes and gives: options, inputs, outputs, events, answers to requests.

/** Where a process is in its life (kube-api §4.5). `drained` closes its servers; `exited` is the end. */
export type DrainState = "starting" | "ready" | "draining" | "closed" | "drained" | "exited";

/** Times of a graceful termination. */
export interface DrainOptions {
  /** Keep serving this long after the signal, so that load balancers notice the red `/readyz`. */
  readonly shutdownDelayMs: number;
  /** After the delay, what still runs is cut after this long. */
  readonly shutdownTimeoutMs: number;
  /** Long-running requests are ended evenly over this time. */
  readonly watchGraceMs: number;
  /** Requests of each kind at one time; more are refused with 429. Default 100 000. */
  readonly requestsMax?: number;
}

/** Ordinary requests end by themselves; long-running ones (watches) must be asked to. */
export type RequestKind = "ordinary" | "long-running";

/** What happens to the machine. */
export type DrainInput =
  /** All post-start hooks have returned. */
  | { readonly kind: "started" }
  /** The operating system asks to end; `number` is the signal's (15 for SIGTERM). */
  | { readonly kind: "signal"; readonly name: string; readonly number: number }
  /** The program itself ends with this code; `atOnce`: without the delay, as what would be served on is broken. */
  | { readonly kind: "stop"; readonly reason: string; readonly exitCode: number; readonly atOnce?: boolean }
  | { readonly kind: "pre-shutdown-hooks-finished" }
  | { readonly kind: "request-ended"; readonly id: number }
  /** Every client that is there has had its refusal. */
  | { readonly kind: "connections-told" }
  | { readonly kind: "servers-closed" }
  | { readonly kind: "stop-hooks-finished" }
  | { readonly kind: "timeout" };

/** The steps of a termination, named as Kubernetes logs them where it has a name. */
export type TerminationEventName =
  | "ShutdownInitiated"
  | "AfterShutdownDelayDuration"
  | "PreShutdownHooksStopped"
  | "NotAcceptingNewRequest"
  | "InFlightRequestsDrained"
  | "ActiveWatchesDrained"
  | "ShutdownTimeoutReached"
  | "HTTPServerStoppedListening"
  | "StopHooksAbandoned"
  | "ShutdownForced"
  | "GracefulTerminationFinished";

/** What the driver is to do. */
export type DrainOutput =
  | {
      readonly kind: "event";
      readonly name: TerminationEventName;
      /** Since the termination began. */
      readonly afterMs: number;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  /** A request came so late that the load balancer must be slower than the delay. Only the first few are reported. */
  | { readonly kind: "late-request"; readonly afterMs: number; readonly countSoFar: number }
  /** Run what must happen before new requests are refused; then `pre-shutdown-hooks-finished`. */
  | { readonly kind: "run-pre-shutdown-hooks" }
  /** Tell every client to go elsewhere (GOAWAY, `Connection: close`). */
  | { readonly kind: "go-away" }
  /** Ask these long-running requests to end. */
  | { readonly kind: "end-long-running"; readonly ids: readonly number[] }
  /** Go on refusing until every client that is there has learnt it from an answer; then `connections-told`. */
  | { readonly kind: "tell-connections"; readonly withinMs: number }
  /** Close the listeners; then `servers-closed`. */
  | { readonly kind: "close-servers"; readonly graceMs: number }
  /** Close stores and flush; then `stop-hooks-finished`. */
  | { readonly kind: "run-stop-hooks" }
  | { readonly kind: "exit"; readonly code: number };

/** The answer to a new request. */
export type Admission =
  | { readonly kind: "admitted"; readonly id: number }
  | { readonly kind: "refused"; readonly status: 429 | 503; readonly retryAfterSeconds: number };

/** Numbers for metrics. */
export interface DrainCounts {
  readonly ordinary: number;
  readonly longRunning: number;
  readonly refused: number;
  readonly late: number;
}
