// A router says who seals its records, at its start and in its metrics.
import assert from "node:assert/strict";
import { it } from "node:test";
import { cryptoProviderReport } from "@coracle/runtime";
import { startRouter, TEST_KEY_HEX, TestFolder } from "./testing/router-process.ts";

it("tells which provider of record cryptography it uses", async () => {
  const folder = new TestFolder();
  const psk = folder.write("psk", `device=${Buffer.from(TEST_KEY_HEX, "hex").toString("base64")}\n`);
  const router = await startRouter(["--psk-file", psk]);
  try {
    const { name, description } = cryptoProviderReport();
    const listening = router.log.find((line) => line.includes('"recordCrypto"'));
    assert.equal((JSON.parse(listening ?? "{}") as { recordCrypto?: string }).recordCrypto, description);
    const sample = `coracle_router_record_crypto{provider="${name}",library="${description}"}`;
    assert.equal(await router.metric(sample), 1);
  } finally {
    await router.stop();
    folder.remove();
  }
});
