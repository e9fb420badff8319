// The ports of the bridge as the switch tells them on the present OpenFlow connection: names and numbers.
import { startTimer } from "@coracle/runtime";
import type { SwitchPorts } from "./port-changes.ts";

const WAIT_MS = 2000;
const WAITERS_MAX = 100_000;

/** Kept up by port descriptions and port-status messages. */
export class SwitchPortTable implements SwitchPorts {
  #ports = new Map<string, number>();
  readonly #waiters = new Map<string, (port: number | undefined) => void>();
  readonly #waitersMax: number;

  constructor(waitersMax: number = WAITERS_MAX) {
    this.#waitersMax = waitersMax;
  }

  get(name: string): number | undefined {
    return this.#ports.get(name);
  }

  /** All ports anew. */
  replace(ports: ReadonlyMap<string, number>): void {
    this.#ports = new Map(ports);
    for (const [name, settle] of this.#waiters) {
      const port = ports.get(name);
      if (port !== undefined) settle(port);
    }
  }

  /** One port; 0 if it is gone. */
  set(name: string, port: number): void {
    if (port === 0) this.#ports.delete(name);
    else this.#ports.set(name, port);
    if (port !== 0) this.#waiters.get(name)?.(port);
  }

  wait(name: string): Promise<number | undefined> {
    const known = this.#ports.get(name);
    if (known !== undefined || this.#waiters.has(name) || this.#waiters.size >= this.#waitersMax)
      return Promise.resolve(known);
    return new Promise((resolve) => {
      const settle = (port: number | undefined): void => {
        this.#waiters.delete(name);
        timer.cancel();
        resolve(port);
      };
      const timer = startTimer(WAIT_MS, () => settle(undefined));
      this.#waiters.set(name, settle);
    });
  }

  /** Nobody waits any more. */
  close(): void {
    for (const settle of this.#waiters.values()) settle(undefined);
  }
}
