// Creates the sample objects that are not there yet.
import { StatusError } from "@coracle/kube";
import { createKubeClient, loadKubeconfig } from "@coracle/kube/io";
import { fileExists, joinPath, writeFile } from "@coracle/runtime";
import { sampleObjects } from "../core/sample-objects.ts";

const DONE_NAME = "sample.created";

/**
 * Creates the samples once in the life of a data folder: what a person deletes later stays deleted. Returns how many were made.
 */
export async function createSample(
  kubeconfigPath: string,
  dataFolder: string,
  hosts: readonly string[],
): Promise<number> {
  const done = joinPath(dataFolder, DONE_NAME);
  if (await fileExists(done)) return 0;
  const client = createKubeClient(await loadKubeconfig({ path: kubeconfigPath }), { userAgent: "coracle-up" });
  let created = 0;
  try {
    for (const { resource, object } of sampleObjects(hosts)) {
      try {
        await client.create(resource, object);
        created++;
      } catch (error) {
        if (!(error instanceof StatusError) || error.status.reason !== "AlreadyExists") throw error;
      }
    }
  } finally {
    client.close();
  }
  await writeFile(done, "");
  return created;
}
