// A program that says which provider it uses, alone and on a thread, and what they seal.
import process from "node:process";
import { Worker } from "node:worker_threads";
import { cryptoProviderReport } from "../../mod.ts";
import { type SealAnswer, sealMuch } from "./seal-worker.ts";

const task = { seed: 7, rounds: 600 };
const { name, fallbackReason } = cryptoProviderReport();
const here = sealMuch(task);
const worker = new Worker(new URL("./seal-worker.ts", import.meta.url), { workerData: task });
worker.once("message", (there: SealAnswer) => {
  process.stdout.write(`${JSON.stringify({ name, fallbackReason, here, there })}\n`);
  void worker.terminate();
});
