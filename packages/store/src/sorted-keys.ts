// A sorted set of keys in chunks: insert and remove move at most one chunk, ranges walk chunk by chunk.

const CHUNK_SIZE_MAX = 512;

/** Distinct keys in ascending code-unit order (for ASCII keys also byte order). */
export class SortedKeys {
  readonly #chunks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a key; false if it is there already. */
  add(key: string): boolean {
    const place = this.#chunkFor(key);
    const chunk = this.#chunks[place];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      this.#size++;
      return true;
    }
    const index = lowerBound(chunk, key);
    if (chunk[index] === key) return false;
    chunk.splice(index, 0, key);
    this.#size++;
    if (chunk.length > CHUNK_SIZE_MAX) this.#chunks.splice(place + 1, 0, chunk.splice(CHUNK_SIZE_MAX >> 1));
    return true;
  }

  /** Removes a key; false if it is not there. */
  remove(key: string): boolean {
    const place = this.#chunkFor(key);
    const chunk = this.#chunks[place];
    if (chunk === undefined) return false;
    const index = lowerBound(chunk, key);
    if (chunk[index] !== key) return false;
    chunk.splice(index, 1);
    this.#size--;
    if (chunk.length === 0) this.#chunks.splice(place, 1);
    return true;
  }

  /** Keys with the prefix, from `startKey` on. */
  *range(prefix: string, startKey: string = prefix): IterableIterator<string> {
    const start = startKey > prefix ? startKey : prefix;
    let place = this.#chunkFor(start);
    let index = lowerBound(this.#chunks[place] ?? [], start);
    for (; place < this.#chunks.length; place++, index = 0) {
      const chunk = this.#chunks[place] ?? [];
      for (; index < chunk.length; index++) {
        const key = chunk[index] ?? "";
        if (!key.startsWith(prefix)) return;
        yield key;
      }
    }
  }

  /** The last chunk whose first key is not after `key`, or the first one. */
  #chunkFor(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.[0] ?? "") <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
