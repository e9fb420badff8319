// What the main thread can ask a worker.
import { unreachable } from "@coracle/base";
import type { WorkerQuestion } from "../core/worker-messages.ts";
import type { SessionHost } from "./session-host.ts";

/** Answers at once, or between batches where it takes long. */
export function answerQuestion(host: SessionHost, question: WorkerQuestion, answer: (value: unknown) => void): void {
  switch (question.kind) {
    case "alive":
      return answer(true);
    case "counts":
      return answer(host.counts());
    case "sessions":
      return host.countSessions(answer);
    case "stage":
      return answer(host.stageOf(bytesOf(question.cid)));
    default:
      return unreachable(question);
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
