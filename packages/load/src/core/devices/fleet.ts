// A fleet of devices as one machine: who connects when, who asks when, who sleeps, moves, connects anew; and when it is over.
import { assert, type Machine, type Millis, millis, type Random, Ring, TimerTable } from "@coracle/base";
import { DueQueue } from "../due-queue.ts";
import { Device } from "./device.ts";
import type { CoapCodec, FleetOptions, FleetOutput, MakeClient } from "./device-types.ts";

/** What a fleet is told. */
export type FleetInput =
  | { readonly kind: "start" }
  | { readonly kind: "datagram"; readonly device: number; readonly bytes: Uint8Array }
  | { readonly kind: "timeout" }
  /** No more requests; what is under way may finish. */
  | { readonly kind: "stop" };

/** What a fleet is made of. */
export interface FleetParts {
  readonly makeClient: MakeClient;
  readonly codec: CoapCodec;
  readonly random: Random;
}

/** Steps of a schedule that are made up for in one turn; a machine that stood still does not flood the server. */
const CATCH_UP_MAX = 1000;
/** A handshake that failed is tried again after this long. */
const RECONNECT_MS = 1000;

/** What goes on at a rate. */
type Schedule = "connect" | "request" | "rebind";

/** What a device waits for, apart from its own deadlines. */
interface Place {
  /** Requests since its last sleep and its last handshake. */
  sinceSleep: number;
  sinceHandshake: number;
  /** When it wakes or connects again. */
  wakesAt: Millis | undefined;
  /** It waits for its turn to ask, or to connect. */
  isIdle: boolean;
  isQueued: boolean;
  /** It changes its address when it is answered. */
  movesNext: boolean;
}

/** Numbers from 0 to `count` - 1. */
export class Fleet implements Machine<FleetInput, FleetOutput> {
  readonly #options: FleetOptions;
  readonly #devices: readonly Device[];
  readonly #places: readonly Place[];
  readonly #due: DueQueue;
  readonly #idle: Ring<number>;
  readonly #connecting: Ring<number>;
  readonly #timers: TimerTable<Schedule | "end"> = new TimerTable();
  /** When the step that is armed was to be; not when the driver came. */
  readonly #dueAt: { [timer in Schedule]?: Millis | undefined } = {};
  #outputs: FleetOutput[] = [];
  #next = 0;
  #now: Millis = millis(0);
  #requested = 0;
  #underWay = 0;
  #rebindNext = 0;
  #isStopping = false;
  #isFinished = false;

