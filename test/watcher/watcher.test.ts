// The watcher as a program, against our API server: output forms, breaks, cursors, commands, look-ups, exit codes.
import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { KubeObject } from "@coracle/kube";
import { ChildProgram } from "../system/child-program.ts";
import { freePort } from "@coracle/sim";
import { RESOURCES, System } from "../system/system.ts";

function configMap(name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

function pod(name: string, overrides: Readonly<Record<string, unknown>> = {}): KubeObject {
  const spec = { nodeName: "node-a", containers: [{ name: "c", image: "i" }], ...overrides };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec };
}

test("diff tells creation, change and deletion, and goes on through a killed API server without a gap", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    const watcher = system.watcher(["configmaps", "-n", "default", "-o", "diff"]);
    await watcher.see(/! following \d+ objects? from revision \d+/);
    await client.create(RESOURCES.configmaps, configMap("a", { mode: "slow" }));
    await watcher.see(/\+ default\/a/);
    await client.patch(
      RESOURCES.configmaps,
      { namespace: "default", name: "a" },
      { data: { mode: "fast" } },
      { type: "merge" },
    );
    await watcher.see(/~ default\/a +data\.mode slow → fast/);
    await system.apiserver.kill();
    await watcher.see(/! .*; again in/);
    await system.apiserver.start();
    await client.create(RESOURCES.configmaps, configMap("b"));
    await watcher.see(/! connection lost .*: resumed at revision \d+, nothing missed/);
    await watcher.see(/\+ default\/b/);
    await client.delete(RESOURCES.configmaps, { namespace: "default", name: "a" });
    await watcher.see(/- default\/a/);
    assert.doesNotMatch(watcher.stdout, /listed again/);
    assert.equal(await watcher.end("SIGTERM"), 0);
  });
});

test("a cursor resumes after the last change printed, across a restart of the watcher", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    const cursor = join(system.folder, "cursor");
    const args = ["configmaps", "-n", "default", "-o", "jsonl", "--fields", "data", "--cursor", cursor];
    const first = system.watcher(args);
    await first.see(/"type":"SYNCED"/);
    await client.create(RESOURCES.configmaps, configMap("seen"));
    await first.see(/"name":"seen"/);
    assert.equal(await first.end("SIGTERM"), 0);
    await client.create(RESOURCES.configmaps, configMap("missed"));
    const second = system.watcher(args);
    await second.see(/"name":"missed"/);
    assert.doesNotMatch(second.stdout, /SYNCED|"name":"seen"/);
  });
});

test("--fields keeps only the named fields and identity", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    await client.create(RESOURCES.configmaps, configMap("a", { keep: "1", drop: "2" }));
    const watcher = system.watcher([
      "cm",
      "-n",
      "default",
      "-o",
      "jsonl",
      "--fields",
      "data.keep",
      "--field-selector",
      "metadata.name=a",
    ]);
    const [line = ""] = await watcher.see(/^\{"type":"ADDED".*$/m);
    const { object } = JSON.parse(line) as { object: KubeObject };
    assert.deepEqual(Object.keys(object).sort(), ["apiVersion", "data", "kind", "metadata"]);
    assert.deepEqual(object["data"], { keep: "1" });
    assert.deepEqual(Object.keys(object.metadata).sort(), ["name", "namespace", "resourceVersion", "uid"]);
  });
});

test("table prints the server's columns under one header, wide more of them", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    await client.create(RESOURCES.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "blue" } });
    await client.create(RESOURCES.attachments, {
      apiVersion: "network.coracle.dev/v1alpha1",
      kind: "NetworkAttachment",
      metadata: { name: "cart", namespace: "blue" },
      spec: { node: "a", subnet: "s" },
    });
    const wide = system.watcher(["nda", "-A", "-o", "wide"]);
    await wide.see(/^EVENT +NAMESPACE +NAME +SUBNET +NODE .*MAC/m);
    await wide.see(/^ADDED +blue +cart +s +a /m);
    const table = system.watcher(["nda", "-n", "blue", "-o", "table"]);
    await table.see(/^EVENT +NAME +SUBNET/m);
    await client.delete(RESOURCES.attachments, { namespace: "blue", name: "cart" });
    await table.see(/^DELETED +cart/m);
    assert.doesNotMatch(table.stdout, /MAC/);
  });
});

test("--exec runs the program for each change, with the object on its input, and kills one that hangs", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    const record = join(system.folder, "record");
    const program = join(system.folder, "on-change.sh");
    await writeFile(
      program,
      `#!/bin/sh\nread line\necho "$CORACLE_EVENT $CORACLE_OBJECT $1 $line" >> ${record}\ncase "$line" in *hang*) sleep 600;; esac\n`,
    );
    await chmod(program, 0o755);
    const watcher = system.watcher([
      "cm",
      "-n",
      "default",
      "-o",
      "jsonl",
      "--exec",
      program,
      "--exec-arg",
      "x",
      "--exec-timeout",
      "3s",
      "--field-selector",
      "metadata.name!=kube-root-ca.crt",
    ]);
    await watcher.see(/"type":"SYNCED"/);
    await client.create(RESOURCES.configmaps, configMap("hang"));
    await watcher.see(/"killed":true/);
    await client.create(RESOURCES.configmaps, configMap("b"));
    await client.delete(RESOURCES.configmaps, { namespace: "default", name: "b" });
    const lines = await waitForLines(record, 3);
    assert.match(lines[0] ?? "", /^upsert configmaps\/default\/hang x \{"type":"ADDED"/);
    assert.match(lines.at(-1) ?? "", /^remove configmaps\/default\/b x \{"type":"DELETED"/);
  });
});

