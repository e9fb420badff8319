// The simulated NAT on real sockets: echoes come back, from new ports after a rebinding; strangers are not let through.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SeededRandom } from "@coracle/base";
import { createLogger } from "@coracle/lifecycle";
import { openUdpEndpoint, runtimeName, udpAddress, type UdpBatch, type UdpEndpoint } from "@coracle/runtime";
import { eventually } from "@coracle/sim";
import { FaultyPath, NO_FAULTS } from "../../core/nat/faulty-path.ts";
import { NatTable } from "../../core/nat/nat-table.ts";
import { NatDriver, type NatPaths, WAITING_MAX } from "./nat-driver.ts";

/** A server that answers with its name and remembers the ports it heard from. */
class EchoServer {
  readonly ports: Set<number> = new Set();
  #endpoint: UdpEndpoint | undefined;

  async open(name: number): Promise<UdpEndpoint> {
    const { endpoint } = await openUdpEndpoint({
      host: "127.0.0.1",
      port: 0,
      onBatch: (batch) => this.#echo(name, batch),
    });
    this.#endpoint = endpoint;
    return endpoint;
  }

  #echo(name: number, batch: UdpBatch): void {
    for (const { bytes, start, source } of batch.datagrams.slice(0, batch.count)) {
      this.ports.add(source.port);
      this.#endpoint?.send(Uint8Array.of(name, bytes[start] ?? 0), 0, 2, source);
    }
  }
}

const TABLE = {
  backendCount: 2,
  natTimeoutMs: 60_000,
  balancerTimeoutMs: 60_000,
  lingerMs: 0,
  flowsMax: 10,
  share: 1,
  rebindEveryMs: undefined,
  reshuffleEveryMs: undefined,
} as const;

function clearPaths(): NatPaths {
  const [random, underWayMax] = [new SeededRandom(3), 1000];
  return { toBackends: new FaultyPath({ random, underWayMax }), toClients: new FaultyPath({ random, underWayMax }) };
}

