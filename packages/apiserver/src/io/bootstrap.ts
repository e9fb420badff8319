// What a new server has at once: the namespaces every cluster begins with.
import { type ApiObject, NAMESPACE } from "@coracle/api";
import { StatusError } from "@coracle/kube";
import { createObject } from "../core/registry/create.ts";
import type { RegistryEnvironment } from "../core/registry/environment.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

/** Makes the namespaces that are missing. */
export async function createStandardNamespaces(environment: RegistryEnvironment): Promise<void> {
  for (const name of NAMESPACES) {
    const object: ApiObject = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    const target = { definition: NAMESPACE, namespace: "", name, subresource: "" };
    const user = { name: "system:apiserver", uid: "", groups: ["system:masters"], extra: {} };
    try {
      await createObject(
        environment,
        target,
        { object, tracked: true },
        { dryRun: false, manager: "", user, warnings: [] },
      );
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== "AlreadyExists") throw error;
    }
  }
}