test("/ip names the pod that has an address, /same-node judges, /events streams and resumes", async () => {
  await System.with(async (system) => {
    const client = await system.client();
    const created = await client.create(RESOURCES.pods, pod("p"));
    const status = { status: { phase: "Running", podIP: "10.9.8.7", podIPs: [{ ip: "10.9.8.7" }, { ip: "fd00::7" }] } };
    const name = created.metadata.name ?? "";
    await client.patch(RESOURCES.pods, { namespace: "default", name, subresource: "status" }, status, {
      type: "merge",
    });
    const port = await freePort();
    const watcher = system.watcher(["cm", "-A", "-o", "jsonl", "--http", `127.0.0.1:${port}`, "--node-name", "node-a"]);
    await watcher.see(/"type":"SYNCED"/);
    const base = `http://127.0.0.1:${port}`;
    for (const ip of ["10.9.8.7", "fd00::7"]) {
      const found = (await (await fetch(`${base}/ip/${encodeURIComponent(ip)}`)).json()) as {
        kind: string;
        pod: { name: string };
      };
      assert.deepEqual([found.kind, found.pod.name], ["pod", "p"]);
    }
    assert.equal((await fetch(`${base}/ip/10.0.0.1`)).status, 404);
    assert.equal((await fetch(`${base}/ip/nonsense`)).status, 400);
    const verdict = (await (await fetch(`${base}/same-node?ip=10.9.8.7`)).json()) as { reason: string };
    assert.match(verdict.reason, /^(pod-of-this-node|route-leaves-the-node)$/);
    const own = (await (await fetch(`${base}/same-node`)).json()) as { sameNode: boolean; reason: string };
    assert.deepEqual([own.sameNode, own.reason], [true, "host-process"]);
    assert.match(await (await fetch(`${base}/readyz?verbose`)).text(), /\[\+\]follow\/configmaps ok: live at revision/);
    assert.match(await (await fetch(`${base}/metrics`)).text(), /coracle_watcher_live\{resource="configmaps"\} 1/);
    const first = await readEvents(
      `${base}/events`,
      () => client.create(RESOURCES.configmaps, configMap("one")),
      "one",
    );
    await client.create(RESOURCES.configmaps, configMap("two"));
    await watcher.see(/"name":"two"/);
    const again = await readEvents(`${base}/events`, async () => undefined, "two", first.lastId);
    assert.doesNotMatch(again.text, /"one"/);
  });
});

test("each class of failure has its exit code and one clear line", async () => {
  await System.with(async (system) => {
    const text = await readFile(system.kubeconfig, "utf8");
    const nobody = join(system.folder, "nobody.kubeconfig");
    await writeFile(nobody, text.replace(/client-certificate-data.*/, "").replace(/client-key-data.*/, ""));
    const stranger = join(system.folder, "stranger.kubeconfig");
    await writeFile(stranger, text.replace(/certificate-authority-data.*/, ""));
    const cases: [args: string[], code: number, line: RegExp][] = [
      [["nosuch"], 4, /does not have a resource type "nosuch"/],
      [["cm", "--kubeconfig", nobody], 3, /Unauthorized/],
      [["cm", "--kubeconfig", stranger], 6, /not trusted/],
      [["cm", "--kubeconfig", join(system.folder, "absent")], 2, /no such file/],
      [["cm", "-l", "a=("], 1, /Cannot follow configmaps/],
      [["cm", "--fields", "a[b"], 2, /--fields/],
      [["cm", "-A", "-n", "x"], 2, /exclude each other/],
      [["cm", "-n", "No_Name"], 2, /--namespace: "No_Name" is not a name of a namespace/],
      [["cm", "--cursor", join(system.folder, "absent", "cursor")], 2, /--cursor: .* there is no folder/],
      [["cm", "--cursor", system.folder], 2, /--cursor: .* it is a folder/],
      [["cm", "--exec", join(system.folder, "absent")], 2, /--exec: .* there is no such file/],
      [["cm", "--exec", "no-such-program"], 2, /--exec: "no-such-program" cannot be used: no folder of PATH has it/],
      [[], 2, /<resource> is required/],
    ];
    for (const [args, code, line] of cases) {
      const kubeconfig = args.includes("--kubeconfig") ? [] : ["--kubeconfig", system.kubeconfig];
      const run = ChildProgram.source("watcher", [...args, ...kubeconfig]);
      try {
        assert.equal(await run.exited, code, `${args.join(" ")}: ${run.stderr}`);
        assert.match(run.stderr, line);
        assert.equal(run.stderr.trim().split("\n").length, 1, run.stderr);
      } finally {
        await run.end();
      }
    }
    await system.apiserver.kill();
    const gone = system.watcher(["cm", "--give-up", "500ms"]);
    assert.equal(await gone.exited, 5);
  });
});

async function waitForLines(path: string, count: number): Promise<string[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const lines = (await readFile(path, "utf8").catch(() => "")).trim().split("\n");
    if (lines.length >= count) return lines;
    assert.ok(Date.now() < deadline, `only ${lines.length} lines came: ${lines.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Reads a server-sent event stream until `wanted` is in it; `act` runs once the stream is open. */
async function readEvents(
  url: string,
  act: () => Promise<unknown>,
  wanted: string,
  lastId?: string,
): Promise<{ readonly text: string; readonly lastId: string }> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20_000);
  try {
    const headers = lastId === undefined ? {} : { "last-event-id": lastId };
    const response = await fetch(url, { signal: stop.signal, headers });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    await act();
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes(`"${wanted}"`) && text.endsWith("\n\n")) break;
    }
    return { text, lastId: [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? "" };
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}
