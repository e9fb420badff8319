// The address controller exposes every metric of the document, with types, labels and all buckets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACHMENTS, IpamSystem, type Status } from "../ipam/ipam-system.ts";
import { assertExposed } from "./exposed.ts";
import { readMetricTables } from "./metric-tables.ts";
import { parseExposition } from "./scrape.ts";

test(
  "13.17 the address controller exposes every metric of the document, with all buckets",
  { timeout: 120_000 },
  async () => {
    await IpamSystem.with([], async (system) => {
      const ipam = await system.ipam();
      const [, url = ""] = await ipam.see(/"url":"(http:[^"]+)"/);
      await system.createSubnet("one", 1, "10.1.0.0/32");
      await system.createAttachment("served", "one");
      await system.addressOf("served");
      await system.createAttachment("waiting", "one");
      const isTold = ({ addressContention }: Status): boolean => addressContention === true;
      await system.eventually("an error of the one who waits", () => system.status(ATTACHMENTS, "waiting"), isTold);
      await system.delete(ATTACHMENTS, "served");
      await system.addressOf("waiting");
      const { mapped, types } = readMetricTables();
      const own = mapped.filter(
        ({ binary, labels, buckets }) => binary === "ipam" && labels.length + buckets.length > 0,
      );
      // All but the count of rivals that live list and watch show differently, which takes a race.
      assert.equal(await assertExposed("ipam", url), own.length - 1);
      const scraped = parseExposition(await (await fetch(`${url}/metrics`)).text());
      for (const [name, { type }] of scraped) assert.equal(types.get(name), type, `docs/metrics.md on ${name}`);
      assert.equal(await ipam.end("SIGTERM"), 0);
    });
  },
);
