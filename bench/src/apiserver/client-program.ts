// The client process of the API server's benchmark. Usage: bun client-program.ts KUBECONFIG TASK ARGUMENT…
import { createKubeClient, loadKubeconfig } from "@coracle/kube/io";
import { create, fanOut, latency, list, type TaskFigures } from "./client-tasks.ts";

const [kubeconfig = "", task = "", prefix = "", first = "0", second = "0"] = process.argv.slice(2);
const client = createKubeClient(await loadKubeconfig({ path: kubeconfig }), { userAgent: "coracle-bench" });

async function run(): Promise<TaskFigures> {
  switch (task) {
    case "create":
      return await create(client, prefix, Number(first), Number(second));
    case "list":
      return await list(client);
    case "fan-out":
      return await fanOut(client, prefix, Number(first), Number(second));
    case "latency":
      return await latency(client, prefix, Number(first));
    default:
      throw new Error(`Cannot run the task ${task}: known are create, list, fan-out, latency`);
  }
}

process.stdout.write(JSON.stringify(await run()));
client.close();
process.exit(0);
