// What a service is given and gives back: listeners, hooks, request context, the running service.
import type { Clock } from "@coracle/base";
import type { HttpServer, HttpServerLimits, PeerInfo, PlainResponse, SignalName, Timer } from "@coracle/runtime";
import type { Address } from "../core/address.ts";
import type { DrainState } from "../core/drain-types.ts";
import type { Health } from "../health/health.ts";
import type { Logger, LogLevel, LogSink } from "../log/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { TlsSource } from "../tls/tls-source.ts";
import type { OperationsScope } from "./operations-app.ts";

/** The settings every service has; `serviceFlags` makes the flags for them. */
export interface ServiceConfig {
  /** Plain HTTP listener for health, metrics, version and the service's own resources; none if undefined. */
  readonly http: Address | undefined;
  readonly logLevel: LogLevel;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly shutdownWatchGraceMs: number;
  readonly livezGraceMs: number;
  /** End as at SIGTERM when standard input ends. Absent: it is not read. */
  readonly endWithStdin?: boolean;
}

/** What comes with a request. With Hono it is `c.env`: `new Hono<{ Bindings: RequestContext }>()`. */
export interface RequestContext {
  readonly peer: PeerInfo;
  /** Aborts when a long-running request must end at shutdown: finish the current event, then close the body. */
  readonly ending: AbortSignal;
}

/** Answers requests; a Hono application's `fetch` is one. */
export type ServiceHandler = (
  request: Request,
  context: RequestContext,
) => Response | PlainResponse | Promise<Response | PlainResponse>;

/** One address to serve on. */
export interface Listener {
  /** Unique within the service; for logs, metrics and `RunningService.url`. */
  readonly name: string;
  readonly address: Address;
  /** HTTPS with this material, reloaded on change; plain HTTP without. */
  readonly tls?: TlsSource | undefined;
  /** The service's own resources; without it only the operations endpoints are served. */
  readonly handler?: ServiceHandler | undefined;
  /** Which requests have no natural end. Default: `watch=true` or `1` in the query, or an event stream asked for. */
  readonly isLongRunning?: ((request: Request) => boolean) | undefined;
  /** Default: `all` on plain HTTP, `health` on HTTPS. */
  readonly operations?: OperationsScope | undefined;
  readonly limits?: HttpServerLimits | undefined;
}

/** Work around a service's life. */
export interface Hook {
  readonly name: string;
  readonly run: (signal: AbortSignal) => void | Promise<void>;
}

/** What `setup` returns. */
export interface ServiceParts {
  /** Resources to serve on the `--http` listener beside the operations endpoints. */
  readonly handler?: ServiceHandler;
  readonly isLongRunning?: (request: Request) => boolean;
  /** Further listeners. */
  readonly listeners?: readonly Listener[];
  /** Run once the listeners serve; each is a check `poststarthook/<name>`, and `/readyz` is red until all have returned. A throw ends the process. */
  readonly postStart?: readonly Hook[];
  /** Run at the signal, while still serving: leave endpoints, drop leases. The signal aborts at the hard stop. */
  readonly preShutdown?: readonly Hook[];
  /** Run one by one, in this order, when nothing is served any more: close stores, flush. */
  readonly stop?: readonly Hook[];
  /** Overrides `/version`. */
  readonly version?: Readonly<Record<string, unknown>>;
}

/** How a service ends itself. */
export interface StopOptions {
  /** Without the shutdown delay: for a service that is too broken to be worth going on with. */
  readonly atOnce?: boolean;
  /** The program has told the reason in words of its own: the log does not repeat it. */
  readonly isTold?: boolean;
}

/** What a service may use while it is set up and runs. */
export interface Service {
  readonly component: string;
  readonly log: Logger;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Aborts when the process begins to shut down: background loops end. */
  readonly stopping: AbortSignal;
  /** The URL of a listener with its real port, once it listens: in `postStart` hooks and later. */
  url(name?: string): string;
  /** Ends the service gracefully with this exit code; if it is not 0 the last line of the log gives the reason. */
  stop(reason: string, exitCode?: number, options?: StopOptions): void;
}

/** Time, signals and exit: a test gives its own. */
export interface ServiceEnvironment {
  readonly clock: Clock;
  readonly startTimer: (delayMs: number, fire: () => void) => Timer;
  readonly onSignal: (names: readonly SignalName[], handler: (name: SignalName) => void) => () => void;
  /** Where log lines go; standard error if absent. */
  readonly logSink?: LogSink | undefined;
}

/** How to start a service. */
export interface ServiceOptions<C extends ServiceConfig> {
  readonly component: string;
  readonly config: C;
  /** Makes the parts; until it returns, `--http` serves the operations endpoints alone, and `/readyz` is red. */
  readonly setup: (service: Service, config: C) => ServiceParts | Promise<ServiceParts>;
  readonly environment?: Partial<ServiceEnvironment>;
}

/** A service that serves. */
export interface RunningService extends Service {
  /** The server of a listener; the one of `--http` is called `http`. */
  server(name: string): HttpServer;
  state(): DrainState;
  /** As if the operating system had sent this signal. */
  signal(name: "SIGTERM" | "SIGINT"): void;
  /** Why it stopped itself with another code than 0, if that is yet to be told. */
  readonly failure: string | undefined;
  /** Resolves with the exit code when everything has ended. */
  readonly finished: Promise<number>;
}
