// One `up` per data folder: a lock that a crash cannot leave closed, and the list of children to clean up after one.
import {
  endProcess,
  FileError,
  formatIdentity,
  identify,
  isAlive,
  joinPath,
  makeSymlink,
  parseIdentity,
  processId,
  type ProcessIdentity,
  readSymlink,
  readTextFile,
  removePath,
  writeFileAtomic,
} from "@coracle/runtime";

/** Somebody else holds the lock. */
export interface LockHeld {
  readonly kind: "held";
  readonly pid: number;
}

/** The lock is ours. */
export interface LockTaken {
  readonly kind: "taken";
  readonly lock: RunLock;
  /** Children of an `up` that died, ended now. */
  readonly cleaned: readonly string[];
}

const LINK_NAME = "up.lock";
const CHILDREN_NAME = "up.children";
const CLEAN_GRACE_MS = 10_000;
const ATTEMPTS_MAX = 5;

/** Takes the lock of a data folder. A symbolic link is made in one step or not at all, and its target names the holder. */
export async function takeRunLock(dataFolder: string): Promise<LockTaken | LockHeld> {
  const link = joinPath(dataFolder, LINK_NAME);
  const own = await identify(processId());
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      await makeSymlink(formatIdentity(own), link);
      const cleaned = await cleanChildren(dataFolder);
      return { kind: "taken", lock: new RunLock(dataFolder), cleaned };
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== "EEXIST") throw error;
    }
    const holder = parseIdentity(await readSymlink(link).catch(() => ""));
    if (holder !== undefined && (await isAlive(holder))) return { kind: "held", pid: holder.pid };
    await removePath(link);
  }
  throw new Error(`Cannot lock ${dataFolder}: others took the lock ${ATTEMPTS_MAX} times in a row`);
}

/** A lock that is held. Remembers the children, so that the next `up` can end them if this one is killed. */
export class RunLock {
  readonly #folder: string;
  readonly #children = new Map<string, ProcessIdentity>();
  #saving: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Notes a child that runs now. */
  async add(name: string, pid: number): Promise<void> {
    this.#children.set(name, await identify(pid));
    await this.#save();
  }

  /** Notes that a child has ended. */
  async remove(name: string): Promise<void> {
    this.#children.delete(name);
    await this.#save();
  }

  async release(): Promise<void> {
    await removePath(joinPath(this.#folder, CHILDREN_NAME));
    await removePath(joinPath(this.#folder, LINK_NAME));
  }

  /** One write after the other, each of what is known by then: an older list must not replace a newer one. */
  #save(): Promise<void> {
    const write = async (): Promise<void> => {
      const lines = [...this.#children].map(([name, identity]) => `${name} ${formatIdentity(identity)}\n`);
      await writeFileAtomic(joinPath(this.#folder, CHILDREN_NAME), lines.join(""));
    };
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }
}

async function cleanChildren(folder: string): Promise<string[]> {
  const path = joinPath(folder, CHILDREN_NAME);
  const text = await readTextFile(path).catch(() => "");
  const cleaned = await Promise.all(
    text.split("\n").map(async (line) => {
      const [name = "", identityText = ""] = line.split(" ");
      const identity = parseIdentity(identityText);
      if (identity === undefined || !(await endProcess(identity, CLEAN_GRACE_MS))) return [];
      return [`${name} (pid ${identity.pid})`];
    }),
  );
  await removePath(path);
  return cleaned.flat();
}
