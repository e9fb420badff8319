// The reference of the watch benchmark: an informer of @kubernetes/client-node on pods, run by Node.
//
// Usage: node client-node-informer KUBECONFIG. Prints "synced COUNT" when its cache is complete, then stays.
import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromFile(process.argv[2] ?? "");
const api = config.makeApiClient(CoreV1Api);
const informer = makeInformer(config, "/api/v1/pods", () => api.listPodForAllNamespaces());
informer.on("error", (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
await informer.start();
process.stdout.write(`synced ${informer.list().length}\n`);
