// An ordered set of disjoint runs of numbers in flat arrays: a treap by run start, each node knowing the size of its subtree.

const NONE = 0;
const NODES_FIRST = 8;

/**
 * The structure under `AddressSet`. Node 0 stands for "none". Priorities come from a hash of the node's number: the order in
 * which a server hands out addresses is random already, and no input chooses node numbers.
 */
export class RunTree {
  #start: Uint32Array = new Uint32Array(NODES_FIRST);
  #end: Uint32Array = new Uint32Array(NODES_FIRST);
  #left: Uint32Array = new Uint32Array(NODES_FIRST);
  #right: Uint32Array = new Uint32Array(NODES_FIRST);
  /** Members in the node's subtree; a double, since a set may hold all 2^32. */
  #used: Float64Array = new Float64Array(NODES_FIRST);
  #root = NONE;
  #firstFree = NONE;
  #nodes = 1;
  #runs = 0;

  /** Members of all runs. */
  get size(): number {
    return this.#used[this.#root] ?? 0;
  }

  get runs(): number {
    return this.#runs;
  }

  /** Bytes of the arrays. */
  get sizeBytes(): number {
    return this.#start.length * 24;
  }

  startOf(node: number): number {
    return this.#start[node] ?? 0;
  }

  endOf(node: number): number {
    return this.#end[node] ?? 0;
  }

  /** The run with the greatest start not above `value`; 0 if there is none. */
  floor(value: number): number {
    let found = NONE;
    for (let node = this.#root; node !== NONE;) {
      if (this.startOf(node) <= value) {
        found = node;
        node = this.#right[node] ?? NONE;
      } else node = this.#left[node] ?? NONE;
    }
    return found;
  }

  /** The run that starts exactly at `value`; 0 if there is none. */
  startingAt(value: number): number {
    const node = this.floor(value);
    return node !== NONE && this.startOf(node) === value ? node : NONE;
  }

  insert(start: number, end: number): void {
    const node = this.#allocate(start, end);
    const [below, above] = this.#split(this.#root, start);
    this.#root = this.#merge(this.#merge(below, node), above);
    this.#runs++;
  }

  /** Takes out the run that starts at `start`, which must exist. */
  delete(start: number): void {
    const [below, rest] = this.#split(this.#root, start);
    const [node, above] = this.#split(rest, start + 1);
    this.#root = this.#merge(below, above);
    this.#left[node] = this.#firstFree;
    this.#firstFree = node;
    this.#runs--;
  }

  /** Moves the bounds of the run that starts at `start`; the order of runs must stay as it is. */
  resize(start: number, newStart: number, newEnd: number): void {
    const target = this.startingAt(start);
    const delta = newEnd - newStart - (this.endOf(target) - start);
    for (let node = this.#root; ;) {
      this.#used[node] = (this.#used[node] ?? 0) + delta;
      if (node === target) break;
      node = (start < this.startOf(node) ? this.#left[node] : this.#right[node]) ?? NONE;
    }
    this.#start[target] = newStart;
    this.#end[target] = newEnd;
  }

  /** Members below `value`. */
  countBelow(value: number): number {
    let count = 0;
    for (let node = this.#root; node !== NONE;) {
      const start = this.startOf(node);
      if (start >= value) node = this.#left[node] ?? NONE;
      else {
        count += this.#usedLeft(node) + Math.min(this.endOf(node) + 1, value) - start;
        node = this.#right[node] ?? NONE;
      }
    }
    return count;
  }

  /** The number that has exactly `index` non-members in [min, it). It must exist. */
  gapAt(min: number, index: number): number {
    const base = this.countBelow(min);
    let passed = 0;
    for (let node = this.#root; node !== NONE;) {
      const start = this.startOf(node);
      const before = passed + this.#usedLeft(node);
      if (start > min && index < start - min - (before - base)) node = this.#left[node] ?? NONE;
      else {
        passed = before + this.endOf(node) + 1 - start;
        node = this.#right[node] ?? NONE;
      }
    }
    // Runs that end below `min` are in both counts.
    return min + index + (passed - base);
  }

  clear(): void {
    this.#root = NONE;
    this.#firstFree = NONE;
    this.#nodes = 1;
    this.#runs = 0;
  }

  /** Runs in rising order. */
  *[Symbol.iterator](): Generator<readonly [start: number, end: number]> {
    const path: number[] = [];
    let node = this.#root;
    while (node !== NONE || path.length > 0) {
      for (; node !== NONE; node = this.#left[node] ?? NONE) path.push(node);
      node = path.pop() ?? NONE;
      yield [this.startOf(node), this.endOf(node)];
      node = this.#right[node] ?? NONE;
    }
  }

  #usedLeft(node: number): number {
    const left = this.#left[node] ?? NONE;
    return left === NONE ? 0 : (this.#used[left] ?? 0);
  }

  #allocate(start: number, end: number): number {
    let node = this.#firstFree;
    if (node !== NONE) this.#firstFree = this.#left[node] ?? NONE;
    else {
      node = this.#nodes++;
      if (node >= this.#start.length) this.#grow();
    }
    this.#start[node] = start;
    this.#end[node] = end;
    this.#left[node] = NONE;
    this.#right[node] = NONE;
    this.#used[node] = end - start + 1;
    return node;
  }

  #grow(): void {
    const size = this.#start.length * 2;
    const grown = (old: Uint32Array): Uint32Array => {
      const next = new Uint32Array(size);
      next.set(old);
      return next;
    };
    this.#start = grown(this.#start);
    this.#end = grown(this.#end);
    this.#left = grown(this.#left);
    this.#right = grown(this.#right);
    const used = new Float64Array(size);
    used.set(this.#used);
    this.#used = used;
  }

  #sum(node: number): void {
    const right = this.#right[node] ?? NONE;
    const usedRight = right === NONE ? 0 : (this.#used[right] ?? 0);
    this.#used[node] = this.#usedLeft(node) + usedRight + this.endOf(node) - this.startOf(node) + 1;
  }

  /** Nodes that start below `start`, and the rest. */
  #split(node: number, start: number): readonly [number, number] {
    if (node === NONE) return [NONE, NONE];
    if (this.startOf(node) < start) {
      const [below, above] = this.#split(this.#right[node] ?? NONE, start);
      this.#right[node] = below;
      this.#sum(node);
      return [node, above];
    }
    const [below, above] = this.#split(this.#left[node] ?? NONE, start);
    this.#left[node] = above;
    this.#sum(node);
    return [below, node];
  }

  #merge(a: number, b: number): number {
    if (a === NONE) return b;
    if (b === NONE) return a;
    if (priority(a) > priority(b)) {
      this.#right[a] = this.#merge(this.#right[a] ?? NONE, b);
      this.#sum(a);
      return a;
    }
    this.#left[b] = this.#merge(a, this.#left[b] ?? NONE);
    this.#sum(b);
    return b;
  }
}

/** murmur3's finaliser. */
function priority(node: number): number {
  let hash = Math.imul(node ^ (node >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
