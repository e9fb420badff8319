// Following files through what Kubernetes and people do to them.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { temporaryDirectory } from "../process.ts";
import {
  DIRECTORY_FILES_MAX,
  type FileChange,
  type FileWatch,
  listVisible,
  watchDirectory,
  type WatchFilesOptions,
  watchFiles,
} from "./file-watch.ts";
import {
  makeDirectory,
  makeSymlink,
  makeTemporaryDirectory,
  removePath,
  renamePath,
  writeFile,
  writeFileAtomic,
} from "./files.ts";
import { joinPath } from "./path.ts";

/** Long enough that no test passes by polling. */
const NO_POLL: Partial<WatchFilesOptions> = { pollMs: 3_600_000 };

let root: string;
let directory: string;
let count = 0;
const watches: FileWatch[] = [];

interface Seen {
  readonly watch: FileWatch;
  /** Every call: file name and text, or "gone". */
  readonly calls: (readonly string[])[];
}

/** Follows files by name, or the whole directory. */
async function follow(names: readonly string[] | "all", options: Partial<WatchFilesOptions> = NO_POLL): Promise<Seen> {
  const calls: (readonly string[])[] = [];
  const describeChange = ({ path, content }: FileChange): string => {
    const text = content === undefined ? "gone" : new TextDecoder().decode(content);
    return `${path.slice(directory.length + 1)}=${text}`;
  };
  const told: WatchFilesOptions = { ...options, onChange: (changes) => calls.push(changes.map(describeChange)) };
  const watch =
    names === "all"
      ? watchDirectory(directory, told)
      : watchFiles(
          names.map((name) => joinPath(directory, name)),
          told,
        );
  watches.push(watch);
  await watch.ready;
  return { watch, calls };
}

/** Writes one version of a volume as the kubelet does: a fresh directory, then the link renamed over the old one. */
async function publish(version: string, files: Readonly<Record<string, string>>): Promise<void> {
  await makeDirectory(joinPath(directory, version));
  for (const [name, text] of Object.entries(files)) await writeFile(joinPath(directory, version, name), text);
  await makeSymlink(version, joinPath(directory, "..data_tmp"));
  await renamePath(joinPath(directory, "..data_tmp"), joinPath(directory, "..data"));
}

