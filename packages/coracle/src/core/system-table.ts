// The table that `coracle up` shows: what runs, where it listens, what to try.
import type { ChildStatus } from "./supervisor.ts";

/** What one child's line says besides its state. */
export interface ChildFacts {
  /** Address to point a client at. */
  readonly url: string;
  /** One clause: what it is doing now. */
  readonly detail: string;
}

/** Everything the table shows. */
export interface SystemView {
  readonly version: string;
  readonly dataFolder: string;
  readonly children: readonly ChildStatus[];
  readonly facts: ReadonlyMap<string, ChildFacts>;
  /** Lines about the virtual networks. */
  readonly network: readonly string[];
  /** Command lines to paste. */
  readonly commands: readonly string[];
  /** Said once: what is missing and how to get it. */
  readonly notices: readonly string[];
}

/** The lines of the table. */
export function formatSystem(view: SystemView): string[] {
  const rows = view.children.map((child) => {
    const facts = view.facts.get(child.name);
    const restarts = child.restarts === 0 ? "" : `  restarted ${child.restarts} times`;
    return [child.name, child.state, facts?.url ?? "", `${facts?.detail ?? ""}${restarts}`];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 0));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3)).join("")}`.trimEnd(),
  );
  const commands = view.commands.map((command, index) => `  ${index === 0 ? "try" : "   "}   ${command}`);
  return [
    `coracle ${view.version}   data in ${view.dataFolder}   Ctrl-C stops everything and leaves nothing behind`,
    "",
    ...lines,
    ...(view.network.length === 0 ? [] : ["", ...view.network]),
    ...(commands.length === 0 ? [] : ["", ...commands]),
    ...(view.notices.length === 0 ? [] : ["", ...view.notices.map((notice) => `  ${notice}`)]),
    "",
  ];
}
