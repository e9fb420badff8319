// News of devices from a program in the place of `ip monitor`: lines in parts, lines too long, and news that were dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@coracle/sim";
import { LINE_LENGTH_MAX, LinkWatch } from "./link-watch.ts";

const FLAGS = "<BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default";

/** Runs `script` as the program that tells; calls back with the names of devices that were told. */
async function told(
  script: string,
  devices: readonly string[],
  body: (seen: string[]) => Promise<void>,
): Promise<void> {
  const watch = new LinkWatch("", ["sh", "-c", script]);
  const seen: string[] = [];
  for (const device of devices) watch.onDevice(device, () => seen.push(device));
  await watch.start();
  try {
    await body(seen);
  } finally {
    watch.close();
  }
}

test("a line that comes in parts is one line, and one at and over the cap is cut behind the device's name", async () => {
  const exact = `2: b: ${FLAGS}`.padEnd(LINE_LENGTH_MAX, "x");
  const over = `3: c: ${FLAGS}`.padEnd(LINE_LENGTH_MAX * 3, "x");
  // What is behind the cap is dropped: it is no line of its own, though it looks like one.
  const hidden = `${"x".repeat(LINE_LENGTH_MAX)}4: d: ${FLAGS}`;
  const script = `printf '1: a: <BROAD'; sleep 0.05; printf 'CAST> mtu 1500\\n${exact}\\n${over}\\n${hidden}\\n5: e: ${FLAGS}\\n'; sleep 60`;
  await told(script, ["a", "b", "c", "d", "e"], async (seen) => {
    await eventually(() => seen.includes("e"), "the last line");
    assert.deepEqual(seen, ["a", "b", "c", "e"]);
  });
});

test("when news were dropped every listener looks for itself", async () => {
  await told("echo 'netlink receive error No buffer space available (105)' >&2; sleep 60", ["a", "b"], async (seen) => {
    await eventually(() => seen.length === 2, "both to be told");
    assert.deepEqual(seen, ["a", "b"]);
  });
});

test("a listener that has gone is told nothing, and one for the same device that came later stays", async () => {
  const watch = new LinkWatch("", ["sh", "-c", `sleep 0.05; printf '1: a: ${FLAGS}\\n2: b: ${FLAGS}\\n'; sleep 60`]);
  const seen: string[] = [];
  const forgetFirst = watch.onDevice("a", () => seen.push("first"));
  watch.onDevice("a", () => seen.push("second"));
  forgetFirst();
  watch.onDevice("b", () => seen.push("end"));
  await watch.start();
  try {
    await eventually(() => seen.includes("end"), "the second line");
    assert.deepEqual(seen, ["second", "end"]);
  } finally {
    watch.close();
  }
});
