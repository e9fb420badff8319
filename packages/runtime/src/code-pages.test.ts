// Which mappings may be dropped, and that a program lives on without them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanRanges, openCodePages } from "./code-pages.ts";
import { runtimeName } from "./process.ts";
import { sha256 } from "./crypto/digest.ts";

const SMAPS = `00200000-01a39000 r--p 00000000 fe:00 53  /opt/my program
Rss:                7520 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
01a40000-0684a000 r-xp 01838000 fe:00 53  /opt/my program
Rss:               32692 kB
Private_Dirty:        64 kB
Anonymous:             0 kB
0684a000-0685f000 rw-p 06641000 fe:00 53  /opt/my program
Anonymous:             0 kB
0685f000-06867000 r--p 06656000 fe:00 53  /opt/my program
Anonymous:            12 kB
7fb3ed935000-7fb3eda8b000 r-xp 00026000 fe:00 32 /usr/lib/libc.so.6
Anonymous:             0 kB
7fb3ed5ca000-7fb3ed6ca000 r-xp 00000000 00:00 0
Anonymous:             0 kB
`;

test("only mappings of the program that cannot be written and hold nothing of their own are dropped", () => {
  assert.deepEqual(cleanRanges(SMAPS, "/opt/my program"), [
    { start: 0x200000n, sizeBytes: 0x1839000n },
    { start: 0x1a40000n, sizeBytes: 0x4e0a000n },
  ]);
  assert.deepEqual(cleanRanges(SMAPS, "/opt/other"), []);
  assert.deepEqual(cleanRanges("", "/opt/my program"), []);
});

test("a program that has given its code pages back goes on as before", async () => {
  const pages = await openCodePages();
  if (runtimeName() !== "bun" || process.platform !== "linux") {
    assert.equal(pages, undefined);
    return;
  }
  assert.ok(pages !== undefined);
  const before = pages.residentBytes();
  const bytes = new TextEncoder().encode("x".repeat(100_000));
  const digest = sha256(bytes);
  pages.release();
  assert.ok(pages.residentBytes() < before);
  assert.deepEqual(sha256(bytes), digest);
});
