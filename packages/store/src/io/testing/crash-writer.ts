// A process that writes until it is killed: prints `KEY REVISION` for each write it was told is durable.
import process from "node:process";
import { openSqliteStore } from "../mod.ts";

const IN_FLIGHT = 8;
const [path = "", round = ""] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const encoder = new TextEncoder();

async function writeForEver(lane: number): Promise<void> {
  for (let index = 0; ; index++) {
    const key = `/${round}/${lane}/${index % 50}`;
    const result = await store.put(key, encoder.encode(`${round}-${lane}-${index}`));
    process.stdout.write(`${key} ${result.revision}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => writeForEver(lane)));