describe("file watch", () => {
  before(async () => {
    root = await makeTemporaryDirectory("coracle-watch-", temporaryDirectory());
  });

  beforeEach(async () => {
    directory = joinPath(root, `case-${++count}`);
    await makeDirectory(directory);
  });

  after(async () => {
    for (const watch of watches) watch.close();
    await removePath(root);
  });

  it("sees the ..data swap of a Kubernetes volume, again and again, all files of one swap together", async () => {
    await publish("..v1", { "tls.crt": "cert 1", "tls.key": "key 1", "ca.crt": "ca" });
    for (const name of ["tls.crt", "tls.key", "ca.crt"]) await makeSymlink(`..data/${name}`, joinPath(directory, name));
    const { calls } = await follow(["tls.crt", "tls.key", "ca.crt"]);
    for (const version of [2, 3, 4]) {
      await publish(`..v${version}`, { "tls.crt": `cert ${version}`, "tls.key": `key ${version}`, "ca.crt": "ca" });
      await removePath(joinPath(directory, `..v${version - 1}`));
      await eventually(() => calls.length === version - 1, `swap to version ${version}`);
      assert.deepEqual(calls.at(-1), [`tls.crt=cert ${version}`, `tls.key=key ${version}`]);
    }
  });

  it("sees a file written in place, replaced by rename, removed and made again", async () => {
    const { calls } = await follow(["f"]);
    await writeFile(joinPath(directory, "f"), "made");
    await eventually(() => calls.at(-1)?.[0] === "f=made", "making");
    await writeFile(joinPath(directory, "f"), "written");
    await eventually(() => calls.at(-1)?.[0] === "f=written", "writing in place");
    await writeFileAtomic(joinPath(directory, "f"), "replaced");
    await eventually(() => calls.at(-1)?.[0] === "f=replaced", "replacing");
    await removePath(joinPath(directory, "f"));
    await eventually(() => calls.at(-1)?.[0] === "f=gone", "removing");
    await writeFile(joinPath(directory, "f"), "again");
    await eventually(() => calls.at(-1)?.[0] === "f=again", "making again");
  });

  it("says nothing when the bytes stay the same", async () => {
    await writeFile(joinPath(directory, "f"), "same");
    const { watch, calls } = await follow(["f"]);
    await writeFileAtomic(joinPath(directory, "f"), "same");
    await writeFile(joinPath(directory, "unrelated"), "x");
    await watch.check();
    assert.deepEqual(calls, []);
    await writeFile(joinPath(directory, "f"), "other");
    await eventually(() => calls.length > 0, "a real change");
    assert.deepEqual(calls, [["f=other"]]);
  });

  it("goes on after the directory was removed and made anew", async () => {
    await writeFile(joinPath(directory, "f"), "1");
    const { calls } = await follow(["f"], { pollMs: 20 });
    await removePath(directory);
    await eventually(() => calls.at(-1)?.[0] === "f=gone", "removing the directory");
    await makeDirectory(directory);
    await writeFile(joinPath(directory, "f"), "2");
    await eventually(() => calls.at(-1)?.[0] === "f=2", "the new directory");
    await writeFile(joinPath(directory, "f"), "3");
    await eventually(() => calls.at(-1)?.[0] === "f=3", "a change in the new directory");
  });

  it("finds by polling what no event tells", async () => {
    await makeDirectory(joinPath(root, "elsewhere"));
    await writeFile(joinPath(root, "elsewhere", "f"), "1");
    await makeSymlink(joinPath(root, "elsewhere", "f"), joinPath(directory, "f"));
    const { calls } = await follow(["f"], { pollMs: 20 });
    await writeFile(joinPath(root, "elsewhere", "f"), "2");
    await eventually(() => calls.at(-1)?.[0] === "f=2", "a change behind a link");
  });

  it("is silent once closed", async () => {
    await writeFile(joinPath(directory, "f"), "1");
    const closed = await follow(["f"], { pollMs: 5 });
    const open = await follow(["f"], { pollMs: 5 });
    closed.watch.close();
    await writeFile(joinPath(directory, "f"), "2");
    await eventually(() => open.calls.length === 1, "the other watch");
    await closed.watch.check();
    assert.deepEqual(closed.calls, []);
  });

  it("sees files of a directory come, change and go through swaps of a Kubernetes volume, and not what begins with a dot", async () => {
    await publish("..v1", { one: "1", two: "2" });
    for (const name of ["one", "two"]) await makeSymlink(`..data/${name}`, joinPath(directory, name));
    const { calls } = await follow("all");
    await writeFile(joinPath(directory, ".hidden"), "x");
    await publish("..v2", { one: "1", two: "22", three: "3" });
    await makeSymlink("..data/three", joinPath(directory, "three"));
    await eventually(() => calls.flat().length === 2, "a change and a new file");
    assert.deepEqual(new Set(calls.flat()), new Set(["two=22", "three=3"]));
    assert.deepEqual(
      await listVisible(directory),
      ["one", "three", "two"].map((name) => joinPath(directory, name)),
    );
    await removePath(joinPath(directory, "one"));
    await eventually(() => calls.flat().length === 3, "a file that is gone");
    assert.deepEqual(calls.at(-1), ["one=gone"]);
    await writeFile(joinPath(directory, "one"), "1");
    await eventually(() => calls.flat().length === 4, "a file that came back");
    assert.deepEqual(calls.at(-1), ["one=1"]);
  });

  it("waits for a directory that is not there yet", async () => {
    const early = joinPath(directory, "later");
    const seen: string[] = [];
    const watch = watchDirectory(early, {
      pollMs: 20,
      onChange: (changes) => seen.push(...changes.map(({ path }) => path)),
    });
    watches.push(watch);
    await watch.ready;
    await makeDirectory(early);
    await writeFile(joinPath(early, "f"), "1");
    await eventually(() => seen.length === 1, "the first file");
    assert.deepEqual(seen, [joinPath(early, "f")]);
  });

  it("looks at no more files of a directory than it promises", async () => {
    const name = (index: number): string => joinPath(directory, String(index).padStart(6, "0"));
    for (let index = 0; index <= DIRECTORY_FILES_MAX; index++) await writeFile(name(index), "");
    const { watch, calls } = await follow("all");
    await writeFile(name(DIRECTORY_FILES_MAX), "beyond");
    await watch.check();
    assert.deepEqual(calls, []);
    await writeFile(name(DIRECTORY_FILES_MAX - 1), "within");
    await watch.check();
    assert.deepEqual(calls.flat(), [`${name(DIRECTORY_FILES_MAX - 1).slice(directory.length + 1)}=within`]);
  });

  it("takes no more files than it promises", () => {
    const paths = Array.from({ length: 1025 }, (_, index) => `/tmp/${index}`);
    assert.throws(() => watchFiles(paths, { onChange: () => undefined }), /more than 1024/);
  });
});
