// OpenSSL's programs and our machines on loopback sockets, for interop tests.
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { systemClock } from "@coracle/runtime";
import type { DtlsClient, DtlsOutput, DtlsServer } from "../../mod.ts";

/** What is waited for at most, to fail rather than hang. */
const DEADLINE_MS = 20_000;

/** A machine of either role, as far as a socket is concerned. */
interface Driven {
  handle(input: { kind: "datagram"; peer: string; bytes: Uint8Array } | { kind: "timeout" }, now: number): void;
}

/** A machine on its socket. */
export interface Driver {
  readonly port: number;
  /** Every output but datagrams, so far. */
  readonly seen: readonly DtlsOutput[];
  /** Sends what the machine has to say; call it after each input of your own. */
  pump(): void;
  /** Resolves with the first output of a kind, counted from `from`. */
  until(kind: DtlsOutput["kind"], from?: number): Promise<DtlsOutput>;
  close(): void;
}

/** Runs a machine on a socket of its own until closed. */
export async function drive(machine: DtlsServer | DtlsClient): Promise<Driver> {
  const socket = createSocket("udp4");
  const driven = machine as unknown as Driven;
  const seen: DtlsOutput[] = [];
  const waiting = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pump = (): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === "send") {
        const [host, port] = output.peer.split(" ");
        socket.send(output.bytes, Number(port), host);
      } else seen.push(output);
    }
    for (const look of waiting) look();
    clearTimeout(timer);
    const next = machine.nextTimeout();
    if (next === undefined) return;
    const onTime = (): void => {
      driven.handle({ kind: "timeout" }, systemClock.now());
      pump();
    };
    timer = setTimeout(onTime, Math.max(1, next - systemClock.now()));
  };
  socket.on("message", (bytes, from) => {
    const datagram = new Uint8Array(bytes);
    driven.handle({ kind: "datagram", peer: `${from.address} ${from.port}`, bytes: datagram }, systemClock.now());
    pump();
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    port: socket.address().port,
    seen,
    pump,
    until: (kind, from = 0) =>
      new Promise((resolve, reject) => {
        const overdue = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${kind} in: ${seen.map((output) => output.kind).join(", ")}`));
        }, DEADLINE_MS);
        const look = (): void => {
          const found = seen.slice(from).find((output) => output.kind === kind);
          if (found === undefined) return;
          clearTimeout(overdue);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: () => {
      clearTimeout(timer);
      socket.close();
    },
  };
}

/** A running `openssl` and all that it printed. */
export class OpensslProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #waiting: Set<() => void> = new Set();
  #printed = "";
  #hasEnded = false;

  constructor(args: readonly string[]) {
    this.#child = spawn("openssl", [...args], { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (piece: Buffer) => {
        this.#printed += piece.toString("utf8");
        for (const look of this.#waiting) look();
      });
    }
    // What is written to a program that has just ended is lost, as it should be.
    this.#child.stdin?.on("error", () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#child.once("close", () => {
        this.#hasEnded = true;
        for (const look of this.#waiting) look();
        resolve();
      });
    });
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** How much it has printed: a place to see on from. */
  get printedChars(): number {
    return this.#printed.length;
  }

  /** The first match in what is printed from `from` on. */
  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const give = (settle: () => void): void => {
        clearTimeout(overdue);
        this.#waiting.delete(look);
        settle();
      };
      const overdue = setTimeout(
        () => give(() => reject(new Error(`no ${pattern} in: ${this.#printed}`))),
        DEADLINE_MS,
      );
      const look = (): void => {
        const match = pattern.exec(this.#printed.slice(from));
        if (match !== null) give(() => resolve(match));
        else if (this.#hasEnded) give(() => reject(new Error(`ended before ${pattern} in: ${this.#printed}`)));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Closes its input, at which `s_client` says goodbye and ends. */
  async finish(): Promise<void> {
    this.#child.stdin?.end();
    await this.#closed;
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.#closed;
  }
}
