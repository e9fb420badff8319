// The client against a real ovsdb-server and ovs-vswitchd: ports in one transaction, errors, restarts, locks, fallback.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import {
  column,
  monitoredTable,
  type MonitorMethod,
  namedUuid,
  ovsSet,
  rowIs,
  stringMap,
  Transaction,
  uuid,
} from "../mod.ts";
import { type OvsdbClient, type OvsdbClientOptions, type OvsdbNotice, OvsdbRequestError, openOvsdb } from "./mod.ts";
import { type PrivateOvs, until, withOvs } from "./testing/private-ovs.ts";

const bridges = monitoredTable("Bridge", {
  name: column.string,
  ports: column.uuids,
  fail_mode: column.optionalString,
});
const interfaces = monitoredTable("Interface", {
  name: column.string,
  type: column.string,
  ofport: column.optionalInteger,
  external_ids: column.stringMap,
});
const root = monitoredTable("Open_vSwitch", { cur_cfg: column.integer, next_cfg: column.integer });

async function withClient(
  ovs: PrivateOvs,
  options: Partial<OvsdbClientOptions>,
  body: (client: OvsdbClient) => Promise<void>,
): Promise<void> {
  const backoff = { initialMs: 20, capMs: 100, factor: 2, jitter: 0, resetMs: 1000 };
  const target = { path: ovs.databaseSocket };
  const client = openOvsdb({ target, tables: [bridges, interfaces, root], backoff, ...options });
  try {
    await client.whenReady();
    await body(client);
  } finally {
    await client.close();
  }
}

async function rejection(promise: Promise<unknown>): Promise<OvsdbRequestError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof OvsdbRequestError, String(thrown));
    return thrown;
  }
  throw new Error("nothing was refused");
}

function addPorts(transaction: Transaction, names: readonly string[]): void {
  const ports = names.map((name) => {
    const device = transaction.insert("Interface", {
      name,
      type: "dummy",
      external_ids: stringMap({ owner: "test", name }),
    });
    return transaction.insert("Port", { name, interfaces: device });
  });
  transaction.mutate("Bridge", [["name", "==", "br0"]], [["ports", "insert", ovsSet(ports)]]);
  transaction.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]);
}

test("real database: 100 ports in one transaction get their ofports, seen on the monitor", () =>
  withOvs("100 ports", async (ovs) => {
    ovs.addBridge("br0");
    await withClient(ovs, {}, async (client) => {
      const names = Array.from({ length: 100 }, (_, index) => `port${index}`);
      const transaction = new Transaction().comment("add ports");
      addPorts(transaction, names);
      transaction.select("Open_vSwitch", [], ["next_cfg"]);
      const results = await client.transact(transaction);
      const wanted = results.at(-1)?.rows?.[0]?.get("next_cfg");
      assert.equal(typeof wanted, "number");
      await client.waitFor(
        () => ([...client.rows(root).values()].some((row) => row.cur_cfg >= Number(wanted)) ? true : undefined),
        20_000,
      );
      const byName = new Map([...client.rows(interfaces).values()].map((row) => [row.name, row]));
      const ofports = names.map((name) => byName.get(name)?.ofport ?? -1);
      assert.equal(new Set(ofports).size, 100);
      assert.ok(ofports.every((ofport) => ofport > 0));
      assert.deepEqual(
        [...(byName.get("port7")?.external_ids ?? [])],
        [
          ["name", "port7"],
          ["owner", "test"],
        ],
      );
      const [bridge] = client.rows(bridges).values();
      assert.equal(bridge?.ports.length, 101);
      assert.equal(bridge?.fail_mode, "secure");
    });
  }));

test("real database: sets and maps changed in place are seen as they are", () =>
  withOvs("changes in place", async (ovs) => {
    ovs.addBridge("br0");
    for (const monitorMethods of [
      ["monitor_cond_since"],
      ["monitor_cond"],
      ["monitor"],
    ] as readonly MonitorMethod[][]) {
      await withClient(ovs, { session: { monitorMethods } }, async (client) => {
        const name = `map${monitorMethods[0]?.length ?? 0}`;
        const transaction = new Transaction();
        addPorts(transaction, [name]);
        const made = await client.transact(transaction);
        const row = made[0]?.uuid ?? uuid("");
        const read = (): Record<string, string> =>
          Object.fromEntries(client.rows(interfaces).get(row.uuid)?.external_ids ?? []);
        const change = async (
          mutate: (transaction: Transaction) => unknown,
          expected: Record<string, string>,
        ): Promise<void> => {
          const next = new Transaction();
          mutate(next);
          await client.transact(next);
          assert.deepEqual(read(), expected, String(monitorMethods));
        };
        await change(
          (next) => next.mutate("Interface", rowIs(row), [["external_ids", "insert", stringMap({ a: "1" })]]),
          { a: "1", name, owner: "test" },
        );
        await change((next) => next.update("Interface", rowIs(row), { external_ids: stringMap({ a: "2", b: "3" }) }), {
          a: "2",
          b: "3",
        });
        await change((next) => next.mutate("Interface", rowIs(row), [["external_ids", "delete", ovsSet(["a"])]]), {
          b: "3",
        });
        await change((next) => next.update("Interface", rowIs(row), { external_ids: stringMap({}) }), {});
      });
    }
  }));

