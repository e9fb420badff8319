// What `up` shows: on a terminal a table with lines scrolling under it, elsewhere one JSON object a line.
import { clockText, rfc3339 } from "@coracle/lifecycle";
import { onSignal, type OutputWriter } from "@coracle/runtime";
import type { ClusterView } from "../core/cluster-model.ts";
import { Screen, type ScreenSize } from "../core/screen.ts";
import { formatSystem, type SystemView } from "../core/system-table.ts";

/** Something worth a line. */
export interface SystemEvent {
  readonly event: string;
  readonly text: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Shows the system while it runs. */
export interface Presenter {
  show(view: SystemView): void;
  tell(event: SystemEvent): void;
  close(): void;
}

const PENDING_BYTES_MAX = 1 << 20;
/** How often a program that reads the lines is told how the networks and the devices are. */
const PERIOD_MS = 10_000;

/** The presenter for `writer`. */
export function createPresenter(
  writer: OutputWriter,
  options: { readonly wallMs: () => number; readonly json: boolean },
): Presenter {
  return writer.isTerminal && !options.json
    ? new TerminalPresenter(writer, options.wallMs)
    : new JsonPresenter(writer, options.wallMs);
}

class TerminalPresenter implements Presenter {
  readonly #writer: OutputWriter;
  readonly #wallMs: () => number;
  readonly #screen: Screen;
  readonly #stopListening: () => void;
  #view: SystemView | undefined;
  #dropped = 0;

  constructor(writer: OutputWriter, wallMs: () => number) {
    this.#writer = writer;
    this.#wallMs = wallMs;
    this.#screen = new Screen(sizeOf(writer));
    this.#stopListening = onSignal(["SIGWINCH"], () => {
      this.#screen.resize(sizeOf(writer));
      if (this.#view !== undefined) this.show(this.#view);
    });
  }

  show(view: SystemView): void {
    this.#view = view;
    this.#writer.write(this.#screen.drawTable(formatSystem(view, this.#screen.tableRowsMax)));
  }

  tell(event: SystemEvent): void {
    // A terminal that does not read must not make us grow: lines are dropped, and their number told later.
    if (this.#writer.pendingBytes() > PENDING_BYTES_MAX) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.#writer.write(this.#screen.scrollLine(`… ${this.#dropped} lines were not shown: the terminal did not read`));
      this.#dropped = 0;
    }
    this.#writer.write(this.#screen.scrollLine(`${clockText(this.#wallMs())}  ${event.text}`));
  }

  close(): void {
    this.#stopListening();
    this.#writer.write(this.#screen.close());
  }
}

class JsonPresenter implements Presenter {
  readonly #writer: OutputWriter;
  readonly #wallMs: () => number;
  #states = "";
  #networkToldMs = 0;
  #clusterToldMs = 0;

  constructor(writer: OutputWriter, wallMs: () => number) {
    this.#writer = writer;
    this.#wallMs = wallMs;
  }

  show(view: SystemView): void {
    this.#showNetwork(view.network);
    this.#showCluster(view.clusterFacts);
    const children = view.children.map(({ name, state, restarts, pid }) => ({
      name,
      state,
      restarts,
      pid,
      url: view.facts.get(name)?.url,
    }));
    const states = JSON.stringify(children);
    if (states === this.#states) return;
    this.#states = states;
    const { version, dataFolder, commands, notices } = view;
    this.#write({ event: "system", version, dataFolder, children, commands, notices });
  }

  tell({ event, text, fields }: SystemEvent): void {
    this.#write({ event, message: text, ...fields });
  }

  close(): void {
    this.#states = "";
  }

  #showNetwork(lines: readonly string[]): void {
    const nowMs = this.#wallMs();
    if (lines.length === 0 || Math.abs(nowMs - this.#networkToldMs) < PERIOD_MS) return;
    this.#networkToldMs = nowMs;
    this.#write({ event: "network", lines: lines.map((line) => line.trim()) });
  }

  /** Not before the first request was answered: until then there is nothing to say. */
  #showCluster(facts: ClusterView | undefined): void {
    const nowMs = this.#wallMs();
    if (facts === undefined || facts.answered === 0 || Math.abs(nowMs - this.#clusterToldMs) < PERIOD_MS) return;
    this.#clusterToldMs = nowMs;
    this.#write({ event: "cluster", ...facts });
  }

  #write(line: Readonly<Record<string, unknown>>): void {
    if (this.#writer.pendingBytes() > PENDING_BYTES_MAX) return;
    this.#writer.write(`${JSON.stringify({ time: rfc3339(this.#wallMs()), ...line })}\n`);
  }
}

function sizeOf(writer: OutputWriter): ScreenSize {
  // A terminal that was never told its size says 0.
  return { columns: writer.columns() || 80, rows: writer.rows() || 24 };
}
