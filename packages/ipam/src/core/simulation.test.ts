// Two controllers at once on a simulated API, with crashes after every kind of step: nothing given twice, everyone served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "@coracle/base";
import type { ApiCall } from "./api-call.ts";
import { readAttachment, readLock, readSubnet } from "./table/read-objects.ts";
import { EventLoop } from "./testing/event-loop.ts";
import { SimulatedApi } from "./testing/simulated-api.ts";
import { type CrashPoint, type Faults, SimulatedProcess, type World } from "./testing/simulated-process.ts";
import { Workload, type WorkloadOptions } from "./testing/workload.ts";

const STEPS: readonly ApiCall["kind"][] = [
  "read-lock",
  "read-attachment",
  "read-subnet",
  "create-lock",
  "touch-lock",
  "delete-lock",
  "write-attachment",
  "list-subnets",
  "write-subnet",
];
const POINTS: readonly CrashPoint[] = ["sent", "executed", "answered"];
const ROUGH: Faults = { watchDelayMsMax: 300, callDelayMsMax: 20, lostCalls: 0.003, lostAnswers: 0.003 };
const CALM: Faults = { watchDelayMsMax: 20, callDelayMsMax: 5, lostCalls: 0, lostAnswers: 0 };
/** Longer than the longest backoff, three times over. */
const REST_MS = 900_000;

/** Watches that are seconds behind one another, answers that get lost: caches of two controllers hardly ever agree. */
const HOSTILE: Faults = { watchDelayMsMax: 4000, callDelayMsMax: 400, lostCalls: 0.02, lostAnswers: 0.1 };

interface Plan {
  readonly crashEveryMs: number;
  readonly breakEveryMs: number;
  readonly faults?: Faults;
}

interface Outcome {
  readonly served: number;
  readonly told: number;
  readonly crashes: ReadonlyMap<string, number>;
  readonly api: SimulatedApi;
}

function simulate(seed: number, options: WorkloadOptions, plan: Plan): Outcome {
  const loop = new EventLoop();
  const random = new SeededRandom(seed);
  const api = new SimulatedApi(loop, random);
  const crashes = new Map<string, number>();
  let crashDueAt = plan.crashEveryMs;
  /** The crash points still to be met, over and over again; the one waited longest for comes first. */
  const wanted = STEPS.flatMap((step) => POINTS.map((point) => `${step} ${point}`));
  const world: World = {
    loop,
    api,
    faults: plan.faults ?? ROUGH,
    crashes: (step, point) => {
      const name = `${step} ${point}`;
      const rank = wanted.indexOf(name);
      const isFirst = !crashes.has(name);
      const isDue = loop.now >= crashDueAt && rank <= wanted.length / 2;
      if (loop.now > options.durationMs || !(isFirst || isDue) || plan.crashEveryMs === Number.POSITIVE_INFINITY) {
        return false;
      }
      crashDueAt = loop.now + plan.crashEveryMs;
      wanted.push(...wanted.splice(rank, 1));
      crashes.set(name, (crashes.get(name) ?? 0) + 1);
      return true;
    },
  };
  const processes = [1, 2].map((number) => new SimulatedProcess(world, { seed: seed * 2 + number, workers: 4 }));
  for (const each of processes) each.start();
  new Workload(loop, api, { ...options, random }).schedule();
  for (let at = plan.breakEveryMs; at < options.durationMs; at += plan.breakEveryMs) {
    loop.at(at, () => {
      const resource = (["subnets", "networkattachments", "iplocks"] as const)[Math.floor(random.next() * 3)];
      if (resource !== undefined) processes[Math.floor(random.next() * 2)]?.breakWatch(resource);
    });
  }
  loop.run(options.durationMs);
  world.faults = CALM;
  loop.run(options.durationMs + REST_MS);
  for (const each of processes) each.stop();
  return { ...checkAtRest(api), crashes, api };
}

/** Everyone has an address with its one lock, or is told why not, and the reason is true. */
function checkAtRest(api: SimulatedApi): { served: number; told: number } {
  const locks = [...api.objects.iplocks.values()].flatMap((object) => readLock(object) ?? []);
  const locksOf = new Map<string, typeof locks>();
  for (const lock of locks) {
    const key = `${lock.namespace}/${lock.owner}`;
    const owner = api.objects.networkattachments.get(key);
    assert.equal(owner?.metadata.uid, lock.ownerUid, `lock of ${key} has no owner`);
    locksOf.set(key, [...(locksOf.get(key) ?? []), lock]);
  }
  const counts = { served: 0, told: 0 };
  for (const [key, object] of api.objects.networkattachments) {
    const attachment = readAttachment(object);
    const found = api.objects.subnets.get(`${attachment.namespace}/${attachment.subnet}`);
    const subnet = found && readSubnet(found);
    const told = JSON.stringify(object["status"]);
    if (attachment.address !== undefined) {
      assert.ok(subnet?.isValidated === true && subnet.range.ok, `${key} has an address without a subnet`);
      const { min, max } = subnet.range.value.all;
      assert.ok(attachment.address >= min && attachment.address <= max, `${key} has an address outside its subnet`);
      assert.deepEqual(
        locksOf.get(key)?.map((lock) => lock.uid),
        [attachment.lockUid],
        `locks of ${key}`,
      );
      counts.served++;
      continue;
    }
    counts.told++;
    if (subnet === undefined) assert.match(told, /does not exist/, key);
    else if (!subnet.isValidated) assert.match(told, /failed validation/, key);
    else {
      assert.match(told, /run out of IPs/, `${key}: ${told}`);
      assert.ok(subnet.range.ok);
      const { min, max } = subnet.range.value.usable;
      const used = locks.filter((lock) => lock.vni === subnet.vni && lock.address >= min && lock.address <= max);
      assert.equal(used.length, max - min + 1, `${key} is told that ${subnet.cidr} is full`);
    }
  }
  return counts;
}

function withSeed(seed: number, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

test("13.4 13.5 two controllers, 10,000 attachments, crashes after every kind of step, broken watches", () => {
  const seed = Number(process.env["CORACLE_SEED"] ?? 1);
  withSeed(seed, () => {
    const { served, told, crashes } = simulate(
      seed,
      { attachments: 10_000, networks: 40, durationMs: 120_000 },
      { crashEveryMs: 5000, breakEveryMs: 8000 },
    );
    assert.ok(served > 5000, `${served} were served`);
    assert.ok(told > 10, `${told} were told why not`);
    for (const step of STEPS) {
      const isMet = POINTS.some((point) => crashes.has(`${step} ${point}`));
      assert.ok(isMet, `no process crashed at ${step}`);
    }
  });
});

test("many small systems, each from another seed", () => {
  const first = Number(process.env["CORACLE_SEED"] ?? 100);
  for (let seed = first; seed < first + 20; seed++) {
    withSeed(seed, () => {
      simulate(seed, { attachments: 60, networks: 3, durationMs: 20_000 }, { crashEveryMs: 400, breakEveryMs: 1500 });
    });
  }
});

test("few addresses, many changes, watches seconds behind: nothing twice, nothing without its lock", () => {
  const first = Number(process.env["CORACLE_SEED"] ?? 1000);
  for (let seed = first; seed < first + 100; seed++) {
    withSeed(seed, () => {
      simulate(
        seed,
        { attachments: 24, networks: 1, durationMs: 60_000, isCrowded: true },
        { crashEveryMs: seed % 2 === 0 ? 6000 : Number.POSITIVE_INFINITY, breakEveryMs: 20_000, faults: HOSTILE },
      );
    });
  }
});
