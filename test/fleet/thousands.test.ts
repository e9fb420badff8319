// Thousands of devices in one process: each with a socket and a session of its own, all served, at a price that is told.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { eventually } from "@coracle/sim";
import { ChildProgram } from "../system/child-program.ts";
import type { FleetNumbers } from "./front.ts";

const DEVICES = 2000;
/** Of memory, for a device: its socket, its session, what is under way. */
const DEVICE_BYTES_MAX = 64 * 1024;
const PROGRAM_BYTES = 128 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "coracle-thousands-"));
const programs: ChildProgram[] = [];
after(async () => {
  await Promise.all(programs.map((program) => program.end()));
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string, args: readonly string[]): ChildProgram {
  const program = ChildProgram.source(name, [...args, "--http", "127.0.0.1:0", "--log-level", "info"]);
  programs.push(program);
  return program;
}

describe("two thousand devices in one process", () => {
  it("are connected and served, each from its own address", { timeout: 240_000 }, async () => {
    const keys = join(folder, "keys.txt");
    writeFileSync(keys, `device=${randomBytes(16).toString("base64")}\n`, { mode: 0o600 });
    const router = start("dtls-router", ["--psk-file", keys, "--listen", "127.0.0.1:0"]);
    const [, routerUrl = ""] = await router.see(/"url":"(http:[^"]+)"/);
    const [, port = ""] = await router.see(/"port":"listen","at":(\d+)/);
    const json = join(folder, "result.json");
    const suite = ["--suites", "PSK_WITH_AES_128_CCM_8"];
    const fleet = [
      "--count",
      String(DEVICES),
      "--handshake-rate",
      "400",
      "--rate",
      "600",
      "--requests",
      String(2 * DEVICES),
    ];
    const patience = ["--handshake-timeout", "60s", "--ack-timeout", "5s"];
    const place = ["--target", `127.0.0.1:${port}`, "--psk-file", keys, "--json", json];
    const devices = start("load", ["devices", ...place, ...suite, ...fleet, ...patience]);
    const [, url = ""] = await devices.see(/"url":"(http:[^"]+)"/);
    const areConnected = async (): Promise<boolean> =>
      ((await (await fetch(`${url}/fleet`)).json()) as FleetNumbers).connected === DEVICES;
    await eventually(areConnected, "all have a session", 120_000);
    // A session that was at an address that another one took would be gone.
    const { sessions } = (await (await fetch(`${routerUrl}/sessions`)).json()) as { sessions: number };
    assert.equal(sessions, DEVICES);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const memory = Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]);
    assert.ok(memory < PROGRAM_BYTES + DEVICES * DEVICE_BYTES_MAX, `${memory}`);
    assert.equal(await devices.exited, 0);
    const { counts } = JSON.parse(readFileSync(json, "utf8")) as FleetNumbers;
    assert.deepEqual([counts["answered"], counts["lost"]], [2 * DEVICES, 0], JSON.stringify(counts));
  });
});
