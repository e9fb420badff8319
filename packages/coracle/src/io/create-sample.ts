// Creates the objects of a first start that are not there yet: hosts, samples.
import { StatusError } from "@coracle/kube";
import { createKubeClient, type KubeClient, loadKubeconfig } from "@coracle/kube/io";
import { fileExists, joinPath, writeFile } from "@coracle/runtime";
import { hostNode, type SampleObject, sampleObjects } from "../core/sample-objects.ts";
import type { HostPlace } from "./child-plans.ts";

const DONE_NAME = "sample.created";

/** Creates the Node objects of hosts that have none. */
export async function createNodes(kubeconfigPath: string, hosts: readonly HostPlace[]): Promise<void> {
  await withClient(kubeconfigPath, (client) => createMissing(client, hosts.map(hostNode)));
}

/**
 * Creates the samples once in the life of a data folder: what a person deletes later stays deleted. Returns how many were made.
 */
export async function createSample(
  kubeconfigPath: string,
  dataFolder: string,
  hosts: readonly HostPlace[],
): Promise<number> {
  const done = joinPath(dataFolder, DONE_NAME);
  if (await fileExists(done)) return 0;
  const samples = sampleObjects(hosts.map(({ name }) => name));
  const created = await withClient(kubeconfigPath, (client) => createMissing(client, samples));
  await writeFile(done, "");
  return created;
}

async function withClient<T>(kubeconfigPath: string, body: (client: KubeClient) => Promise<T>): Promise<T> {
  const client = createKubeClient(await loadKubeconfig({ path: kubeconfigPath }), { userAgent: "coracle-up" });
  try {
    return await body(client);
  } finally {
    client.close();
  }
}

/** Returns how many were not there. */
async function createMissing(client: KubeClient, objects: readonly SampleObject[]): Promise<number> {
  let created = 0;
  for (const { resource, object } of objects) {
    try {
      await client.create(resource, object);
      created++;
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.reason !== "AlreadyExists") throw error;
    }
  }
  return created;
}
