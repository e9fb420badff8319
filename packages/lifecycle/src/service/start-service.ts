// Puts a service together: checks, metrics, listeners, hooks and the termination machine; serves until told to stop.
import { systemClock, startTimer, onSignal, sleep, type HttpServer, type SignalName } from "@coracle/runtime";
import { Drain } from "../core/drain.ts";
import type { DrainState } from "../core/drain-types.ts";
import { Health, type HealthState } from "../health/health.ts";
import { configureLogging, createLogger, type Logger } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { buildInfo, versionDocument } from "./build-info.ts";
import { DrainDriver } from "./drain-driver.ts";
import { endWithStdin } from "./end-with-stdin.ts";
import { runPostStartHooks, runPreShutdownHooks, runStopHooks } from "./hooks.ts";
import { Listeners } from "./listeners.ts";
import { createOperationsApp } from "./operations-app.ts";
import { guardRequests, looksLongRunning } from "./request-guard.ts";
import { addServiceMetrics, type ServiceRecorder } from "./service-metrics.ts";
import type {
  Listener,
  RunningService,
  Service,
  ServiceConfig,
  ServiceEnvironment,
  ServiceHandler,
  ServiceOptions,
  ServiceParts,
  StopOptions,
} from "./service-types.ts";

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
/** Refused HTTP/2 streams make every connection be told to go away, but not more often than this. */
const GO_AWAY_AGAIN_MS = 100;
/** A request for the service's own resources waits this long for a service that is being set up. */
const SET_UP_WAIT_MS = 500;

/**
 * Starts a service and resolves when its listeners serve; post-start hooks go on running. Signals are only heard if
 * `environment.onSignal` is given; `runService` gives the process's. A failing `setup` or listener rejects.
 */
export async function startService<C extends ServiceConfig>(options: ServiceOptions<C>): Promise<RunningService> {
  const environment: ServiceEnvironment = {
    clock: systemClock,
    startTimer,
    onSignal: () => () => {},
    ...options.environment,
  };
  const running = new ServiceRun(options.component, options.config, environment);
  await running.start((service) => options.setup(service, options.config));
  return running;
}

/** The process's signals, for `environment.onSignal`. */
export const processSignals: ServiceEnvironment["onSignal"] = onSignal;

class ServiceRun implements RunningService {
  readonly component: string;
  readonly log: Logger;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly clock: ServiceEnvironment["clock"];
  readonly finished: Promise<number>;
  readonly #config: ServiceConfig;
  readonly #environment: ServiceEnvironment;
  readonly #drain: Drain;
  readonly #driver: DrainDriver;
  readonly #listeners: Listeners;
  readonly #stopping: AbortController = new AbortController();
  readonly #hardStop: AbortController = new AbortController();
  readonly #finish: (code: number) => void;
  readonly #recorder: ServiceRecorder;
  #failure: string | undefined;
  #parts: ServiceParts = {};
  /** Red while the service is set up, so that nobody takes what `/livez` answers meanwhile for more than it says. */
  readonly #setUp: HealthState;
  #isSetUp: boolean = false;
  readonly #hasSetUp: PromiseWithResolvers<void> = Promise.withResolvers();
  #forgetSignals: () => void = () => {};
  #goneAwayAt: number = Number.NEGATIVE_INFINITY;

