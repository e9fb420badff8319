// What every fabric must do, whatever it is made of.
import assert from "node:assert/strict";
import type { Fabric, FabricEvent } from "../../../core/fabric.ts";
import type { LocalInterface, NetworkInterface, RemoteInterface } from "../../../core/interface.ts";

/** One promise of a fabric. */
export interface ContractCase {
  readonly name: string;
  /** The fabric is started, and not yet adopted. */
  readonly run: (fabric: Fabric, events: FabricEvent[]) => Promise<void>;
}

/** `10.0.0.D` of VNI 1, on this host. */
export function localAt(owner: string, last: number, vni: number = 1): LocalInterface {
  return { kind: "local", owner, uid: `uid-${owner}`, vni, ipv4: 0x0a00_0000 + last };
}

/** `10.0.0.D` of VNI 1, on host `192.168.56.HOST`. */
export function remoteAt(owner: string, last: number, host: number = 2, vni: number = 1): RemoteInterface {
  return { kind: "remote", owner, vni, ipv4: 0x0a00_0000 + last, hostIp: 0xc0a8_3800 + host };
}

/** Resolves when the fabric has settled; gives up after 20 s. */
export function settle(fabric: Fabric): Promise<void> {
  return fabric.settled(AbortSignal.timeout(20_000));
}

/** Events as short text: `implemented n/a new`, `removed n/a`, `failed n/a CODE`. */
export function brief(events: readonly FabricEvent[]): string[] {
  return events.map((event) => {
    const { owner } = event.interface;
    if (event.kind === "implemented") return `implemented ${owner} ${event.created ? "new" : "kept"}`;
    return event.kind === "removed" ? `removed ${owner}` : `failed ${owner} ${event.code}`;
  });
}

async function declare(fabric: Fabric, ...wanted: readonly NetworkInterface[]): Promise<void> {
  for (const one of wanted) fabric.desire(one);
  await settle(fabric);
}

