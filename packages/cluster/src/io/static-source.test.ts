// The fixed table from its sources: names looked up, the own family first, contradictions told, a file that is followed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLogger } from "@coracle/lifecycle";
import { eventually } from "@coracle/sim";
import { formatEndpoint } from "../endpoint.ts";
import { nodeId } from "../node-id.ts";
import { parseStaticList } from "../static-list.ts";
import { endpointOf } from "../testing/simulated-cluster.ts";
import { ownFamilyFirst, StaticSource } from "./static-source.ts";

const folder = mkdtempSync(join(tmpdir(), "coracle-table-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function source(list: string, file?: string, onChange: () => void = () => undefined): StaticSource {
  const parsed = parseStaticList(list);
  const peers = parsed.ok ? parsed.value : [];
  const self = { nodeId: nodeId(1), selfAddresses: [endpointOf("10.0.0.1:5884")], addressSizeBytes: 4 };
  return new StaticSource({ peers, file, self, log: createLogger("dtls-router"), onChange });
}

async function tableOf(from: StaticSource): Promise<string[]> {
  return (await from.table()).map(({ nodeId: id, addresses }) => `${id}=${addresses.map(formatEndpoint).join("/")}`);
}

test("addresses of the cluster port's family come first, in their order", () => {
  const all = ["[2001:db8::1]:1", "10.0.0.1:1", "[2001:db8::2]:1", "10.0.0.2:1"].map(endpointOf);
  const texts = (sizeBytes: number): string[] => ownFamilyFirst(all, sizeBytes).map(formatEndpoint);
  assert.deepEqual(texts(4), ["10.0.0.1:1", "10.0.0.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1"]);
  assert.deepEqual(texts(16), ["[2001:db8::1]:1", "[2001:db8::2]:1", "10.0.0.1:1", "10.0.0.2:1"]);
});

test("a name that cannot be looked up has no address, and does not keep the others out", async () => {
  const peers = source("2=10.0.0.2:5884,3=node-3.invalid:5884");
  await peers.start();
  assert.deepEqual(await tableOf(peers), ["2=10.0.0.2:5884", "3="]);
});

test("a table that contradicts this node is refused at the start", async () => {
  await assert.rejects(source("1=10.0.0.9:5884").start(), /Cannot use the table of nodes: node 1 at 10\.0\.0\.9:5884/);
  await assert.rejects(source("2=10.0.0.1:5884").start(), /is at this node's own address/);
});

test("a file is followed, and what cannot be used in it leaves the old table in force", async () => {
  const file = join(folder, "table.txt");
  writeFileSync(file, "2=10.0.0.2:5884\n");
  let changes = 0;
  const peers = source("", file, () => changes++);
  await peers.start();
  try {
    assert.deepEqual(await tableOf(peers), ["2=10.0.0.2:5884"]);
    writeFileSync(file, "1=10.0.0.9:5884\n");
    writeFileSync(file, "3=10.0.0.3:5884\n");
    await eventually(() => changes > 0, "the new table is told");
    assert.deepEqual(await tableOf(peers), ["3=10.0.0.3:5884"]);
  } finally {
    peers.close();
  }
  await assert.rejects(source("", join(folder, "nothing.txt")).start(), /nothing\.txt/);
});
