// The address controller and the subnet validator on our API server: the first eight lines of the acceptance list, by name.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@coracle/kube";
import { follow } from "@coracle/kube/io";
import type { ChildProgram } from "../system/child-program.ts";
import { ATTACHMENTS, IpamSystem, LOCKS, statusOf, SUBNETS } from "./ipam-system.ts";

const UNCHECKED = ["--check-subnet-conflicts=false"];

/** No address twice, every address backed by its own lock, every lock owned by a living attachment that names it. */
async function checkLocks(system: IpamSystem): Promise<void> {
  const attachments = await system.list(ATTACHMENTS);
  const byUid = new Map(attachments.map((each) => [each.metadata.uid, each]));
  const locks = await system.list(LOCKS);
  const addresses = attachments.map(statusOf).map(({ addressVNI, ipv4 }) => `${addressVNI}/${ipv4}`);
  assert.equal(new Set(addresses).size, addresses.length, "an address is given twice");
  assert.equal(locks.length, attachments.length, "one lock an attachment");
  for (const lock of locks) {
    const owner = byUid.get(lock.metadata.ownerReferences?.[0]?.uid);
    assert.equal(
      owner && statusOf(owner).lockUID,
      lock.metadata.uid,
      `${lock.metadata.name} is not in its owner's status`,
    );
  }
}

/** Names of the attachments without an address. */
async function unserved(system: IpamSystem): Promise<readonly string[]> {
  const attachments = await system.list(ATTACHMENTS);
  return attachments.filter((each) => statusOf(each).ipv4 === undefined).map(({ metadata }) => metadata.name ?? "");
}

/** Locks that are not the one in the status of a living attachment, each with whose it is. */
async function misfits(system: IpamSystem): Promise<readonly string[]> {
  const named = new Map((await system.list(ATTACHMENTS)).map((each) => [each.metadata.uid, statusOf(each).lockUID]));
  const words = (lock: KubeObject): string => {
    const owner = lock.metadata.ownerReferences?.[0];
    return `${lock.metadata.name} of ${owner?.name}, which ${named.has(owner?.uid ?? "") ? "has another" : "is gone"}`;
  };
  const locks = await system.list(LOCKS);
  return locks
    .filter((lock) => named.get(lock.metadata.ownerReferences?.[0]?.uid ?? "") !== lock.metadata.uid)
    .map(words);
}

function isNone(all: readonly string[]): boolean {
  return all.length === 0;
}

async function createMany(system: IpamSystem, count: number, subnetOf: (index: number) => string): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await system.createAttachment(`a${index}`, subnetOf(index));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

test("13.1 subnets outside RFC 1918, of a bad VNI or CIDR are refused; VNI and CIDR cannot be changed", async () => {
  await IpamSystem.with([], async (system) => {
    for (const [vni, ipv4, message] of [
      [1, "11.0.0.0/24", /spec\.ipv4.*must be within/],
      [1, "10.0.0.0/33", /spec\.ipv4.*CIDR/],
      [1, "fd00::/64", /IPv6 is not supported/],
      [0, "10.0.0.0/24", /spec\.vni/],
      [2_097_152, "10.0.0.0/24", /spec\.vni/],
    ] as const) {
      await assert.rejects(system.createSubnet("bad", vni, ipv4), message);
    }
    await system.createSubnet("blue", 1, "10.0.0.0/24");
    const target = { namespace: "default", name: "blue" };
    for (const spec of [{ vni: 2 }, { ipv4: "10.0.1.0/24" }]) {
      await assert.rejects(system.client.patch(SUBNETS, target, { spec }, { type: "merge" }), /field is immutable/);
    }
  });
});

test("13.2 conflicting subnets created together are never both validated; deleting one frees the other untouched", async () => {
  await IpamSystem.with(UNCHECKED, async (system) => {
    await Promise.all([system.ipam(), system.ipam()]);
    const names = ["one", "two", "three"];
    await Promise.all(names.map((name, index) => system.createSubnet(name, 7, `10.7.0.0/${24 + index}`)));
    const isExamined = async (name: string): Promise<boolean> => {
      const { validated, errors = [] } = await system.status(SUBNETS, name);
      return validated === true || errors.length > 0;
    };
    const examined = (): Promise<boolean[]> => Promise.all(names.map(isExamined));
    await system.eventually("an opinion on each subnet", examined, (all) => all.every(Boolean));
    for (let left = names; left.length > 0; left = left.slice(1)) {
      const statuses = await Promise.all(left.map((name) => system.status(SUBNETS, name)));
      assert.ok(statuses.filter(({ validated }) => validated === true).length <= 1, JSON.stringify(statuses));
      await system.delete(SUBNETS, left[0] ?? "");
      const last = left.at(-1);
      if (left.length === 2)
        await system.eventually(
          "the last subnet being valid",
          () => system.status(SUBNETS, last ?? ""),
          (status) => status.validated === true,
        );
    }
  });
});

