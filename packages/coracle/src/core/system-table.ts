// The table that `coracle up` shows: what runs, where it listens, what to try.
import type { ClusterView } from "./cluster-model.ts";
import type { ChildStatus } from "./supervisor.ts";

/** What one child's line says besides its state. */
export interface ChildFacts {
  /** Address to point a client at. */
  readonly url: string;
  /** One clause: what it is doing now. */
  readonly detail: string;
  /** Neighbours of one group share a line. */
  readonly group?: string;
}

/** Everything the table shows. */
export interface SystemView {
  readonly version: string;
  readonly dataFolder: string;
  readonly children: readonly ChildStatus[];
  readonly facts: ReadonlyMap<string, ChildFacts>;
  /** Lines about the virtual networks. */
  readonly network: readonly string[];
  /** Lines about the DTLS cluster. */
  readonly cluster: readonly string[];
  /** Fewer of those, for a terminal that is not high. */
  readonly clusterBriefly: readonly string[];
  /** The same as numbers; absent without the cluster. */
  readonly clusterFacts: ClusterView | undefined;
  /** Command lines to paste. */
  readonly commands: readonly string[];
  /** Said once: what is missing and how to get it. */
  readonly notices: readonly string[];
}

/** The lines of the table; fewer where `rowsMax` asks for it, but not fewer than it takes to say what matters. */
export function formatSystem(view: SystemView, rowsMax: number = Number.POSITIVE_INFINITY): string[] {
  const lines = formatWith(view, view.cluster);
  return lines.length <= rowsMax ? lines : formatWith(view, view.clusterBriefly);
}

function formatWith(view: SystemView, cluster: readonly string[]): string[] {
  const rows = groupsOf(view).map((children) => cellsOf(children, view));
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
    ...(cluster.length === 0 ? [] : ["", ...cluster]),
    ...(commands.length === 0 ? [] : ["", ...commands]),
    ...(view.notices.length === 0 ? [] : ["", ...view.notices.map((notice) => `  ${notice}`)]),
    "",
  ];
}

/** Neighbours of one group together, everyone else alone. */
function groupsOf({ children, facts }: SystemView): readonly (readonly ChildStatus[])[] {
  const groups: ChildStatus[][] = [];
  for (const child of children) {
    const group = facts.get(child.name)?.group;
    const last = groups.at(-1);
    const before = last?.[0] === undefined ? undefined : facts.get(last[0].name)?.group;
    if (last !== undefined && group !== undefined && group === before) last.push(child);
    else groups.push([child]);
  }
  return groups;
}

function cellsOf(children: readonly ChildStatus[], { facts }: SystemView): readonly string[] {
  const of = (child: ChildStatus | undefined): ChildFacts | undefined => facts.get(child?.name ?? "");
  const [first, last] = [children[0], children.at(-1)];
  const name = children.length === 1 ? first?.name : `${of(first)?.group ?? ""} ×${children.length}`;
  const [firstUrl = "", lastUrl = ""] = [of(first)?.url, of(last)?.url];
  const url = children.length === 1 ? firstUrl : `${firstUrl} … ${lastUrl.slice(lastUrl.lastIndexOf(":") + 1)}`;
  return [name ?? "", statesText(children), url, `${of(first)?.detail ?? ""}${restartsText(children)}`];
}

/** `ready`, or who is not: `ready but 2 backing-off`. */
function statesText(children: readonly ChildStatus[]): string {
  const [first] = children;
  if (children.every(({ state }) => state === first?.state)) return first?.state ?? "";
  const others = children.flatMap(({ state }, index) => (state === "ready" ? [] : [`${index + 1} ${state}`]));
  return others.length < children.length ? `ready but ${others.join(", ")}` : others.join(", ");
}

function restartsText(children: readonly ChildStatus[]): string {
  return children
    .filter(({ restarts }) => restarts > 0)
    .map(({ name, restarts }) => `  ${children.length === 1 ? "" : `${name} `}restarted ${restarts} times`)
    .join("");
}