test("real database: every error of a transaction is told with its operation, and nothing is changed", () =>
  withOvs("transaction errors", async (ovs) => {
    ovs.addBridge("br0");
    await withClient(ovs, {}, async (client) => {
      const bad = new Transaction();
      bad.insert("Interface", { name: "a" });
      bad.insert("Interface", { name: 5 });
      const failed = await rejection(client.transact(bad));
      assert.equal(failed.code, "TRANSACTION_FAILED");
      assert.deepEqual(
        failed.cause.errors?.map(({ index, operation, error }) => [index, operation, error]),
        [[1, "insert Interface", "syntax error"]],
      );
      const inUse = new Transaction().delete("Interface", [["name", "==", "br0"]]);
      const refused = await rejection(client.transact(inUse));
      assert.deepEqual(
        refused.cause.errors?.map(({ index, operation, error }) => [index, operation, error]),
        [[undefined, "commit", "referential integrity violation"]],
      );
      const unmet = new Transaction().wait({
        table: "Bridge",
        where: [["name", "==", "br0"]],
        until: "==",
        rows: [{ fail_mode: "standalone" }],
      });
      assert.equal((await rejection(client.transact(unmet))).cause.errors?.[0]?.error, "timed out");
      assert.equal((await rejection(client.request("no_such_method", []))).code, "REFUSED");
      assert.equal(client.rows(interfaces).size, 1);
      const dangling = new Transaction().mutate("Bridge", [], [["ports", "insert", namedUuid("never")]]);
      assert.equal((await rejection(client.transact(dangling))).code, "TRANSACTION_FAILED");
    });
  }));

test("real database: after a kill and a start the monitor goes on, and tells only what differs", () =>
  withOvs("database restart", async (ovs) => {
    ovs.addBridge("br0");
    const notices: OvsdbNotice[] = [];
    await withClient(ovs, { onNotice: (notice) => notices.push(notice) }, async (client) => {
      const first = new Transaction();
      addPorts(first, ["before1", "before2"]);
      await client.transact(first);
      await client.waitFor(
        () =>
          [...client.rows(interfaces).values()].filter((row) => row.ofport !== undefined).length === 3
            ? true
            : undefined,
        20_000,
      );
      const told: string[] = [];
      client.monitor((changes) => told.push(...changes.map((change) => `${change.kind} ${change.table}`)));
      await ovs.killSwitch();
      await ovs.killDatabase();
      await until("the client notices", () => !client.isReady);
      assert.equal(client.rows(interfaces).size, 3);
      assert.equal((await rejection(client.transact(new Transaction().comment("x")))).code, "DISCONNECTED");
      await ovs.startDatabase();
      await client.whenReady();
      const unexpected = told.filter((change) => change !== "modify Interface" && change !== "modify Open_vSwitch");
      assert.deepEqual(unexpected, []);
      assert.equal(client.rows(interfaces).size, 3);
      assert.equal(notices.filter(({ kind }) => kind === "up").length, 2);
      told.length = 0;
      const second = new Transaction();
      addPorts(second, ["after"]);
      await client.transact(second);
      assert.ok(told.includes("insert Interface") && told.includes("modify Bridge"), told.join());
    });
  }));

test("real database: a lock has one owner, can be stolen, and ends with its connection", () =>
  withOvs("locks", async (ovs) => {
    const notices: OvsdbNotice[] = [];
    await withClient(ovs, { onNotice: (notice) => notices.push(notice) }, async (first) => {
      await withClient(ovs, {}, async (second) => {
        assert.equal(await first.lock("agent"), true);
        assert.equal(await second.lock("agent"), false);
        await first.transact(new Transaction().assertLock("agent"));
        const refused = await rejection(second.transact(new Transaction().assertLock("agent")));
        assert.equal(refused.cause.errors?.[0]?.error, "not owner");
        await second.unlock("agent");
        await second.steal("agent");
        await until("the first owner hears of it", () =>
          notices.some((notice) => notice.kind === "lock" && !notice.isOwned),
        );
        await second.transact(new Transaction().assertLock("agent"));
      });
      await until("the lock comes back", () => notices.some((notice) => notice.kind === "lock" && notice.isOwned));
    });
  }));

test("real database: a column that is missing or of another type is refused before anything is read", () =>
  withOvs("schema check", async (ovs) => {
    for (const [table, words] of [
      [monitoredTable("Nothing", {}), /table Nothing/],
      [monitoredTable("Bridge", { nothing: column.string }), /no such column/],
      [monitoredTable("Bridge", { ports: column.string }), /as one string/],
    ] as const) {
      const downs: string[] = [];
      const client = openOvsdb({
        target: { path: ovs.databaseSocket },
        tables: [table],
        onNotice: (notice) => downs.push(notice.kind === "down" ? `${notice.code} ${notice.message}` : notice.kind),
      });
      try {
        await until("it is refused", () => downs.length > 0);
        assert.match(downs[0] ?? "", /^BAD_SCHEMA/);
        assert.match(downs[0] ?? "", words);
      } finally {
        await client.close();
      }
    }
  }));

test("real database: over TCP as over its unix socket", () =>
  withOvs("over TCP", async (ovs) => {
    const port = await freePort();
    const control = join(ovs.folder, "ovsdb.ctl");
    const add = ["--timeout=10", "-t", control, "ovsdb-server/add-remote", `ptcp:${port}:127.0.0.1`];
    assert.equal(ovs.tool("ovs-appctl", add).status, 0);
    await withClient(ovs, { target: { host: "127.0.0.1", port } }, async (client) => {
      assert.equal(ovs.vsctl(["--no-wait", "add-br", "br0"]).status, 0);
      await until("the bridge is seen", () => [...client.rows(bridges).values()].some(({ name }) => name === "br0"));
      const [result] = await client.transact(new Transaction().select("Bridge", [], ["name"]));
      assert.equal(result?.rows?.length, 1);
    });
  }));

/** A port that was free a moment ago: ovsdb-server does not tell which one it took. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