test("13.3 an attachment made before its subnet is told so, and gets its address once the subnet is validated", async () => {
  await IpamSystem.with([], async (system) => {
    await system.ipam();
    await system.createAttachment("early", "late");
    const told = await system.eventually(
      "an error of the early one",
      () => system.status(ATTACHMENTS, "early"),
      ({ errors }) => errors?.ipam !== undefined,
    );
    assert.match(told.errors?.ipam?.[0] ?? "", /subnet default\/late does not exist/);
    assert.deepEqual(
      told.conditions?.map(({ type, status, reason }) => [type, status, reason]),
      [
        ["AddressAssigned", "False", "SubnetNotFound"],
        ["Ready", "False", "NoAddress"],
      ],
    );
    await system.createSubnet("late", 9, "192.168.9.0/30");
    const served = await system.addressOf("early");
    assert.equal(served.errors, undefined);
    assert.deepEqual(
      served.conditions?.map(({ type, status }) => [type, status]),
      [["AddressAssigned", "True"]],
      "whether it is Ready is now for the agent to say",
    );
    const events = (await system.list({ group: "", version: "v1", resource: "events" })).map((each) => each["reason"]);
    assert.deepEqual(new Set(events), new Set(["SubnetValidated", "AddressAssigned"]));
  });
});

test("13.4 two controllers at once over 400 attachments: no address twice, no lock without its attachment", async () => {
  await IpamSystem.with([], async (system) => {
    await system.createSubnet("blue", 1, "10.1.0.0/22");
    await system.createSubnet("green", 2, "10.1.0.0/22");
    await Promise.all([system.ipam(["--no-events"]), system.ipam(["--no-events"])]);
    await createMany(system, 400, (index) => (index % 2 === 0 ? "blue" : "green"));
    await system.eventually("400 addresses", () => unserved(system), isNone, 60_000);
    await Promise.all(Array.from({ length: 50 }, (_, index) => system.delete(ATTACHMENTS, `a${index * 3}`)));
    await system.eventually("one lock for each of 350", () => misfits(system), isNone);
    assert.equal((await system.list(LOCKS)).length, 350);
    await checkLocks(system);
  });
});

/** Kills the controller as soon as the test sees this happen, with many attachments at different steps of their way. */
async function killWhen(system: IpamSystem, ipam: ChildProgram, point: "pick" | "lock" | "status"): Promise<void> {
  const resource = point === "lock" ? LOCKS : ATTACHMENTS;
  const abort = new AbortController();
  let started: () => void = () => undefined;
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  const watching = (async () => {
    for await (const event of follow(system.client, resource, { signal: abort.signal })) {
      if (event.kind === "sync-end") started();
      if (event.kind !== "upsert") continue;
      if (point === "status" && statusOf(event.object).ipv4 === undefined) continue;
      ipam.process.kill("SIGKILL");
      return;
    }
  })();
  try {
    await isStarted;
    await createMany(system, 60, () => "blue");
    await watching;
    assert.equal(await ipam.exited, 137);
  } finally {
    abort.abort();
  }
}

for (const point of ["pick", "lock", "status"] as const) {
  test(`13.5 kill -9 after ${point}: served after a restart, no second lock`, async () => {
    await IpamSystem.with([], async (system) => {
      await system.createSubnet("blue", 1, "10.1.0.0/24");
      const first = await system.ipam();
      await system.eventually(
        "subnet blue being valid",
        () => system.status(SUBNETS, "blue"),
        (status) => status.validated === true,
      );
      await killWhen(system, first, point);
      const before = new Map((await system.list(LOCKS)).map((lock) => [lock.metadata.uid, lock.metadata.name]));
      await system.ipam();
      await system.eventually("addresses of all", () => unserved(system), isNone);
      await checkLocks(system);
      const after = new Set((await system.list(LOCKS)).map((lock) => lock.metadata.uid));
      for (const uid of before.keys()) assert.ok(after.has(uid), "a lock made before the kill is kept");
    });
  });
}

