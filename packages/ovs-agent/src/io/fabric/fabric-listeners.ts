// Who listens to a fabric's events, and who waits until it has settled.
import type { AbandonSignal, FabricEvent } from "../../core/fabric.ts";
import { FabricError } from "./fabric-error.ts";

/** Shared by the fabrics. */
export class FabricListeners {
  readonly #listeners = new Set<(event: FabricEvent) => void>();
  readonly #waiters = new Set<{ readonly check: () => void; readonly abandon: () => void }>();

  /** See `Fabric.onEvent`. */
  readonly onEvent = (listener: (event: FabricEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** To every listener. */
  tell(event: FabricEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Resolves once `isSettled` holds; asked now and at each {@link check}. */
  settled(isSettled: () => boolean, signal: AbandonSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", waiter.abandon);
        settle();
      };
      const waiter = {
        check: () => {
          if (isSettled()) end(resolve);
        },
        abandon: () => end(() => reject(new FabricError("ABORTED", "Cannot wait for the fabric as it was abandoned"))),
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", waiter.abandon);
      if (signal?.aborted === true) waiter.abandon();
      else waiter.check();
    });
  }

  /** Something has changed. */
  check(): void {
    for (const { check } of this.#waiters) check();
  }

  /** Rejects who waits. */
  close(): void {
    for (const { abandon } of this.#waiters) abandon();
  }
}
