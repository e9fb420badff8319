// Files as the rest of the repository uses them: whole reads with a limit, atomic writes, clear errors.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { temporaryDirectory } from "../process.ts";
import { FileError } from "./file-error.ts";
import {
  appendFile,
  changeMode,
  fileExists,
  fileIsExecutable,
  listDirectory,
  makeDirectory,
  makeSymlink,
  makeTemporaryDirectory,
  readFileBytes,
  readSymlink,
  readTextFile,
  realPath,
  removePath,
  renamePath,
  statPath,
  writeFile,
  writeFileAtomic,
} from "./files.ts";
import { joinPath } from "./path.ts";

let directory: string;
const at = (...parts: readonly string[]): string => joinPath(directory, ...parts);

async function errorOf(promise: Promise<unknown>): Promise<FileError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof FileError, String(thrown));
    return thrown;
  }
  throw new Error("Cannot see an error as there was none");
}

describe("files", () => {
  before(async () => {
    directory = await makeTemporaryDirectory("coracle-files-", temporaryDirectory());
  });

  after(() => removePath(directory));

  it("writes, appends and reads back", async () => {
    await writeFile(at("a.txt"), "grüße");
    await appendFile(at("a.txt"), new TextEncoder().encode("!"));
    assert.equal(await readTextFile(at("a.txt")), "grüße!");
    const bytes = await readFileBytes(at("a.txt"));
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assert.equal(bytes.length, 8);
  });

  it("replaces a file atomically with its mode, and leaves nothing beside it", async () => {
    await makeDirectory(at("atomic"));
    await writeFileAtomic(at("atomic", "key.pem"), "one", { mode: 0o600 });
    await writeFileAtomic(at("atomic", "key.pem"), "two", { mode: 0o600 });
    assert.equal(await readTextFile(at("atomic", "key.pem")), "two");
    assert.equal((await statPath(at("atomic", "key.pem"))).mode, 0o600);
    assert.deepEqual(await listDirectory(at("atomic")), ["key.pem"]);
  });

  it("leaves the old file and nothing beside it when an atomic write fails", async () => {
    await makeDirectory(at("busy", "target", "inner"));
    const error = await errorOf(writeFileAtomic(at("busy", "target"), "x"));
    assert.ok(["EISDIR", "ENOTEMPTY", "EEXIST"].includes(error.code), error.code);
    assert.deepEqual(await listDirectory(at("busy")), ["target"]);
  });

  it("never shows a reader half a file", async () => {
    const [short, long] = ["a".repeat(10), "b".repeat(200_000)];
    await writeFileAtomic(at("swap"), short);
    const stop = new AbortController();
    const reading = (async () => {
      const seen = new Set<string>();
      while (!stop.signal.aborted) seen.add(await readTextFile(at("swap")));
      return seen;
    })();
    for (let count = 0; count < 20; count++) await writeFileAtomic(at("swap"), count % 2 === 0 ? long : short);
    stop.abort();
    for (const text of await reading) assert.ok(text === short || text === long, `${text.length} characters`);
  });

  it("refuses to read more than asked", async () => {
    await writeFile(at("large"), "x".repeat(101));
    const error = await errorOf(readTextFile(at("large"), 100));
    assert.equal(error.code, "TOO_LARGE");
    assert.equal((await readTextFile(at("large"), 101)).length, 101);
    // Files of /proc have no size to look at beforehand.
    assert.equal((await errorOf(readTextFile("/proc/self/status", 10))).code, "TOO_LARGE");
  });

  it("says what is wrong, with path and code", async () => {
    const missing = await errorOf(readTextFile(at("missing")));
    assert.equal(missing.code, "ENOENT");
    assert.equal(missing.path, at("missing"));
    assert.match(missing.message, /^Cannot read .*missing as it does not exist \(ENOENT\)$/);
    assert.equal((await errorOf(readTextFile(directory))).code, "EISDIR");
    assert.equal((await errorOf(writeFile(at("no", "such"), ""))).code, "ENOENT");
    assert.equal((await errorOf(makeDirectory(at("a.txt", "below")))).code, "ENOTDIR");
    assert.equal((await errorOf(listDirectory(at("missing")))).code, "ENOENT");
    assert.equal((await errorOf(writeFileAtomic("/dev/full/x", "x"))).code, "ENOTDIR");
    assert.equal((await errorOf(writeFile("/dev/full", "x"))).code, "ENOSPC");
  });

  it("follows links, or not", async () => {
    await writeFile(at("real"), "x");
    await makeSymlink("real", at("link"));
    assert.equal(await readSymlink(at("link")), "real");
    assert.equal(await realPath(at("link")), await realPath(at("real")));
    assert.equal((await statPath(at("link"))).kind, "file");
    assert.equal((await statPath(at("link"), { followLinks: false })).kind, "symlink");
    assert.equal((await statPath(directory)).kind, "directory");
    assert.equal((await errorOf(makeSymlink("x", at("link")))).code, "EEXIST");
  });

  it("moves, marks as executable and removes", async () => {
    await writeFile(at("script"), "");
    assert.equal(await fileIsExecutable(at("script")), false);
    await changeMode(at("script"), 0o755);
    assert.equal(await fileIsExecutable(at("script")), true);
    await renamePath(at("script"), at("moved"));
    assert.equal(await fileExists(at("script")), false);
    assert.equal(await fileExists(at("moved")), true);
    await removePath(at("moved"));
    await removePath(at("moved"));
    assert.equal(await fileExists(at("moved")), false);
  });
});
