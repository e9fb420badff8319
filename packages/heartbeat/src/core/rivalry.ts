// Another node with this node's id: which of the two do the others take for it? Only one of them has its pings answered.
import type { Millis } from "@coracle/base";

/** A rival that was not heard for this long is gone: nodes ping each other more often. */
export const RIVAL_SILENT_MS = 15_000;
/** Pings of a node that the others know are answered within this time. */
export const ANSWERS_DUE_MS = 10_000;

interface Rival {
  readonly at: string;
  readonly firstAt: Millis;
  /** Answers to this node's pings when the rival appeared. */
  readonly pongsThen: number;
  lastAt: Millis;
}

/** Remembers the newest rival. */
export class Rivalry {
  #rival: Rival | undefined;

  /** A node at this address says it has our id; `pongs` is how many answers our pings have had so far. */
  heard(at: string, pongs: number, now: Millis): void {
    const rival = this.#rival;
    if (rival?.at === at && now - rival.lastAt < RIVAL_SILENT_MS) rival.lastAt = now;
    else this.#rival = { at, firstAt: now, pongsThen: pongs, lastAt: now };
  }

  /** Where the rival is, if the others keep to it: nobody has answered us since it appeared, or ever. */
  winner(pongs: number, now: Millis): string | undefined {
    const rival = this.#rival;
    if (rival === undefined || now - rival.lastAt >= RIVAL_SILENT_MS) return undefined;
    if (pongs > rival.pongsThen) return undefined;
    return pongs === 0 || now - rival.firstAt >= ANSWERS_DUE_MS ? rival.at : undefined;
  }
}
