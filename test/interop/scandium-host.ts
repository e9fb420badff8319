// One Java virtual machine with any number of Scandium clients and nodes in it: starting one costs milliseconds, not seconds.
import { LineLog, type LinePeer } from "./line-log.ts";
import { LineProgram } from "./line-program.ts";
import { javaCommand } from "./peers.ts";

/** `FLAG=VALUE` of a client or node, see `PeerFlags.java`. */
export type ScandiumFlags = Readonly<Record<string, string | number>>;

/** The virtual machine. Stop it in the end: that ends all in it. */
export class ScandiumHost {
  readonly #machine: LineProgram;
  readonly #peers: Map<string, ScandiumPeer> = new Map();
  #started = 0;

  private constructor() {
    this.#machine = new LineProgram(javaCommand("PeerHost", {}, "quick-start"), (line) => this.#deliver(line));
  }

  static async start(): Promise<ScandiumHost> {
    const host = new ScandiumHost();
    await host.#machine.see(/^ready$/);
    return host;
  }

  /** Starts one and waits until it has its port. */
  async run(kind: "client" | "node", flags: ScandiumFlags): Promise<ScandiumPeer> {
    const name = `${kind}-${this.#started++}`;
    const peer = new ScandiumPeer(this.#machine, name);
    this.#peers.set(name, peer);
    const words = Object.entries(flags).map(([flag, value]) => `${flag}=${value}`);
    this.#machine.tell(["start", name, kind, ...words].join(" "));
    await peer.see(/^ready /);
    return peer;
  }

  /** Ends the virtual machine at once, with all in it. */
  async stop(): Promise<void> {
    await this.#machine.stop();
  }

  #deliver(line: string): void {
    const space = line.indexOf(" ");
    if (space > 0) this.#peers.get(line.slice(0, space))?.note(line.slice(space + 1));
  }
}

/** A client or node in the virtual machine, as if it were a program of its own. */
export class ScandiumPeer implements LinePeer {
  readonly #machine: LineProgram;
  readonly #name: string;
  readonly #log: LineLog = new LineLog();

  constructor(machine: LineProgram, name: string) {
    this.#machine = machine;
    this.#name = name;
  }

  /** Its UDP port when it started. */
  get port(): number {
    const line = this.lines.find((each) => each.startsWith("ready ")) ?? "ready 0";
    return Number(line.slice("ready ".length));
  }

  get told(): number {
    return this.#log.lines.length;
  }

  get lines(): readonly string[] {
    return this.#log.lines;
  }

  /** For the virtual machine: a line that it told. */
  note(line: string): void {
    this.#log.note(line);
    if (line === "ended") this.#log.end();
  }

  tell(line: string): void {
    this.#machine.tell(`to ${this.#name} ${line}`);
  }

  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return await this.#log.see(pattern, from, () => this.#name);
  }

  async ask(line: string, pattern: RegExp): Promise<RegExpExecArray> {
    const from = this.told;
    this.tell(line);
    return await this.see(pattern, from);
  }

  async stop(): Promise<void> {
    if (this.#log.hasEnded) return;
    this.#machine.tell(`end ${this.#name}`);
    await this.see(/^ended$/);
  }
}
