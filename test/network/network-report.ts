// What a failed test says of its network: which programs run, what they said last, what each host's switch has.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "@coracle/lab/io";
import type { ChildProgram } from "../system/child-program.ts";

const LINES_MAX = 6;
const LINE_LENGTH_MAX = 400;
const BRIDGE_COLUMNS = "name,datapath_type,datapath_id,fail_mode,external_ids";

/** Lines on every program and every host, each part under a heading. Never throws: what cannot be told says why. */
export async function reportNetwork(
  programs: ReadonlyMap<string, ChildProgram>,
  hosts: readonly Host[],
): Promise<string> {
  const told = await Promise.all(hosts.map(reportHost));
  return [...[...programs].map(([name, program]) => reportProgram(name, program)), ...told].join("\n");
}

function reportProgram(name: string, { process, stderr }: ChildProgram): string {
  const end = process.exitCode ?? process.signalCode;
  return `${name} ${end === null ? "runs" : `has ended with ${end}`}, its last lines:\n${lastLines(stderr)}`;
}

async function reportHost(host: Host): Promise<string> {
  const bridges = host
    .vsctl(["--format=csv", `--columns=${BRIDGE_COLUMNS}`, "list", "bridge"])
    .catch((thrown: unknown) => String(thrown));
  const log = (name: string): Promise<string> =>
    readFile(join(host.ovsRunDir, `${name}.log`), "utf8").catch((thrown: unknown) => String(thrown));
  return [
    `host ${host.name} has ${host.daemonPids.length} of 2 daemons, and bridges:`,
    lastLines(await bridges),
    "the last lines of ovs-vswitchd:",
    lastLines(await log("ovs-vswitchd")),
    "the last lines of ovsdb-server:",
    lastLines(await log("ovsdb-server")),
  ].join("\n");
}

function lastLines(text: string): string {
  const lines = text.trim().split("\n").slice(-LINES_MAX);
  return lines.map((line) => `  ${line.slice(0, LINE_LENGTH_MAX)}`).join("\n");
}
