// The anti-replay window of one epoch (RFC 6347 §4.1.2.6, RFC 4303 §3.4.3) and the newest-record rule (RFC 9146 §6).

/** Records remembered behind the newest. */
export const REPLAY_WINDOW_SIZE = 64;

/** A window as plain data: bit i of the mask stands for `newest - i`. */
export interface ReplayWindowState {
  /** The largest sequence number accepted; -1 before the first. */
  readonly newest: number;
  /** Bits 0..31 and 32..63 of the mask. */
  readonly low: number;
  readonly high: number;
}

/** Which of the last 64 sequence numbers have been accepted. Ask before decrypting, record only what authenticated. */
export class ReplayWindow {
  #newest = -1;
  #low = 0;
  #high = 0;

  get newest(): number {
    return this.#newest;
  }

  /** True if `sequence` is new: ahead of the window, or in it and not seen. */
  permits(sequence: number): boolean {
    const behind = this.#newest - sequence;
    if (behind < 0) return true;
    if (behind >= REPLAY_WINDOW_SIZE) return false;
    const mask = behind < 32 ? this.#low : this.#high;
    return ((mask >>> (behind & 31)) & 1) === 0;
  }

  /** Marks an authenticated `sequence`; true if it is newer than every one before. */
  accept(sequence: number): boolean {
    const ahead = sequence - this.#newest;
    if (ahead <= 0) {
      this.#mark(-ahead);
      return false;
    }
    this.#slide(ahead);
    this.#newest = sequence;
    this.#low = (this.#low | 1) >>> 0;
    return true;
  }

  save(): ReplayWindowState {
    return { newest: this.#newest, low: this.#low, high: this.#high };
  }

  restore(state: ReplayWindowState): void {
    this.#newest = state.newest;
    this.#low = state.low >>> 0;
    this.#high = state.high >>> 0;
  }

  #mark(behind: number): void {
    if (behind < 32) this.#low = (this.#low | (1 << behind)) >>> 0;
    else if (behind < REPLAY_WINDOW_SIZE) this.#high = (this.#high | (1 << (behind - 32))) >>> 0;
  }

  #slide(ahead: number): void {
    if (ahead >= REPLAY_WINDOW_SIZE) {
      this.#low = 0;
      this.#high = 0;
    } else if (ahead >= 32) {
      this.#high = ahead === 32 ? this.#low : (this.#low << (ahead - 32)) >>> 0;
      this.#low = 0;
    } else {
      this.#high = ((this.#high << ahead) | (this.#low >>> (32 - ahead))) >>> 0;
      this.#low = (this.#low << ahead) >>> 0;
    }
  }
}