  constructor(options: FleetOptions, { makeClient, codec, random }: FleetParts) {
    const { count, coap: timing, resume, handshakeTimeoutMs } = options;
    assert(Number.isInteger(count) && count > 0, `Cannot make a fleet: count is ${count}`);
    this.#options = options;
    const emit = (output: FleetOutput): void => this.#onDevice(output);
    const context = { makeClient, codec, timing, resume, handshakeTimeoutMs, random, emit };
    this.#devices = Array.from({ length: count }, (_, index) => new Device(index, context));
    this.#places = this.#devices.map(() => ({
      sinceSleep: 0,
      sinceHandshake: 0,
      wakesAt: undefined,
      isIdle: false,
      isQueued: false,
      movesNext: false,
    }));
    this.#due = new DueQueue(count);
    this.#idle = new Ring(count);
    this.#connecting = new Ring(count);
  }

  /** Devices with a session. */
  get established(): number {
    return this.#devices.reduce((sum, device) => sum + (device.isEstablished ? 1 : 0), 0);
  }

  /** Requests that wait for an answer. */
  get underWay(): number {
    return this.#underWay;
  }

  handle(input: FleetInput, now: Millis): void {
    this.#now = now;
    if (this.#isFinished) return;
    switch (input.kind) {
      case "start":
        this.#start();
        break;
      case "datagram": {
        const device = this.#devices[input.device];
        device?.receive(input.bytes, now);
        if (device !== undefined) this.#schedule(device);
        break;
      }
      case "timeout":
        break;
      case "stop":
        this.#isStopping = true;
        break;
    }
    this.#runDevices();
    this.#runTimers();
    this.#finishIfOver();
  }

  poll(): FleetOutput | undefined {
    const output = this.#outputs[this.#next++];
    if (output !== undefined) return output;
    this.#outputs = [];
    this.#next = 0;
    return undefined;
  }

  nextTimeout(): Millis | undefined {
    if (this.#isFinished) return undefined;
    const [timer, device] = [this.#timers.next(), this.#due.next()];
    if (timer === undefined || device === undefined) return timer ?? device;
    return timer < device ? timer : device;
  }

  #start(): void {
    const { durationMs, rebindEveryMs, rate, count } = this.#options;
    for (const device of this.#devices) this.#connectSoon(device);
    if (rate !== undefined) this.#timers.set("request", millis(this.#now + 1000 / rate));
    if (rebindEveryMs !== undefined) this.#timers.set("rebind", millis(this.#now + rebindEveryMs / count));
    if (durationMs !== undefined) this.#timers.set("end", millis(this.#now + durationMs));
  }

  #runDevices(): void {
    for (let index = this.#due.take(this.#now); index !== undefined; index = this.#due.take(this.#now)) {
      const [device, place] = [this.#devices[index], this.#places[index]];
      if (device === undefined || place === undefined) return;
      device.timeout(this.#now);
      if (place.wakesAt !== undefined && place.wakesAt <= this.#now) {
        place.wakesAt = undefined;
        if (device.isEstablished) this.#offer(device, place);
        else if (!device.isConnecting) this.#connectSoon(device);
      }
      this.#schedule(device);
    }
  }

  #runTimers(): void {
    const { rate = 1, handshakeRate, rebindEveryMs = 0, count } = this.#options;
    for (let due = this.#timers.expire(this.#now); due !== undefined; due = this.#timers.expire(this.#now)) {
      if (due === "connect") this.#step("connect", 1000 / handshakeRate, this.#connectNext());
      else if (due === "request") this.#step("request", 1000 / rate, this.#requestNext());
      else if (due === "rebind") this.#step("rebind", rebindEveryMs / count, this.#rebindNextOne());
      else this.#isStopping = true;
    }
  }

  /** When the next step of a schedule is due: at most {@link CATCH_UP_MAX} late ones are made up for. */
  #step(timer: Schedule, stepMs: number, goesOn: boolean): void {
    const dueAt = this.#dueAt[timer] ?? this.#now;
    this.#dueAt[timer] = undefined;
    if (!goesOn) return;
    const next = millis(Math.max(dueAt + stepMs, this.#now - CATCH_UP_MAX * stepMs));
    this.#dueAt[timer] = next;
    this.#timers.set(timer, next);
  }

  #connectNext(): boolean {
    const index = this.#connecting.shift();
    const [device, place] = index === undefined ? [] : [this.#devices[index], this.#places[index]];
    if (device === undefined || place === undefined) return false;
    place.isQueued = false;
    if (this.#isStopping && !device.isBusy) return true;
    device.connect(this.#now);
    this.#schedule(device);
    return true;
  }

  #requestNext(): boolean {
    if (this.#isStopping || this.#isComplete) return false;
    const device = this.#takeIdle();
    if (device === undefined) this.#emit({ kind: "late" });
    else this.#request(device);
    return true;
  }

  #rebindNextOne(): boolean {
    const device = this.#devices[this.#rebindNext];
    this.#rebindNext = (this.#rebindNext + 1) % this.#devices.length;
    const place = this.#places[device?.index ?? -1];
    if (device !== undefined && place !== undefined) {
      // Not in the middle of a request: its answer would be lost for sure, which is what nobody asked to measure.
      if (device.isBusy) place.movesNext = true;
      else if (device.isEstablished) this.#emit({ kind: "rebind", device: device.index });
    }
    return !this.#isStopping;
  }

  get #isComplete(): boolean {
    return this.#options.requests !== undefined && this.#requested >= this.#options.requests;
  }

  #takeIdle(): Device | undefined {
    for (let index = this.#idle.shift(); index !== undefined; index = this.#idle.shift()) {
      const [device, place] = [this.#devices[index], this.#places[index]];
      if (device === undefined || place === undefined) return undefined;
      place.isIdle = false;
      if (device.isEstablished && !device.isBusy) return device;
    }
    return undefined;
  }

  #request(device: Device): void {
    this.#requested++;
    this.#underWay++;
    device.request(this.#now);
    this.#schedule(device);
  }

  /** The device may be asked for a request; without a rate it makes one at once. */
  #offer(device: Device, place: Place): void {
    if (device.isBusy || place.isIdle) return;
    if (this.#options.rate === undefined) {
      if (!this.#isStopping && !this.#isComplete) this.#request(device);
      return;
    }
    place.isIdle = true;
    this.#idle.push(device.index);
  }

  #connectSoon(device: Device): void {
    const place = this.#places[device.index];
    if (place === undefined || place.isQueued) return;
    place.isQueued = true;
    this.#connecting.push(device.index);
    if (this.#timers.get("connect") === undefined) this.#timers.set("connect", this.#now);
  }

  #onDevice(output: FleetOutput): void {
    this.#outputs.push(output);
    if (!("device" in output)) return;
    const [device, place] = [this.#devices[output.device], this.#places[output.device]];
    if (device === undefined || place === undefined) return;
    switch (output.kind) {
      case "established":
        place.sinceHandshake = 0;
        return this.#offer(device, place);
      case "handshake-failed":
      case "session-closed":
        place.wakesAt = millis(this.#now + RECONNECT_MS);
        return;
      case "answered":
        this.#underWay--;
        return this.#afterAnswer(device, place);
      case "lost":
        // The session may be gone at the other end: what a device can do about it is to make a new one.
        this.#underWay--;
        return device.isConnecting ? undefined : this.#connectSoon(device);
      default:
        return;
    }
  }

  #afterAnswer(device: Device, place: Place): void {
    const { sleepMs, sleepAfter, reconnectAfter } = this.#options;
    if (place.movesNext) this.#emit({ kind: "rebind", device: device.index });
    place.movesNext = false;
    place.sinceSleep++;
    place.sinceHandshake++;
    if (reconnectAfter > 0 && place.sinceHandshake >= reconnectAfter) return this.#connectSoon(device);
    if (sleepMs > 0 && place.sinceSleep >= sleepAfter) {
      place.sinceSleep = 0;
      place.wakesAt = millis(this.#now + sleepMs);
      return;
    }
    this.#offer(device, place);
  }

  #schedule(device: Device): void {
    const wakesAt = this.#places[device.index]?.wakesAt;
    const own = device.nextTimeout();
    const at = wakesAt === undefined || (own !== undefined && own < wakesAt) ? own : wakesAt;
    this.#due.set(device.index, at);
  }

  #finishIfOver(): void {
    if (!(this.#isStopping || this.#isComplete) || this.#underWay > 0) return;
    this.#isFinished = true;
    for (const device of this.#devices) device.close(this.#now);
    this.#emit({ kind: "finished" });
  }

  #emit(output: FleetOutput): void {
    this.#outputs.push(output);
  }
}
