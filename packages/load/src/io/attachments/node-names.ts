// Which nodes attachments are placed on.
import type { KubeClient } from "@coracle/kube/io";
import { ExitError } from "@coracle/lifecycle";
import type { AttachmentsConfig } from "../../attachments-config.ts";
import { NODES } from "./resources.ts";

/** Names given on the command line, else of the Node objects. Throws ExitError 2 when there is none. */
export async function nodeNames(
  client: KubeClient,
  config: AttachmentsConfig,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (config.onlyNode !== undefined) return [config.onlyNode];
  const given = (config.nodes ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (given.length > 0) return given;
  const { nodeLabelSelector } = config;
  const options = { signal, ...(nodeLabelSelector === undefined ? {} : { labelSelector: nodeLabelSelector }) };
  const { items } = await client.list(NODES, {}, options);
  const names = items.map(({ metadata }) => metadata.name ?? "").filter((name) => name !== "");
  if (names.length > 0) return names.toSorted((a, b) => a.localeCompare(b));
  const which = nodeLabelSelector === undefined ? "no Node objects" : `no Node objects with ${nodeLabelSelector}`;
  throw new ExitError(`Cannot place attachments as the server has ${which}: name nodes with --nodes`, { exitCode: 2 });
}
