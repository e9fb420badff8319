// The main thread's line to one worker: messages in order, kept while the ring is full, and questions with their answers.
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

/** One worker's line. */
export class WorkerLine {
  readonly #post: PostMessage;
  readonly #kept: { readonly kind: number; readonly bytes: Uint8Array }[] = [];
  readonly #questions: Map<number, { resolve(answer: unknown): void; readonly timer: Timer }> = new Map();
  #retry: Timer | undefined;
  #nextId = 1;

  constructor(post: PostMessage) {
    this.#post = post;
  }

  /** Sends a message, now or when there is room. */
  tell(kind: number, message: unknown): void {
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
      const timer = startTimer(ANSWER_TIMEOUT_MS, () => {
        this.#questions.delete(id);
        reject(new NoAnswerError(`Cannot say ${question.kind}: a worker did not answer in ${ANSWER_TIMEOUT_MS} ms`));
      });
      this.#questions.set(id, { resolve, timer });
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