describe("the NAT on sockets", () => {
  it("lets a few datagrams wait while an outside port opens, and counts more", async () => {
    const server = new EchoServer();
    const backend = await server.open(0);
    const table = new NatTable({ ...TABLE, backendCount: 1 }, new SeededRandom(1));
    const opening = Promise.withResolvers<void>();
    const driver = new NatDriver({
      table,
      paths: clearPaths(),
      backends: [backend.local],
      outside: "127.0.0.1",
      log: createLogger("load"),
      openPort: async (options) => {
        await opening.promise;
        return await openUdpEndpoint(options);
      },
    });
    let answers = 0;
    const { endpoint: client } = await openUdpEndpoint({
      host: "127.0.0.1",
      port: 0,
      onBatch: ({ count }) => (answers += count),
    });
    try {
      const front = udpAddress("127.0.0.1", await driver.start("127.0.0.1", 0));
      for (let number = 0; number < 40; number++) client.send(Uint8Array.of(number), 0, 1, front);
      client.flush();
      await eventually(() => driver.lost.portNotOpen === 40 - WAITING_MAX, "all but those that wait are counted");
      opening.resolve();
      await eventually(() => answers === WAITING_MAX, "those that waited are answered");
    } finally {
      driver.close();
      client.close();
      backend.close();
    }
  });

  it("carries datagrams both ways, moves clients, and lets no stranger through", async () => {
    const servers = [new EchoServer(), new EchoServer()];
    const backends = await Promise.all(servers.map((server, index) => server.open(index)));
    const table = new NatTable(TABLE, new SeededRandom(7));
    const driver = new NatDriver({
      table,
      paths: clearPaths(),
      backends: backends.map(({ local }) => local),
      outside: "127.0.0.1",
      log: createLogger("load"),
    });
    const answers: number[] = [];
    const client = await openUdpEndpoint({
      host: "127.0.0.1",
      port: 0,
      onBatch: (batch) => {
        for (const { bytes, start } of batch.datagrams.slice(0, batch.count)) answers.push(bytes[start + 1] ?? -1);
      },
    });
    try {
      const port = await driver.start("127.0.0.1", 0);
      const front = udpAddress("127.0.0.1", port);
      for (let round = 0; round < 10; round++) {
        client.endpoint.send(Uint8Array.of(round), 0, 1, front);
        client.endpoint.flush();
        await eventually(() => answers.includes(round), `answer ${round}`);
        assert.equal(driver.rebind(1), 1);
      }
      const ports = servers.flatMap((server) => [...server.ports]);
      assert.equal(ports.length, 10);
      // The newest opens when the client speaks.
      assert.equal(driver.openPorts, 0);
      assert.ok(servers.every((server) => server.ports.size > 0));
      client.endpoint.send(Uint8Array.of(99), 0, 1, front);
      client.endpoint.flush();
      await eventually(() => answers.includes(99), "the last answer");
      const last = servers.flatMap((server) => [...server.ports]).find((each) => !ports.includes(each));
      client.endpoint.send(Uint8Array.of(1, 1), 0, 2, udpAddress("127.0.0.1", last ?? 0));
      client.endpoint.flush();
      await eventually(() => driver.lost.stranger === 1, "the stranger is counted");
      assert.equal(answers.length, 11);
    } finally {
      driver.close();
      client.endpoint.close();
      for (const backend of backends) backend.close();
    }
  });

  it("passes on copies, late ones when their time has come, and those held back after the others", async () => {
    const server = new EchoServer();
    const backend = await server.open(0);
    const table = new NatTable({ ...TABLE, backendCount: 1 }, new SeededRandom(1));
    const paths = clearPaths();
    const driver = new NatDriver({
      table,
      paths,
      backends: [backend.local],
      outside: "127.0.0.1",
      log: createLogger("load"),
    });
    const answers: number[] = [];
    const { endpoint: client } = await openUdpEndpoint({
      host: "127.0.0.1",
      port: 0,
      onBatch: (batch) => {
        for (const { bytes, start } of batch.datagrams.slice(0, batch.count)) answers.push(bytes[start + 1] ?? -1);
      },
    });
    try {
      const front = udpAddress("127.0.0.1", await driver.start("127.0.0.1", 0));
      const send = (number: number): void => {
        client.send(Uint8Array.of(number), 0, 1, front);
        client.flush();
      };
      driver.suffer({ ...NO_FAULTS, duplicate: 1, delayMs: 20 });
      send(1);
      await eventually(() => answers.length === 4, "a copy in each direction");
      assert.deepEqual(answers, [1, 1, 1, 1]);
      assert.deepEqual([paths.toBackends.counts.duplicated, paths.toClients.counts.duplicated], [1, 2]);
      assert.deepEqual([paths.toBackends.counts.delayed, paths.toClients.counts.delayed], [2, 4]);
      paths.toClients.suffer(NO_FAULTS);
      paths.toBackends.suffer({ ...NO_FAULTS, reorder: 1, reorderBy: 2, reorderHoldMs: 60_000 });
      send(2);
      await eventually(() => paths.toBackends.counts.heldBack === 1, "it is held back");
      paths.toBackends.suffer(NO_FAULTS);
      for (const number of [3, 4, 5]) send(number);
      await eventually(() => answers.length === 8, "all are answered");
      assert.deepEqual(answers.slice(4), [3, 4, 2, 5]);
      assert.equal(paths.toBackends.counts.overtaken, 1);
    } finally {
      driver.close();
      client.close();
      backend.close();
    }
  });

  // Deno does not tell what the kernel dropped.
  if (runtimeName() === "bun") {
    it("counts what came while it had no turn and the kernel had no room", async () => {
      const FLOOD = 30_000;
      const table = new NatTable({ ...TABLE, backendCount: 1 }, new SeededRandom(1));
      const backends = [udpAddress("127.0.0.1", 9)];
      const driver = new NatDriver({
        table,
        paths: clearPaths(),
        backends,
        outside: "127.0.0.1",
        log: createLogger("load"),
      });
      const { endpoint: client } = await openUdpEndpoint({ host: "127.0.0.1", port: 0, onBatch: () => undefined });
      try {
        const front = udpAddress("127.0.0.1", await driver.start("127.0.0.1", 0));
        for (let sent = 0; sent < FLOOD; sent++) {
          client.send(Uint8Array.of(1), 0, 1, front);
          if (sent % 100 === 99) client.flush();
        }
        const lost = (): number => driver.socketDrops()["kernel-queue-full"];
        assert.ok(lost() > 0);
        await eventually(() => table.counts.toBackends + lost() === FLOOD, "each is passed on or counted");
      } finally {
        driver.close();
        client.close();
      }
    });
  }
});
