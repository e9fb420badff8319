// Does what the network model wants: moves devices into guests, and lets the guests ping each other every second.
import type { Laboratory, PingOptions } from "@coracle/lab/io";
import { RawSocketError, sleep, systemClock } from "@coracle/runtime";
import type { WatcherLine } from "../core/event-line.ts";
import type { GuestAction, NetworkModel, NetworkNews, PingPlan } from "../core/network-model.ts";

/** What {@link Network} needs. */
export interface NetworkOptions {
  readonly model: NetworkModel;
  readonly laboratory: Laboratory;
  readonly onNews: (news: NetworkNews) => void;
  /** Called after each round of pings. */
  readonly onRound: () => void;
}

const ROUND_MS = 1000;
const WITHIN: PingOptions = { timeoutMs: 500 };
/** Pings between networks are never answered: waiting longer would only fill the second. */
const ACROSS: PingOptions = { timeoutMs: 200, blockMs: 0 };
const PLACE_AGAIN_MS = 2000;
const FIRST_TIMEOUT_MS = 50;
const FIRST_PAUSE_MS = 5;
const FIRST_ATTEMPTS_MAX = 100;

/** The guests of one `up`. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #stopping = new AbortController();
  readonly #work = new Map<string, Promise<void>>();
  readonly #pinging = new Set<string>();
  #round: Promise<void> | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#round = this.#pingForEver();
  }

  /** Takes in a line of the watcher. */
  take(line: WatcherLine): void {
    this.#options.model.take(line);
    this.#drain();
  }

  /** Stops pinging and moving; guests go with the laboratory. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#round;
  }

  #drain(): void {
    const { model, onNews } = this.#options;
    for (let action = model.pollAction(); action !== undefined; action = model.pollAction()) this.#queue(action);
    for (let news = model.pollNews(); news !== undefined; news = model.pollNews()) onNews(news);
  }

  /** One thing at a time for each guest, in order. */
  #queue(action: GuestAction): void {
    const before = this.#work.get(action.name) ?? Promise.resolve();
    const after = before.then(() => this.#perform(action));
    this.#work.set(action.name, after);
    void after.then(() => {
      if (this.#work.get(action.name) === after) this.#work.delete(action.name);
    });
  }

  async #perform(action: GuestAction): Promise<void> {
    const { model, laboratory } = this.#options;
    const name = guestName(action.name);
    if (action.kind === "remove") return laboratory.removeGuest(name);
    while (!this.#stopping.signal.aborted && model.isWanted(action)) {
      try {
        await laboratory.addGuest({ ...action, name });
        model.guestPlaced(action);
        await this.#pingFirst(action.name);
        return;
      } catch (thrown) {
        if (this.#stopping.signal.aborted) return;
        model.guestFailed(action, thrown instanceof Error ? thrown.message : String(thrown));
        this.#drain();
        await sleep(PLACE_AGAIN_MS, this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  /** A new guest does not wait for the next round: it and those who wait for it ping until there is a first answer. */
  async #pingFirst(name: string): Promise<void> {
    const { model } = this.#options;
    for (let attempt = 0; attempt < FIRST_ATTEMPTS_MAX && !this.#stopping.signal.aborted; attempt++) {
      const plans = model.planFirstPings(name);
      if (plans.length === 0) return;
      await Promise.all(plans.map((plan) => this.#ping(plan, { timeoutMs: FIRST_TIMEOUT_MS })));
      this.#drain();
      await sleep(FIRST_PAUSE_MS);
    }
  }

  async #pingForEver(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await Promise.all(
        this.#options.model.planPings().map((plan) => this.#ping(plan, plan.isIsolated ? ACROSS : WITHIN)),
      );
      this.#drain();
      this.#options.onRound();
      await sleep(ROUND_MS, signal).catch(() => undefined);
    }
  }

  /** One at a time for each pair: a late loss of an earlier ping must not follow a later answer. */
  async #ping(plan: PingPlan, options: PingOptions): Promise<void> {
    const { model, laboratory } = this.#options;
    const pair = `${plan.from} ${plan.to}`;
    const guest = laboratory.guest(guestName(plan.from));
    if (guest === undefined || this.#pinging.has(pair)) return;
    this.#pinging.add(pair);
    try {
      const result = await guest.ping(plan.address, options);
      model.pingEnded(plan, result.kind === "reply" ? { rttMs: result.rttMs } : "lost", systemClock.wallMs());
    } catch (thrown) {
      // The guest was removed meanwhile: its namespace is not there.
      if (!(thrown instanceof RawSocketError)) throw thrown;
    } finally {
      this.#pinging.delete(pair);
    }
  }
}

/** Namespaces of Kubernetes hold no dot, so the first one separates. */
export function guestName(attachment: string): string {
  return attachment.replace("/", ".");
}
