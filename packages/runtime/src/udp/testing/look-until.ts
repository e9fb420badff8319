// Waiting without an event loop: on a busy machine the kernel's loopback delivers after the call that sends.
const IDLE = new Int32Array(new SharedArrayBuffer(4));
const PAUSE_MS = 5;
const LOOKS_MAX = 1000;

/** Looks again and again until `look` answers true, or five seconds have gone: then what was seen is what there is. */
export function lookUntil(look: () => boolean): void {
  for (let looks = 0; looks < LOOKS_MAX && !look(); looks++) Atomics.wait(IDLE, 0, 0, PAUSE_MS);
}
