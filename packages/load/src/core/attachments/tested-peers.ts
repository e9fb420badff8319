// Which attachment of a network was tested most recently and still exists, and which tests are still running.
import type { TestPeer } from "./test-command.ts";

/** Tested and pending attachments of one network; bounded by the attachments that exist. */
export class TestedPeers {
  readonly #tested = new Map<string, TestPeer>();
  readonly #pending = new Set<string>();

  /** A test was asked for. */
  begin(name: string): void {
    this.#pending.add(name);
  }

  /** A test ended; a success makes the attachment a peer for others. */
  end(peer: TestPeer, isSuccess: boolean): void {
    this.#pending.delete(peer.name);
    if (!isSuccess) return;
    this.#tested.delete(peer.name);
    this.#tested.set(peer.name, peer);
  }

  /** The attachment is about to go: nobody is to ping it, and the one tested before it serves again. */
  forget(name: string): void {
    this.#pending.delete(name);
    this.#tested.delete(name);
  }

  /** The peer tested last, if one exists. */
  latest(): TestPeer | undefined {
    let latest: TestPeer | undefined;
    for (const peer of this.#tested.values()) latest = peer;
    return latest;
  }

  /** True while a test may still bring a first peer. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }
}