  constructor(component: string, config: ServiceConfig, environment: ServiceEnvironment) {
    const { logSink } = environment;
    configureLogging(logSink === undefined ? { level: config.logLevel } : { level: config.logLevel, sink: logSink });
    this.component = component;
    this.clock = environment.clock;
    this.log = createLogger(component);
    this.health = new Health({ clock: environment.clock, log: this.log, livezGraceMs: config.livezGraceMs });
    this.#setUp = this.health.addState("setup");
    this.metrics = new Metrics(buildInfo(component));
    this.#config = config;
    this.#environment = environment;
    this.#drain = new Drain({
      shutdownDelayMs: config.shutdownDelayMs,
      shutdownTimeoutMs: config.shutdownTimeoutMs,
      watchGraceMs: config.shutdownWatchGraceMs,
    });
    this.#listeners = new Listeners(this.log);
    this.#driver = this.#makeDriver();
    this.#recorder = addServiceMetrics(this.metrics, this.#drain, this.#listeners);
    const { promise, resolve } = Promise.withResolvers<number>();
    this.finished = promise;
    this.#finish = resolve;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  async start(setup: (service: Service) => ServiceParts | Promise<ServiceParts>): Promise<void> {
    this.#forgetSignals = this.#environment.onSignal(["SIGTERM", "SIGINT"], (name) => this.#onSignal(name));
    if (this.#config.endWithStdin === true) void endWithStdin(this.log);
    // A signal while `setup` hangs must end the process all the same.
    await Promise.race([this.#open(setup), this.finished]);
    if (this.#drain.isShuttingDown) return;
    void this.#afterStart();
  }

  server(name: string): HttpServer {
    return this.#listeners.get(name);
  }

  url(name: string = "http"): string {
    return this.#listeners.get(name).url;
  }

  state(): DrainState {
    return this.#drain.state;
  }

  signal(name: "SIGTERM" | "SIGINT"): void {
    this.#onSignal(name);
  }

  stop(reason: string, exitCode: number = 0, { atOnce = false, isTold = false }: StopOptions = {}): void {
    if (!this.#drain.isShuttingDown && exitCode !== 0 && !isTold) this.#failure = reason;
    this.#driver.send({ kind: "stop", reason, exitCode, atOnce });
  }

  #onSignal(name: SignalName): void {
    if (name !== "SIGTERM" && name !== "SIGINT") return;
    this.#driver.send({ kind: "signal", name, number: SIGNAL_NUMBERS[name] });
  }

  /**
   * The listener of `--http` is open before the service is set up: a store that takes long to open must not look like a process
   * that hangs. Until then only the operations endpoints are served; a request for anything else waits for a moment, as what
   * is usually missing is a few milliseconds, and is then told to come again.
   */
  async #listenEarly(): Promise<void> {
    const { http } = this.#config;
    if (http === undefined) return;
    await this.#listen({
      name: "http",
      address: http,
      handler: async (request, context) => {
        if (!this.#isSetUp) await this.#setUpOrLate();
        if (!this.#isSetUp) return starting(request, context);
        return (this.#parts.handler ?? notFound)(request, context);
      },
      isLongRunning: (request) => (this.#parts.isLongRunning ?? looksLongRunning)(request),
    });
    // What `setup` imports is evaluated in one go, some 20 ms: whoever asked already is answered before.
    await sleep(0);
  }

  async #setUpOrLate(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#environment.startTimer(SET_UP_WAIT_MS, late.resolve);
    await Promise.race([this.#hasSetUp.promise, late.promise]);
    timer.cancel();
  }

  async #open(setup: (service: Service) => ServiceParts | Promise<ServiceParts>): Promise<void> {
    try {
      await this.#listenEarly();
      if (this.#drain.isShuttingDown) return;
      this.#parts = await setup(this);
      this.#isSetUp = true;
      this.#hasSetUp.resolve();
      for (const listener of this.#parts.listeners ?? []) {
        if (this.#drain.isShuttingDown) return;
        await this.#listen(listener);
      }
    } catch (error) {
      this.#forgetSignals();
      await this.#listeners.close(0);
      await runStopHooks(this.#parts.stop ?? [], this.log, this.#hardStop.signal);
      throw error;
    }
  }

  async #listen(listener: Listener): Promise<void> {
    const scope = listener.operations ?? (listener.tls === undefined ? "all" : "health");
    const app = createOperationsApp({
      health: this.health,
      metrics: this.metrics,
      version: () => this.#parts.version ?? versionDocument(buildInfo(this.component)),
      scope: scope === "none" ? "health" : scope,
    });
    const operations: ServiceHandler = (request) => app.fetch(request);
    const handler = guardRequests({
      driver: this.#driver,
      operations,
      operationsScope: scope,
      handler: listener.handler ?? notFound,
      isLongRunning: listener.isLongRunning ?? looksLongRunning,
      onStatus: (status) => this.#recorder.answered(listener.name, status),
      onRefusedStream: () => this.#goAwayAgain(),
    });
    await this.#listeners.open(listener, handler);
  }

  async #afterStart(): Promise<void> {
    const hooks = this.#parts.postStart ?? [];
    try {
      const started = runPostStartHooks(hooks, this.health, this.#stopping.signal);
      // The hooks' own checks are there now.
      this.#setUp.remove();
      await started;
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.log.error("Post-start hook failed", { error });
      this.stop("post-start hook failed", exitCodeOf(error));
      return;
    }
    this.#driver.send({ kind: "started" });
    if (!this.#drain.isShuttingDown) this.log.info("Ready", {});
  }

  #makeDriver(): DrainDriver {
    const { clock, startTimer: start } = this.#environment;
    return new DrainDriver({
      drain: this.#drain,
      clock,
      startTimer: start,
      log: this.log,
      actions: {
        runPreShutdownHooks: () => runPreShutdownHooks(this.#parts.preShutdown ?? [], this.log, this.#hardStop.signal),
        goAway: () => this.#listeners.goAway(),
        tellConnections: (withinMs) => this.#listeners.settled(withinMs, () => this.#drain.counts().refused),
        closeServers: (graceMs) => {
          this.#hardStop.abort(new Error("The shutdown timeout is over"));
          return this.#listeners.close(graceMs);
        },
        runStopHooks: () => runStopHooks(this.#parts.stop ?? [], this.log, AbortSignal.abort()),
        onEvent: ({ name, afterMs, fields }) => this.#onEvent(name, afterMs, fields),
        exit: (code) => {
          this.#forgetSignals();
          this.#finish(code);
        },
      },
    });
  }

  #onEvent(name: string, afterMs: number, fields: Readonly<Record<string, string | number>>): void {
    if (name === "ShutdownInitiated") {
      this.health.startShutdown();
      this.#stopping.abort(new Error("The process is shutting down"));
    }
    this.#recorder.terminationEvent(name, this.clock.wallMs());
    const entry = { event: name, afterMs: Math.round(afterMs), ...fields };
    if (name === "ShutdownTimeoutReached" || name === "ShutdownForced" || name === "StopHooksAbandoned")
      this.log.warning("Termination event", entry);
    else this.log.info("Termination event", entry);
  }

  /** Every connection that is still there is to leave; a client that opened a new one is told as well. */
  #goAwayAgain(): void {
    const now = this.clock.now();
    if (now - this.#goneAwayAt < GO_AWAY_AGAIN_MS) return;
    this.#goneAwayAt = now;
    this.#listeners.goAway();
  }
}

function exitCodeOf(error: unknown): number {
  const code: unknown = error instanceof Error ? Reflect.get(error, "exitCode") : undefined;
  return typeof code === "number" ? code : 1;
}

const starting: ServiceHandler = () => ({
  status: 503,
  headers: { "content-type": "text/plain; charset=utf-8", "retry-after": "1" },
  body: "The server is starting, please try again later.\n",
});

const notFound: ServiceHandler = () => ({
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "404 Not Found",
});
