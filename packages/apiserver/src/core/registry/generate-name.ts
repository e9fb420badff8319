// Names made from generateName: the base and five characters that spell no words (apiserver storage/names).
import { type Random, randomInteger } from "@coracle/base";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_SIZE = 5;
const BASE_SIZE_MAX = 58;

/** Creates are tried under this many names before the collision is reported. */
export const GENERATE_ATTEMPTS_MAX = 8;

/** The base, cut to 58 characters, with a random suffix. */
export function generateName(base: string, random: Random): string {
  let suffix = "";
  for (let index = 0; index < SUFFIX_SIZE; index++) suffix += ALPHABET[randomInteger(random, 0, ALPHABET.length - 1)];
  return base.slice(0, BASE_SIZE_MAX) + suffix;
}
