// A program of the tests: packet threads that answer it. Prints the path and the answers; compiled or not, restricted or not.
// With the argument `refuse-batches` it first forbids itself recvmmsg and sendmmsg, as a container's seccomp profile may.
import { argv, exitProcess } from "../../process.ts";
import { describeUdpPath } from "../path.ts";
import { openPacketThreads } from "../threads/open-packet-threads.ts";
import { refuseBatches } from "./refuse-batches.ts";
import { openClient, until } from "./traffic.ts";

if (argv().includes("refuse-batches")) await refuseBatches();
const threads = await openPacketThreads({
  worker: new URL("./echo-worker.ts", import.meta.url),
  sockets: [{ host: "127.0.0.1", port: 0 }],
  threads: 1,
});
const client = await openClient();
const [socket] = threads.sockets;
if (socket !== undefined) for (let index = 0; index < 5; index++) client.send(socket.local, 100, index);
await until(() => client.heard.length === 5);
const answers = client.heard.map(({ bytes }) => bytes[2]).join(" ");
process.stdout.write(`${describeUdpPath(threads.path)}: ${answers}\n`);
client.endpoint.close();
await threads.close();
exitProcess(0);
