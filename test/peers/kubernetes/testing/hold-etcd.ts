// A program that starts an etcd and waits to be killed: for the test that peers do not outlive their test.
import { startEtcd } from "../etcd.ts";

const etcd = await startEtcd();
process.stdout.write(`${JSON.stringify({ pid: etcd.pid(), folder: etcd.dataFolder })}\n`);
// For ever, as far as a test is concerned.
setInterval(() => undefined, 60_000);
