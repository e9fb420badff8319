// One controller process on the virtual timeline: late watches, slow and lossy calls, crashes at chosen points.
import { randomInteger, SeededRandom } from "@coracle/base";
import type { ApiAnswer, ApiCall } from "../api-call.ts";
import { type IpamCall, IpamMachine, type WatchedResource } from "../ipam-machine.ts";
import type { EventLoop } from "./event-loop.ts";
import type { ApiEvent, SimulatedApi } from "./simulated-api.ts";

/** When a process dies: a call is made but has not arrived, was carried out but not answered, was answered. */
export type CrashPoint = "sent" | "executed" | "answered";

/** How things go wrong; chances from 0 to 1. */
export interface Faults {
  /** Longest delay of a watch event, and of each way of a call. */
  readonly watchDelayMsMax: number;
  readonly callDelayMsMax: number;
  /** A call does not arrive; an answer does not. */
  readonly lostCalls: number;
  readonly lostAnswers: number;
}

/** Where a process runs. */
export interface World {
  readonly loop: EventLoop;
  readonly api: SimulatedApi;
  faults: Faults;
  /** Asked at every crash point; true kills the process there. */
  crashes: (call: ApiCall["kind"], point: CrashPoint) => boolean;
}

const RESOURCES: readonly WatchedResource[] = ["subnets", "networkattachments", "iplocks"];
const RESTART_MS = 400;
const LOST_ANSWER_MS = 3000;

/** A process that restarts whenever it has crashed. */
export class SimulatedProcess {
  restarts = 0;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #workers: number;
  #life = 0;
  #machine: IpamMachine | undefined;
  #watcher: ((event: ApiEvent) => void) | undefined;
  #armedAt = Number.POSITIVE_INFINITY;

  constructor(world: World, options: { readonly seed: number; readonly workers: number }) {
    this.#world = world;
    this.#random = new SeededRandom(options.seed);
    this.#workers = options.workers;
  }

  get machine(): IpamMachine | undefined {
    return this.#machine;
  }

  start(): void {
    const { clock } = this.#world.loop;
    const life = ++this.#life;
    this.#machine = new IpamMachine({ clock, random: this.#random, workers: this.#workers, validators: 2 });
    this.#armedAt = Number.POSITIVE_INFINITY;
    const streams = new Map(RESOURCES.map((resource) => [resource, this.#openStream(resource, life)]));
    this.#watcher = (event) => streams.get(event.resource)?.(event);
    this.#world.api.watchers.add(this.#watcher);
  }

  /** Ends without warning and starts again a little later. */
  crash(): void {
    this.stop();
    this.restarts++;
    this.#world.loop.after(RESTART_MS, () => this.start());
  }

  stop(): void {
    this.#life++;
    this.#machine = undefined;
    if (this.#watcher !== undefined) this.#world.api.watchers.delete(this.#watcher);
  }

  /** The watch of one kind breaks: changes until the next complete state are missed. */
  breakWatch(resource: WatchedResource): void {
    const machine = this.#machine;
    const watcher = this.#watcher;
    if (machine === undefined || watcher === undefined) return;
    const life = this.#life;
    this.#world.api.watchers.delete(watcher);
    // One stream broken for a while: the others go on, this one relists.
    let relisted: ((event: ApiEvent) => void) | undefined;
    const next = (event: ApiEvent): void => {
      if (event.resource !== resource) watcher(event);
      else relisted?.(event);
    };
    this.#watcher = next;
    this.#world.api.watchers.add(next);
    this.#deliver(life, () =>
      machine.handle({ kind: "watch", resource, event: { kind: "gap", cause: "expired" } }, this.#world.loop.now),
    );
    // Events still under way from before the break come first: longer than any of them takes.
    this.#world.loop.after(2 * this.#world.faults.watchDelayMsMax + 1, () => {
      if (this.#life === life && this.#watcher === next) relisted = this.#openStream(resource, life);
    });
  }

  #openStream(resource: WatchedResource, life: number): (event: ApiEvent) => void {
    const { loop, api, faults } = this.#world;
    // The list is taken now and comes in later; later events follow it in order.
    const items = [...api.objects[resource].values()];
    const { version } = api;
    let deliveredAt = loop.now + randomInteger(this.#random, 1, Math.max(1, faults.watchDelayMsMax));
    const machine = this.#machine;
    loop.at(deliveredAt, () =>
      this.#deliver(life, () => {
        const { now } = loop;
        machine?.handle({ kind: "watch", resource, event: { kind: "sync-start", round: 0 } }, now);
        for (const object of items) machine?.handle({ kind: "watch", resource, event: { kind: "item", object } }, now);
        machine?.handle({ kind: "watch", resource, event: { kind: "sync-end", resourceVersion: version } }, now);
      }),
    );
    return ({ kind, object }) => {
      const delayMs = randomInteger(this.#random, 0, this.#world.faults.watchDelayMsMax);
      deliveredAt = Math.max(deliveredAt, loop.now + delayMs);
      const event = kind === "upsert" ? { kind, object } : { kind, object, finalStateUnknown: false };
      loop.at(deliveredAt, () =>
        this.#deliver(life, () => machine?.handle({ kind: "watch", resource, event }, loop.now)),
      );
    };
  }

  /** Does something to the machine of this life, then what the machine asks for. */
  #deliver(life: number, act: () => void): void {
    if (this.#life !== life) return;
    act();
    this.#drain(life);
  }

  #drain(life: number): void {
    const { loop } = this.#world;
    const machine = this.#machine;
    if (machine === undefined) return;
    for (let call = machine.poll(loop.now); call !== undefined; call = machine.poll(loop.now)) {
      this.#send(life, call);
      if (this.#life !== life) return;
    }
    const timeout = machine.nextTimeout();
    if (timeout === undefined || timeout >= this.#armedAt) return;
    this.#armedAt = timeout;
    loop.at(timeout, () => {
      if (this.#life === life) this.#armedAt = Number.POSITIVE_INFINITY;
      this.#deliver(life, () => machine.handle({ kind: "timeout" }, loop.now));
    });
  }

  #send(life: number, { queue, id, call }: IpamCall): void {
    const { loop, api, faults } = this.#world;
    const delayMs = (): number => randomInteger(this.#random, 0, this.#world.faults.callDelayMsMax);
    const isLost = this.#random.next() < faults.lostCalls;
    const isAnswerLost = this.#random.next() < faults.lostAnswers;
    if (this.#diesAt(life, call.kind, "sent")) {
      // What has left the process may still arrive.
      if (this.#random.next() < 0.5) loop.after(delayMs(), () => void api.execute(call));
      return;
    }
    const answerWith = (answer: ApiAnswer, waitMs: number): void =>
      loop.after(waitMs, () => {
        this.#deliver(life, () => this.#machine?.handle({ kind: "answer", queue, id, answer }, loop.now));
        this.#diesAt(life, call.kind, "answered");
      });
    const nothing: ApiAnswer = { kind: "failed", code: "failed", message: "no answer" };
    if (isLost) return answerWith(nothing, LOST_ANSWER_MS);
    loop.after(delayMs(), () => {
      const answer = api.execute(call);
      if (this.#diesAt(life, call.kind, "executed")) return;
      answerWith(isAnswerLost ? nothing : answer, isAnswerLost ? LOST_ANSWER_MS : delayMs());
    });
  }

  #diesAt(life: number, call: ApiCall["kind"], point: CrashPoint): boolean {
    if (this.#life !== life || !this.#world.crashes(call, point)) return false;
    this.crash();
    return true;
  }
}
