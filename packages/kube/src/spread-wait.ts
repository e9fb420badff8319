// Waits that many clients were given alike, made unlike.
import type { Random } from "@coracle/base";

/**
 * At least `askedMs`, and longer by up to as much again, though no more than `spreadMsMax`. A server under load tells everyone
 * the same number: those who keep to it alone come back in step, for ever.
 */
export function spreadWait(askedMs: number, spreadMsMax: number, random: Random): number {
  return askedMs + random.next() * Math.min(askedMs, spreadMsMax);
}
