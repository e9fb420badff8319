// Traffic of a test: pings that must arrive, frames that must not, and a look at every frame that reaches a guest.
import type { Capture, Guest } from "@coracle/lab/io";
import { guestOfMac } from "../../packages/ovs-agent/src/core/mac-address.ts";
import { arpRequest, frameOf, macOf, unicastFrame } from "./frames.ts";

const PING_TIMEOUT_MS = 300;
const HOSTILE_EVERY_MS = 40;

/** A guest and the virtual network it is in. */
export interface PlacedGuest {
  readonly guest: Guest;
  readonly vni: number;
}

/** What a pair of guests went through. */
export interface PairReport {
  readonly from: string;
  readonly to: string;
  readonly replies: number;
  readonly lost: number;
  /** The longest time without a reply. */
  readonly gapMs: number;
}

/** What happened while the traffic ran. */
export interface TrafficReport {
  readonly pairs: readonly PairReport[];
  /** Frames sent into virtual networks they do not belong to. */
  readonly hostileFrames: number;
  /** Frames seen by guests. */
  readonly framesSeen: number;
  /** Frames seen by a guest that came from another virtual network, as text; must be empty. */
  readonly crossings: readonly string[];
}

/**
 * Runs until `stop`: every pair pings as fast as replies come; every guest also sends frames to the guests of all other virtual
 * networks by their MAC addresses, and ARP requests for theirs. A MAC address tells its VNI, so a frame's source tells where it is from.
 */
export class Traffic {
  readonly #guests: readonly PlacedGuest[];
  readonly #pairs: PairRun[] = [];
  readonly #runs: Promise<void>[] = [];
  readonly #crossings: string[] = [];
  #hostileFrames = 0;
  #framesSeen = 0;
  #isStopping = false;

  constructor(guests: readonly PlacedGuest[]) {
    this.#guests = guests;
  }

  /** Starts pings between all guests of the same virtual network, one direction a pair, and the hostile frames. */
  start(): void {
    for (const [index, from] of this.#guests.entries()) {
      for (const to of this.#guests.slice(index + 1)) {
        if (from.vni === to.vni) this.#runs.push(this.#ping(from, to));
      }
      this.#runs.push(this.#watchAndProvoke(from));
    }
  }

  /** Pairs without a reply since this was last called: empty when all traffic flows. */
  takeSilentPairs(): readonly string[] {
    const silent = this.#pairs.filter((pair) => pair.repliesSinceLook === 0).map((pair) => `${pair.from} → ${pair.to}`);
    for (const pair of this.#pairs) pair.repliesSinceLook = 0;
    return silent;
  }

  /** Ends the traffic and tells what happened. */
  async stop(): Promise<TrafficReport> {
    this.#isStopping = true;
    await Promise.all(this.#runs);
    return {
      pairs: this.#pairs.map(({ from, to, replies, lost, gapMs }) => ({ from, to, replies, lost, gapMs })),
      hostileFrames: this.#hostileFrames,
      framesSeen: this.#framesSeen,
      crossings: this.#crossings,
    };
  }

  async #ping(from: PlacedGuest, to: PlacedGuest): Promise<void> {
    const pair: PairRun = {
      from: from.guest.netns,
      to: to.guest.netns,
      replies: 0,
      repliesSinceLook: 0,
      lost: 0,
      gapMs: 0,
    };
    this.#pairs.push(pair);
    let lastReplyMs = performance.now();
    while (!this.#isStopping) {
      const result = await from.guest.ping(to.guest.ip, { timeoutMs: PING_TIMEOUT_MS });
      const nowMs = performance.now();
      if (result.kind === "reply") {
        pair.replies++;
        pair.repliesSinceLook++;
        pair.gapMs = Math.max(pair.gapMs, nowMs - lastReplyMs);
        lastReplyMs = nowMs;
      } else {
        pair.lost++;
      }
      await pause(result.kind === "refused" ? PING_TIMEOUT_MS : 20);
    }
    pair.gapMs = Math.max(pair.gapMs, performance.now() - lastReplyMs);
  }

  /** A switch that restarts makes the device anew: what captures the old one must look again. */
  async #watchAndProvoke(placed: PlacedGuest): Promise<void> {
    let capture: Capture | undefined;
    let plugs = -1;
    while (!this.#isStopping) {
      if (capture === undefined || plugs !== placed.guest.plugs) {
        if (capture !== undefined) this.#look(placed, capture);
        capture?.close();
        plugs = placed.guest.plugs;
        capture = await placed.guest.capture().catch(() => undefined);
      }
      if (capture !== undefined) {
        this.#look(placed, capture);
        this.#provoke(placed, capture);
      }
      await pause(HOSTILE_EVERY_MS);
    }
    if (capture !== undefined) this.#look(placed, capture);
    capture?.close();
  }

  #look(placed: PlacedGuest, capture: Capture): void {
    for (const bytes of capture.take()) {
      const frame = frameOf(bytes);
      const source = guestOfMac(frame.source);
      if (source === undefined) continue;
      this.#framesSeen++;
      if (source.vni !== placed.vni) {
        this.#crossings.push(
          `${placed.guest.netns} of VNI ${placed.vni} got a frame of VNI ${source.vni}: ${frame.text}`,
        );
      }
    }
  }

  #provoke(placed: PlacedGuest, capture: Capture): void {
    const own = macOf(placed.vni, placed.guest.ip);
    for (const other of this.#guests) {
      if (other.vni === placed.vni) continue;
      const target = macOf(other.vni, other.guest.ip);
      try {
        capture.send(unicastFrame({ source: own, destination: target, from: placed.guest.ip, to: other.guest.ip }));
        capture.send(arpRequest({ source: own, from: placed.guest.ip, to: other.guest.ip }));
        this.#hostileFrames += 2;
      } catch {
        // The device went away under us: the next round finds the new one.
      }
    }
  }
}

interface PairRun {
  readonly from: string;
  readonly to: string;
  replies: number;
  repliesSinceLook: number;
  lost: number;
  gapMs: number;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
