#!/usr/bin/env bun
// A real kube-apiserver with our kinds as custom resources, for trying things by hand until Ctrl-C.
import { startKubeApiserver } from "../peers/kubernetes/mod.ts";
import { installNetworkKinds } from "./servers.ts";

const server = await startKubeApiserver();
const stop = async (): Promise<void> => {
  await server.stop();
  process.exit(0);
};
process.once("SIGINT", () => void stop());
process.once("SIGTERM", () => void stop());
await installNetworkKinds(server);
console.log(`kubectl --kubeconfig ${server.kubeconfigPath} api-resources\nCtrl-C removes it all.`);
