// Commands around an interface's life, with real programs: allow list, expansion, report, limits, order, what a crash cut short.
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { NetworkAttachment } from "@coracle/api";
import { InstantFabric } from "../src/io/testing/instant-fabric.ts";
import { type AgentBench, until, withBench } from "./agent-bench.ts";

const ADDRESS = { addressVNI: 1, ipv4: "10.0.0.1" };

interface Scripts {
  readonly folder: string;
  /** Writes an executable program and gives its path. */
  readonly make: (name: string, body: string) => Promise<string>;
}

async function withScripts(body: (bench: AgentBench, scripts: Scripts) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "coracle-exec-"));
  const make = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
    return path;
  };
  try {
    await withBench((bench) => body(bench, { folder, make }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function hasReport(attachment: NetworkAttachment): boolean {
  return attachment.status?.postCreateExecReport !== undefined;
}

function condition(attachment: NetworkAttachment, type: string): string {
  const found = attachment.status?.conditions?.find((each) => each.type === type);
  return `${found?.status} ${found?.reason}`;
}

test("13.14 a command sees the three variables expanded and no shell, and its report is in the status", async () => {
  await withScripts(async (bench, { make }) => {
    const program = await make(
      "hook",
      'for word in "$@"; do echo "<$word>"; done\necho Invalid Invalid Invalid >&2\nexit 7',
    );
    const { metrics } = await bench.start(new InstantFabric(), { allowedPrograms: [program] });
    const postCreateExec = [
      program,
      "${ifname}",
      "ip=${ipv4}",
      "${mac}",
      "$HOME; rm -rf *",
      "${other}",
      "${ipv4}${ipv4}",
    ];
    await bench.create("a", { spec: { postCreateExec }, address: ADDRESS });
    const { status } = await bench.see("a", hasReport);
    const report = status?.postCreateExecReport;
    assert.equal(report?.exitStatus, 7);
    assert.equal(
      report?.stdOut,
      "<cor060000010001>\n<ip=10.0.0.1>\n<06:00:00:01:00:01>\n<$HOME; rm -rf *>\n<${other}>\n<10.0.0.110.0.0.1>\n",
    );
    assert.equal(report?.stdErr, "Invalid Invalid Invalid\n");
    assert.deepEqual(report?.command.slice(0, 3), [program, "cor060000010001", "ip=10.0.0.1"]);
    const attachment = await bench.get("a");
    assert.equal(condition(attachment, "PostCreateExec"), "False Failed");
    assert.equal(condition(attachment, "Ready"), "True Implemented");
    const { text } = await metrics.expose();
    assert.match(
      text,
      /attachment_exec_status_count\{node="node-a",what="postCreate",exitStatus="7",lgComplaints="1"\} 1\n/,
    );
  });
});

test("13.14 a program that is not on the list, exactly as written, does not run and is told", async () => {
  await withScripts(async (bench, { make, folder }) => {
    const program = await make("hook", `echo ran >> ${folder}/ran`);
    await bench.start(new InstantFabric(), { allowedPrograms: [program] });
    const sneaky = join(folder, ".", "x", "..", "hook").replace("/hook", "/./hook");
    await bench.create("a", { spec: { postCreateExec: [sneaky] }, address: ADDRESS });
    const attachment = await bench.see("a", ({ status }) => (status?.errors?.host?.length ?? 0) > 0);
    assert.match(attachment.status?.errors?.host?.[0] ?? "", /is not on this node's list of allowed programs/);
    assert.equal(condition(attachment, "Ready"), "False ProgramNotAllowed");
    assert.equal(attachment.status?.ifcName, "cor060000010001");
    assert.equal(attachment.status?.postCreateExecReport, undefined);
    await assert.rejects(readFile(join(folder, "ran")));
  });
});

test("13.14 the command after deletion is the one the attachment has by then, and waits for the one after creation", async () => {
  await withScripts(async (bench, { make, folder }) => {
    const log = join(folder, "log");
    const gate = join(folder, "gate");
    const slow = await make(
      "slow",
      `echo begin >> ${log}\nwhile [ ! -e ${gate} ]; do sleep 0.02; done\necho end >> ${log}`,
    );
    const after = await make("after", `echo "after $*" >> ${log}`);
    const fabric = new InstantFabric();
    await bench.start(fabric, { allowedPrograms: [slow, after] });
    const spec = { postCreateExec: [slow], postDeleteExec: [after, "old"] };
    await bench.create("a", { spec, address: ADDRESS });
    const lines = async (): Promise<string[]> => (await readFile(log, "utf8").catch(() => "")).split("\n").slice(0, -1);
    await until("the first command runs", async () => (await lines()).length === 1);
    const target = { namespace: "default", name: "a" };
    const resource = { group: "network.coracle.dev", version: "v1alpha1", resource: "networkattachments" };
    const change = { spec: { postDeleteExec: [after, "new", "${ifname}"] } };
    await bench.client.patch(resource, target, change, { type: "merge" });
    await until(
      "the agent knows the new command",
      () =>
        [...fabric.desired.keys()].length === 1 &&
        bench.get("a").then(({ metadata }) => (metadata.generation ?? 0) > 1),
    );
    await bench.delete("a");
    await until("the interface is gone", () => fabric.installed.size === 0);
    assert.deepEqual(await lines(), ["begin"]);
    await writeFile(gate, "");
    await until("all has run", async () => (await lines()).length === 3);
    assert.deepEqual(await lines(), ["begin", "end", "after new cor060000010001"]);
  });
});

test("a command that runs too long is ended with everything it started, and long output is cut and marked", async () => {
  await withScripts(async (bench, { make, folder }) => {
    const pid = join(folder, "pid");
    const program = await make("hook", `sleep 600 &\necho $! > ${pid}\nhead -c 100000 /dev/zero | tr '\\0' x\nwait`);
    await bench.start(new InstantFabric(), {
      allowedPrograms: [program],
      exec: { timeoutMs: 1500, outputSizeBytesMax: 1000 },
    });
    await bench.create("a", { spec: { postCreateExec: [program] }, address: ADDRESS });
    const attachment = await bench.see("a", hasReport);
    const report = attachment.status?.postCreateExecReport;
    assert.equal(report?.exitStatus, -2);
    assert.equal(condition(attachment, "PostCreateExec"), "False TimedOut");
    assert.match(report?.stdOut ?? "", /^x{1000}\n\[truncated: 100000 bytes in all\]\n$/);
    const child = Number(await readFile(pid, "utf8"));
    await until("its child is gone", async () => {
      const stat = await readFile(`/proc/${child}/stat`, "utf8").catch(() => "gone) Z");
      return /\) Z/.test(stat);
    });
  });
});

test("a child that holds the output open does not hold the command's place", async () => {
  await withScripts(async (bench, { make }) => {
    const program = await make("hook", "echo done\nsleep 600 &\nexit 0");
    await bench.start(new InstantFabric(), { allowedPrograms: [program] });
    await bench.create("a", { spec: { postCreateExec: [program] }, address: ADDRESS });
    const { status } = await bench.see("a", hasReport);
    assert.equal(status?.postCreateExecReport?.exitStatus, 0);
    assert.equal(status?.postCreateExecReport?.stdOut, "done\n");
  });
});

test("a program that does not exist is reported with -2", async () => {
  await withBench(async (bench) => {
    const program = "/nonexistent/program";
    await bench.start(new InstantFabric(), { allowedPrograms: [program] });
    await bench.create("a", { spec: { postCreateExec: [program] }, address: ADDRESS });
    const attachment = await bench.see("a", hasReport);
    assert.equal(attachment.status?.postCreateExecReport?.exitStatus, -2);
    assert.match(attachment.status?.postCreateExecReport?.stdErr ?? "", /ENOENT/);
    assert.equal(condition(attachment, "PostCreateExec"), "False NotStarted");
  });
});

test("commands beyond the queue are refused and say so", async () => {
  await withScripts(async (bench, { make, folder }) => {
    const gate = join(folder, "gate");
    const program = await make("hook", `while [ ! -e ${gate} ]; do sleep 0.02; done`);
    const exec = { concurrencyMax: 1, waitingMax: 1 };
    await bench.start(new InstantFabric(), { allowedPrograms: [program], exec });
    for (let index = 1; index <= 4; index++) {
      const address = { addressVNI: 1, ipv4: `10.0.0.${index}` };
      await bench.create(`a${index}`, { spec: { postCreateExec: [program] }, address });
      await bench.see(`a${index}`, ({ status }) => (status?.ifcName ?? "") !== "");
    }
    for (const name of ["a3", "a4"]) {
      assert.equal(condition(await bench.see(name, hasReport), "PostCreateExec"), "False QueueFull");
    }
    await writeFile(gate, "");
    for (const name of ["a1", "a2"]) {
      assert.equal(condition(await bench.see(name, hasReport), "PostCreateExec"), "True Succeeded");
    }
  });
});

test("a restart runs a command again only if an earlier run had not reported on it", async () => {
  await withScripts(async (bench, { make, folder }) => {
    const log = join(folder, "log");
    const program = await make("hook", `echo "$1" >> ${log}`);
    const create = (name: string, index: number): Promise<NetworkAttachment> =>
      bench.create(name, {
        spec: { postCreateExec: [program, name] },
        address: { addressVNI: 1, ipv4: `10.0.0.${index}` },
      });
    const first = await bench.start(new InstantFabric(), { allowedPrograms: [program] });
    const reported = await create("reported", 1).then(() => bench.see("reported", hasReport));
    await first.stop();
    const cut = await create("cut-short", 2);
    const survivors = [reported, cut].map(({ metadata }, index) => ({
      kind: "local" as const,
      owner: `default/${metadata.name}`,
      uid: metadata.uid ?? "",
      vni: 1,
      ipv4: 0x0a00_0001 + index,
    }));
    await bench.start(new InstantFabric(survivors), { allowedPrograms: [program] });
    await bench.see("cut-short", hasReport);
    assert.equal(await readFile(log, "utf8"), "reported\ncut-short\n");
  });
});
