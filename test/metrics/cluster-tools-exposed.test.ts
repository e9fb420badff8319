// What the router, the heartbeat, the devices and the NAT expose is in docs/metrics.md, with its type and labels, and the other way round.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { makeTestPki } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";
import { parseExposition } from "./scrape.ts";

/** Type and labels by name, from the rows of the document that have both. */
function documented(): Map<string, { readonly type: string; readonly labels: readonly string[] }> {
  const text = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `coracle_") || line.startsWith("| `process_"));
  return new Map(
    rows.map((row) => {
      const [name = "", type = "", labels = ""] = row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", ""));
      const names = labels.split(",").map((label) => label.trim());
      return [name, { type, labels: names.filter((label) => label !== "") }];
    }),
  );
}

/** Every metric is documented as it is, and every documented one with a prefix of the program is there. */
async function compare(program: string, args: readonly string[], ...prefixes: readonly string[]): Promise<void> {
  const child = ChildProgram.source(program, [...args, "--http", "127.0.0.1:0", "--log-level", "info"]);
  try {
    const [, url = ""] = await child.see(/"url":"(http:[^"]+)"/);
    await child.see(/"message":"Ready"/);
    const scraped = parseExposition(await (await fetch(`${url}/metrics`)).text());
    const known = documented();
    for (const [name, { type, labels }] of scraped) {
      const document = known.get(name);
      assert.equal(document?.type, type, `docs/metrics.md on ${name}`);
      if (labels.size > 0) assert.deepEqual([...labels].toSorted(), [...(document?.labels ?? [])].toSorted(), name);
    }
    const own = [...known.keys()].filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    assert.ok(own.length >= 5, prefixes.join());
    for (const name of own) assert.ok(scraped.has(name), `${program} does not expose ${name}`);
  } finally {
    await child.end();
  }
}

describe("metrics of the cluster's tools", { timeout: 60_000 }, () => {
  test("of the router, with every kind of credentials", async () => {
    const folder = mkdtempSync(join(tmpdir(), "coracle-metrics-"));
    const write = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    try {
      const { cert, key, ca } = await makeTestPki();
      const cidKeys = { active: 1, configurations: [{ id: 1, key: "0123456789abcdef0123456789abcdef" }] };
      const files = {
        "--psk-file": write("keys.txt", "device=AAAAAAAAAAAAAAAAAAAAAA==\n"),
        "--cert-file": write("cert.pem", cert),
        "--key-file": write("key.pem", key),
        "--client-ca-file": write("ca.pem", ca),
        "--cid-key-file": write("cids.json", JSON.stringify(cidKeys)),
      };
      const cluster = ["--cluster-listen", "127.0.0.1:0", "--cluster-address", "127.0.0.1:1", "--peers", "127.0.0.1:1"];
      const args = ["--listen", "127.0.0.1:0", "--upstream", "udp://127.0.0.1:9", "--cid-layout", "quic-lb-encrypted"];
      const prefixes = ["coracle_router_", "coracle_dtls_", "coracle_cluster_", "coracle_tls_"];
      await compare("dtls-router", [...args, ...cluster, ...Object.entries(files).flat()], ...prefixes);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("of the heartbeat", async () => {
    const args = ["--node-id", "1", "--listen", "127.0.0.1:0", "--peers", "127.0.0.1:1,127.0.0.1:2"];
    await compare("heartbeat", [...args, "--cluster-address", "127.0.0.1:1"], "coracle_heartbeat_");
  });

  test("of the NAT", async () => {
    await compare("load", ["nat", "--listen", "127.0.0.1:0", "--backends", "127.0.0.1:9"], "coracle_nat_");
  });

  test("of the devices", async () => {
    const folder = mkdtempSync(join(tmpdir(), "coracle-devices-"));
    try {
      const keys = join(folder, "keys.txt");
      writeFileSync(keys, "device=AAAAAAAAAAAAAAAAAAAAAA==\n", { mode: 0o600 });
      const args = ["devices", "--psk-file", keys, "--target", "127.0.0.1:9", "--count", "1", "--requests", "1"];
      await compare("load", args, "coracle_devices_");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
