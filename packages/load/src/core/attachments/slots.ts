// Places for attachments: each network has as many as its size, shuffled and dealt to the lanes that work on them.
import { type Random, randomInteger } from "@coracle/base";

/** A place for one attachment at a time. */
export interface Slot {
  /** Index of the network. */
  readonly network: number;
  /** Place within the network, from 0. */
  readonly position: number;
}

/** Every slot of networks of these sizes, in order. */
export function slotsOf(sizes: readonly number[]): readonly Slot[] {
  return sizes.flatMap((size, network) => Array.from({ length: size }, (_, position) => ({ network, position })));
}

/** The items in a random order (Fisher and Yates). */
export function shuffle<T>(items: readonly T[], random: Random): readonly T[] {
  const shuffled = [...items];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = randomInteger(random, 0, index);
    const kept = shuffled[index] as T;
    shuffled[index] = shuffled[other] as T;
    shuffled[other] = kept;
  }
  return shuffled;
}

/** Deals items to `lanes` hands in turn: sizes differ by one at most. */
export function deal<T>(items: readonly T[], lanes: number): readonly (readonly T[])[] {
  const hands: T[][] = Array.from({ length: lanes }, () => []);
  for (const [index, item] of items.entries()) hands[index % lanes]?.push(item);
  return hands;
}

/** Splits `total` into `parts` whole numbers that differ by one at most, the larger first. */
export function splitEvenly(total: number, parts: number): readonly number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor(total / parts) + (index < total % parts ? 1 : 0));
}
