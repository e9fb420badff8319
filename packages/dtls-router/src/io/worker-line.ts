// The main thread's line to one worker: messages in order, kept while the ring is full, questions with their answers, its farewell.
import { assert } from "@coracle/base";
import { startTimer, type Timer } from "@coracle/runtime";
import { encodeMessage, type PostedAnswer, WorkerMessage, type WorkerQuestion } from "../core/worker-messages.ts";

/** Messages kept for a worker that does not take any. Members and questions are few: more means that it hangs. */
export const KEPT_MESSAGES_MAX = 1024;
const RETRY_MS = 5;
/** An answer that takes longer is given up. */
const ANSWER_TIMEOUT_MS = 5000;

/** Puts a message into the worker's ring; false if it is full. */
export type PostMessage = (kind: number, bytes: Uint8Array) => boolean;

/** Why a question has no answer. */
export class NoAnswerError extends Error {
  readonly code = "NO_ANSWER";
}

/** Who waits for an answer. */
interface Question {
  readonly resolve: (answer: unknown) => void;
  readonly fail: (why: string) => void;
  readonly timer: Timer;
}

const BROKEN = "a worker has ended";

/** One worker's line. */
export class WorkerLine {
  readonly #post: PostMessage;
  readonly #kept: { readonly kind: number; readonly bytes: Uint8Array }[] = [];
  readonly #questions: Map<number, Question> = new Map();
  #retry: Timer | undefined;
  #nextId = 1;
  #isBroken = false;
  #onFarewell: (told: number) => void = () => undefined;

  constructor(post: PostMessage) {
    this.#post = post;
  }

  /** Sends a message, now or when there is room. */
  tell(kind: number, message: unknown): void {
    if (this.#isBroken) return;
    const bytes = encodeMessage(message);
    if (this.#kept.length === 0 && this.#post(kind, bytes)) return;
    assert(
      this.#kept.length < KEPT_MESSAGES_MAX,
      `Cannot tell a worker: it has not taken ${this.#kept.length} messages`,
    );
    this.#kept.push({ kind, bytes });
    this.#retry ??= startTimer(RETRY_MS, () => this.#postKept());
  }

  /** Asks; rejects with {@link NoAnswerError} if the worker takes too long. */
  ask(question: WorkerQuestion): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        this.#questions.delete(id);
        reject(new NoAnswerError(`Cannot say ${question.kind}: ${why}`));
      };
      if (this.#isBroken) return fail(BROKEN);
      const timer = startTimer(ANSWER_TIMEOUT_MS, () => fail(`a worker did not answer in ${ANSWER_TIMEOUT_MS} ms`));
      this.#questions.set(id, { resolve, fail, timer });
      this.tell(WorkerMessage.question, { id, question });
    });
  }

  /** The worker's answer. */
  answered({ id, answer }: PostedAnswer): void {
    const question = this.#questions.get(id);
    question?.timer.cancel();
    this.#questions.delete(id);
    question?.resolve(answer);
  }

  /** Lets the worker end its sessions; resolves with how many devices it told, none if it breaks. To be asked once. */
  farewell(tellDevices: boolean): Promise<number> {
    return new Promise((resolve) => {
      if (this.#isBroken) return resolve(0);
      this.#onFarewell = resolve;
      this.tell(WorkerMessage.farewell, { tellDevices });
    });
  }

  /** The worker has ended its sessions. */
  farewellDone(told: number): void {
    this.#onFarewell(told);
  }

  /** The worker has ended by itself: whoever waits for it hears so, and nothing is sent to it any more. */
  broke(): void {
    this.#isBroken = true;
    this.#retry?.cancel();
    this.#kept.length = 0;
    for (const { fail, timer } of this.#questions.values()) {
      timer.cancel();
      fail(BROKEN);
    }
    this.#onFarewell(0);
  }

  close(): void {
    this.#retry?.cancel();
    for (const { timer } of this.#questions.values()) timer.cancel();
    this.#questions.clear();
  }

  #postKept(): void {
    this.#retry = undefined;
    while (this.#kept.length > 0) {
      const [first] = this.#kept;
      if (first === undefined || !this.#post(first.kind, first.bytes)) break;
      this.#kept.shift();
    }
    if (this.#kept.length > 0) this.#retry = startTimer(RETRY_MS, () => this.#postKept());
  }
}