test("13.6 a /29 gives five addresses, tells the sixth, and serves it at once when one is freed", async () => {
  await IpamSystem.with([], async (system) => {
    await system.createSubnet("small", 3, "10.3.0.0/29");
    const ipam = await system.ipam();
    for (let index = 0; index < 5; index++) await system.createAttachment(`a${index}`, "small");
    for (let index = 0; index < 5; index++) await system.addressOf(`a${index}`);
    await system.createAttachment("sixth", "small");
    const told = await system.eventually(
      "an error of the sixth",
      () => system.status(ATTACHMENTS, "sixth"),
      ({ errors }) => errors?.ipam !== undefined,
    );
    assert.match(told.errors?.ipam?.[0] ?? "", /run out of IPs/);
    assert.equal(told.addressContention, true);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(ipam.stderr) ?? [];
    const ask = async (path: string): Promise<Record<string, unknown>> =>
      (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>;
    // Its own backoff is long by now: only the freed address can be what brings it back.
    await system.eventually(
      "a backoff of more than 5 s",
      () => ask("/queue"),
      ({ ipam: queue }) => {
        const { backoff } = queue as { backoff: { key: string; dueInMs: number }[] };
        return (backoff[0]?.dueInMs ?? 0) > 5000;
      },
    );
    const { used, free, waiting } = await ask("/subnets/default/small");
    assert.deepEqual({ used, free, waiting }, { used: 5, free: 0, waiting: 1 });
    const freed = (await system.status(ATTACHMENTS, "a2")).ipv4;
    await system.delete(ATTACHMENTS, "a2");
    const served = await system.eventually(
      "the freed address",
      () => system.status(ATTACHMENTS, "sixth"),
      ({ ipv4 }) => ipv4 !== undefined,
      3000,
    );
    assert.equal(served.ipv4, freed);
    assert.equal(served.addressContention, true, "the flag stays");
    assert.equal(served.errors, undefined);
    await checkLocks(system);
  });
});

test("13.7 an attachment deleted and made again under its name in another subnet: new address, old lock gone", async () => {
  await IpamSystem.with([], async (system) => {
    await system.createSubnet("blue", 1, "10.1.0.0/24");
    await system.createSubnet("green", 2, "10.2.0.0/24");
    await system.ipam();
    await system.createAttachment("x", "blue");
    const old = await system.addressOf("x");
    await system.delete(ATTACHMENTS, "x");
    await system.createAttachment("x", "green", "node-b");
    const next = await system.addressOf("x");
    assert.match(next.ipv4 ?? "", /^10\.2\.0\./);
    assert.notEqual(next.lockUID, old.lockUID);
    await system.eventually("one lock", () => misfits(system), isNone);
    await checkLocks(system);
  });
});

test("13.8 a deleted subnet takes the addresses away, and gives the same ones back when it is made again", async () => {
  await IpamSystem.with([], async (system) => {
    await system.createSubnet("blue", 1, "10.1.0.0/24");
    await system.ipam();
    await createMany(system, 10, () => "blue");
    await system.eventually("ten addresses", () => unserved(system), isNone);
    const before = (await system.list(ATTACHMENTS)).map(statusOf);
    await system.delete(SUBNETS, "blue");
    await system.eventually(
      "ten attachments without an address",
      () => system.list(ATTACHMENTS),
      (all) =>
        all
          .map(statusOf)
          .every(
            ({ ipv4, lockUID, addressVNI, errors }) =>
              ipv4 === undefined && lockUID === undefined && addressVNI === undefined && errors?.ipam !== undefined,
          ),
    );
    assert.equal((await system.list(LOCKS)).length, 10, "the locks survive");
    await system.createSubnet("blue", 1, "10.1.0.0/24");
    await system.eventually("ten addresses again", () => unserved(system), isNone);
    const after = (await system.list(ATTACHMENTS)).map(statusOf);
    assert.deepEqual(
      after.map(({ ipv4, lockUID }) => [ipv4, lockUID]),
      before.map(({ ipv4, lockUID }) => [ipv4, lockUID]),
    );
    await checkLocks(system);
  });
});

test("leader election: one of two works, and the other takes over at once when the first ends", async () => {
  await IpamSystem.with([], async (system) => {
    const args = ["--leader-elect", "--lease-namespace", "default"];
    const first = await system.ipam([...args, "--identity", "first"]);
    await first.see(/"message":"Leading"/);
    const second = await system.ipam([...args, "--identity", "second"]);
    await system.createSubnet("blue", 1, "10.1.0.0/24");
    await system.createAttachment("x", "blue");
    await system.addressOf("x");
    assert.equal(/"message":"Leading"/.test(second.stderr), false);
    assert.equal(await first.end("SIGTERM"), 0);
    await second.see(/"message":"Leading"/);
    await system.createAttachment("y", "blue");
    await system.addressOf("y");
    await checkLocks(system);
  });
});
