// Pre-shared keys in a file, a folder, or both: read, followed, refused as a whole, and nothing of them in the log.
import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Logger } from "@coracle/lifecycle";
import { DIRECTORY_FILES_MAX } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { PskIndex } from "../core/psk-index.ts";
import { TestFolder } from "../testing/router-process.ts";
import { PskStore } from "./psk-store.ts";

const folder = new TestFolder();
after(() => folder.remove());

let count = 0;

/** An empty folder. */
function subfolder(): string {
  const path = join(folder.path, `keys-${++count}`);
  mkdirSync(path);
  return path;
}

function write(path: string, name: string, content: string): void {
  folder.write(join(path.slice(folder.path.length), name), content);
}

function recorder(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const line = (message: string, fields: unknown = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: line, info: line, warning: line, error: line, with: () => log };
  return { log, lines };
}

function keyOf(store: PskStore, identity: string): string | undefined {
  const key = new PskIndex(store.memory).find(new TextEncoder().encode(identity));
  return key && Buffer.from(key).toString("base64");
}

/** Writes one version of a volume as the kubelet does. */
function publish(directory: string, version: string, keys: Readonly<Record<string, string>>): void {
  mkdirSync(join(directory, version));
  for (const [name, text] of Object.entries(keys)) write(join(directory, version), name, text);
  symlinkSync(version, join(directory, "..data_tmp"));
  renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
  for (const name of Object.keys(keys)) {
    rmSync(join(directory, name), { force: true });
    symlinkSync(`..data/${name}`, join(directory, name));
  }
}

describe("pre-shared keys", () => {
  it("in a folder are those of its files, through the swaps of a mounted Secret, together with those of a list", async () => {
    const directory = subfolder();
    publish(directory, "..v1", { "device-1": "AAEC", "device.2": "AAED\n" });
    const file = folder.write("list.txt", "listed=AAEE\n");
    const { log, lines } = recorder();
    const store = await PskStore.open({ file, directory }, log);
    let changes = 0;
    store.onChange(() => changes++);
    try {
      assert.equal(store.size, 3);
      const identities = ["device-1", "device.2", "listed", "..data"];
      assert.deepEqual(
        identities.map((identity) => keyOf(store, identity)),
        ["AAEC", "AAED", "AAEE", undefined],
      );
      publish(directory, "..v2", { "device-1": "AAEF", "device-3": "AAEG" });
      rmSync(join(directory, "device.2"));
      await eventually(() => keyOf(store, "device-3") === "AAEG" && store.size === 3, "the new version");
      assert.deepEqual([keyOf(store, "device-1"), keyOf(store, "device.2")], ["AAEF", undefined]);
      folder.write("list.txt", "listed=AAEH\n");
      await eventually(() => keyOf(store, "listed") === "AAEH", "the new list");
      assert.ok(changes >= 2 && store.counts.accepted === changes);
      assert.match(lines.at(-1) ?? "", /^Keys read .*"identities":3/);
    } finally {
      store.close();
    }
  });

  it("that cannot be used, or are not all of one piece, leave the old in force, and the log shows nothing of them", async () => {
    const directory = subfolder();
    write(directory, "one", "AAEC");
    const file = folder.write("more.txt", "two=AAED\n");
    const { log, lines } = recorder();
    const store = await PskStore.open({ file, directory }, log);
    try {
      for (const [name, content, reason] of [
        ["three", "s*cret", /key file three: the key is not base64/],
        ["three", "", /key file three: the key is not base64/],
        ["three", "A".repeat(88), /key file three: the key is longer than 64 bytes/],
        ["three", "A".repeat(2000), /cannot|Cannot read .*three/],
        ["two", "AAEE", /key file two: its identity is in the list too/],
        ["x".repeat(129), "AAEE", /the identity is longer than 128 bytes/],
      ] as const) {
        const before = store.counts.refused;
        write(directory, name, content);
        await eventually(() => store.counts.refused > before, `a refusal of ${name}`);
        assert.match(lines.at(-1) ?? "", reason);
        assert.deepEqual([store.size, keyOf(store, "one"), keyOf(store, "two")], [2, "AAEC", "AAED"]);
        const accepted = store.counts.accepted;
        rmSync(join(directory, name));
        await eventually(() => store.counts.accepted > accepted, "the rest");
      }
      assert.doesNotMatch(lines.join("\n"), /s\*cret|AAE|AAAA/);
    } finally {
      store.close();
    }
  });

  it("in a list are not lost while that is written in place, and none is meant by a comment", async () => {
    const file = folder.write("place.txt", "one=AAEC\n");
    const { log, lines } = recorder();
    const store = await PskStore.open({ file, directory: undefined }, log);
    try {
      folder.write("place.txt", "");
      await eventually(() => store.counts.refused === 1, "a refusal");
      assert.match(lines.at(-1) ?? "", /is empty/);
      assert.equal(keyOf(store, "one"), "AAEC");
      folder.write("place.txt", "# nobody\n");
      await eventually(() => store.size === 0, "no keys");
    } finally {
      store.close();
    }
  });

  it("end the start if they cannot be used", async () => {
    const { log } = recorder();
    const directory = join(folder.path, "nowhere");
    await assert.rejects(PskStore.open({ file: undefined, directory }, log), /nowhere/);
    const bad = subfolder();
    write(bad, "one", "s*cret");
    await assert.rejects(PskStore.open({ file: undefined, directory: bad }, log), (error: Error) => {
      assert.match(error.message, /key file one/);
      assert.doesNotMatch(error.message, /s\*cret/);
      return true;
    });
  });

  it("are refused if there are more files than are followed", async () => {
    const { log } = recorder();
    const directory = subfolder();
    for (let index = 0; index <= DIRECTORY_FILES_MAX; index++) write(directory, `d${index}`, "AAEC");
    await assert.rejects(PskStore.open({ file: undefined, directory }, log), /of 4097 files 4096 are the most/);
    rmSync(join(directory, "d0"));
    const store = await PskStore.open({ file: undefined, directory }, log);
    assert.equal(store.size, DIRECTORY_FILES_MAX);
    store.close();
  });
});
