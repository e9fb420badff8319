// Runs the work on keys as tasks that ask for one API call after the other; several keys at a time, each by one task.
import type { Millis } from "@coracle/base";
import type { WorkQueue } from "@coracle/kube";

/** How a task ends: `retry` comes back after the key's backoff, `done` with the next event. */
export type TaskEnd = "done" | "retry";

/** The work on one key: yields requests, is given their answers. Between the two, anything may have changed. */
export type Task<Request, Answer, End = TaskEnd> = Generator<Request, End, Answer>;

/** A request to carry out; its answer goes to `answer` with the same id. */
export interface TaskCall<Request> {
  readonly id: number;
  readonly request: Request;
}

/** Settings of a {@link TaskRunner}. */
export interface TaskRunnerOptions<Request, Answer> {
  readonly queue: WorkQueue;
  /** Tasks at a time. */
  readonly workers: number;
  readonly start: (key: string, now: Millis) => Task<Request, Answer>;
  /** Called when the task of a key has ended. */
  readonly ended?: (key: string, now: Millis) => void;
}

interface Running<Request, Answer> {
  readonly key: string;
  readonly task: Task<Request, Answer>;
}

/** Takes keys from the queue while it is active and a worker is free. */
export class TaskRunner<Request, Answer> {
  readonly #options: TaskRunnerOptions<Request, Answer>;
  readonly #running: Map<number, Running<Request, Answer>> = new Map();
  readonly #calls: TaskCall<Request>[] = [];
  #lastId = 0;
  #isActive = false;

  constructor(options: TaskRunnerOptions<Request, Answer>) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Inactive, no key is taken; tasks that run go on to their end. */
  setActive(isActive: boolean): void {
    this.#isActive = isActive;
  }

  /** The next call to make. */
  poll(now: Millis): TaskCall<Request> | undefined {
    for (;;) {
      const call = this.#calls.shift();
      if (call !== undefined) return call;
      if (!this.#isActive || this.#running.size >= this.#options.workers) return undefined;
      const key = this.#options.queue.take(now);
      if (key === undefined) return undefined;
      const task = this.#options.start(key, now);
      this.#step({ key, task }, task.next(), now);
    }
  }

  /** The answer to a call. */
  answer(id: number, answer: Answer, now: Millis): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    this.#step(running, running.task.next(answer), now);
  }

  nextTimeout(): Millis | undefined {
    if (!this.#isActive || this.#running.size >= this.#options.workers) return undefined;
    return this.#options.queue.nextTimeout();
  }

  #step(running: Running<Request, Answer>, result: IteratorResult<Request, TaskEnd>, now: Millis): void {
    const { queue, ended } = this.#options;
    if (!(result.done ?? false)) {
      const id = ++this.#lastId;
      this.#running.set(id, running);
      this.#calls.push({ id, request: result.value as Request });
      return;
    }
    if (result.value === "retry") queue.retry(running.key, now);
    else queue.forget(running.key);
    queue.done(running.key, now);
    ended?.(running.key, now);
  }
}