/** The suite. */
export const FABRIC_CONTRACT: readonly ContractCase[] = [
  {
    name: "nothing is done before adopt",
    run: async (fabric, events) => {
      fabric.desire(localAt("n/a", 2));
      fabric.desire(remoteAt("n/b", 3));
      assert.deepEqual(events, []);
      assert.equal(fabric.state().adopted, false);
      fabric.adopt();
      await settle(fabric);
      assert.deepEqual(brief(events).sort(), ["implemented n/a new", "implemented n/b new"]);
      const { localCount, remoteCount, pending, flowsDesired } = fabric.state();
      assert.deepEqual(
        { localCount, remoteCount, pending, flowsDesired },
        {
          localCount: 1,
          remoteCount: 1,
          pending: 0,
          flowsDesired: 7 + 6 + 2 + 1,
        },
      );
    },
  },
  {
    name: "a declaration that is repeated is told again and changes nothing",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, localAt("n/a", 2), remoteAt("n/b", 3));
      const { bundles, transactions } = fabric.state().counters;
      events.length = 0;
      await declare(fabric, localAt("n/a", 2), remoteAt("n/b", 3));
      assert.deepEqual(brief(events), ["implemented n/a kept", "implemented n/b kept"]);
      assert.equal(fabric.state().counters.bundles, bundles);
      assert.equal(fabric.state().counters.transactions, transactions);
    },
  },
  {
    name: "a release removes all, and an unknown owner's is nothing",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, localAt("n/a", 2), remoteAt("n/b", 3));
      events.length = 0;
      for (const owner of ["n/a", "n/b", "n/unknown"]) fabric.release(owner);
      await settle(fabric);
      assert.deepEqual(brief(events).sort(), ["removed n/a", "removed n/b"]);
      const { localCount, remoteCount, flowsDesired } = fabric.state();
      assert.deepEqual({ localCount, remoteCount, flowsDesired }, { localCount: 0, remoteCount: 0, flowsDesired: 7 });
    },
  },
  {
    name: "an address has one owner: the second is told, waits, and is served when the first goes",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, localAt("n/first", 2));
      await declare(fabric, remoteAt("n/second", 2), localAt("n/third", 2));
      assert.deepEqual(brief(events).slice(1), ["failed n/second ADDRESS_TAKEN", "failed n/third ADDRESS_TAKEN"]);
      events.length = 0;
      fabric.release("n/first");
      await settle(fabric);
      assert.deepEqual(brief(events), ["removed n/first", "implemented n/second new"]);
      events.length = 0;
      fabric.release("n/second");
      await settle(fabric);
      assert.deepEqual(brief(events), ["removed n/second", "implemented n/third new"]);
    },
  },
  {
    name: "who stops waiting for an address does not get it",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, remoteAt("n/first", 2), remoteAt("n/second", 2), remoteAt("n/third", 2));
      await declare(fabric, remoteAt("n/second", 9));
      fabric.release("n/third");
      fabric.release("n/first");
      await settle(fabric);
      assert.deepEqual(brief(events).slice(-2), ["implemented n/second new", "removed n/first"]);
      assert.equal(fabric.state().remoteCount, 1);
    },
  },
  {
    name: "the same address lives in two networks",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, localAt("n/a", 2, 1), localAt("m/a", 2, 2));
      assert.deepEqual(brief(events).sort(), ["implemented m/a new", "implemented n/a new"]);
    },
  },
  {
    name: "an owner moves: to another host, here, away, to another address, and into another identity",
    run: async (fabric, events) => {
      fabric.adopt();
      const places = [
        remoteAt("n/a", 2, 2),
        remoteAt("n/a", 2, 3),
        localAt("n/a", 2),
        remoteAt("n/a", 2, 4),
        localAt("n/a", 3),
        localAt("n/a", 4),
        { ...localAt("n/a", 4), uid: "another" },
      ];
      for (const place of places) await declare(fabric, place);
      assert.deepEqual(
        events.map((event) => (event.kind === "implemented" && event.created ? event.interface : event.kind)),
        places,
      );
      const { localCount, remoteCount, flowsDesired } = fabric.state();
      assert.deepEqual({ localCount, remoteCount, flowsDesired }, { localCount: 1, remoteCount: 0, flowsDesired: 13 });
    },
  },
  {
    name: "what is declared and released at once leaves nothing",
    run: async (fabric) => {
      fabric.adopt();
      for (let round = 0; round < 5; round++) {
        fabric.desire(localAt("n/a", 2));
        fabric.desire(remoteAt("n/b", 3));
        if (round % 2 === 0) await Promise.resolve();
        fabric.release("n/a");
        fabric.release("n/b");
      }
      await settle(fabric);
      const { localCount, remoteCount, pending } = fabric.state();
      assert.deepEqual({ localCount, remoteCount, pending }, { localCount: 0, remoteCount: 0, pending: 0 });
    },
  },
  {
    name: "a VNI or an address out of range is refused for good",
    run: async (fabric, events) => {
      fabric.adopt();
      await declare(fabric, localAt("n/a", 2, 0), localAt("n/b", 2, 0x20_0000), { ...remoteAt("n/c", 2), ipv4: 1 });
      assert.deepEqual(brief(events), ["failed n/a BAD_ADDRESS", "failed n/b BAD_ADDRESS", "failed n/c BAD_ADDRESS"]);
      assert.ok(events.every((event) => event.kind === "failed" && !event.willRetry));
      for (const owner of ["n/a", "n/b", "n/c"]) fabric.release(owner);
      await declare(fabric, localAt("n/a", 2));
      assert.deepEqual(brief(events).slice(3), ["implemented n/a new"]);
    },
  },
  {
    name: "many at once go in few batches",
    run: async (fabric, events) => {
      fabric.adopt();
      await settle(fabric);
      const before = fabric.state().counters.bundles;
      const many = Array.from({ length: 500 }, (_, index) => remoteAt(`n/r${index}`, index + 2, index % 5));
      await declare(fabric, ...many);
      assert.equal(events.length, 500);
      assert.ok(fabric.state().counters.bundles - before <= 3, "500 declarations of one turn are one batch or so");
    },
  },
];
