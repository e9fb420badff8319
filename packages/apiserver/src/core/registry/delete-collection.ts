// Deletecollection: delete what a list selects, one after another; not atomic (apiserver registry/generic DeleteCollection).
import { StatusError } from "@coracle/kube";
import type { DeleteOptions } from "../request/delete-options.ts";
import type { ListQuery } from "../request/list-options.ts";
import type { Selection } from "../watch/selection.ts";
import type { RegistryEnvironment } from "./environment.ts";
import { type ListResult, listPage } from "./list.ts";
import { deleteObject } from "./remove.ts";

/** Deletions under way at a time: enough to share commits, few enough to leave the server responsive. */
const PARALLEL = 16;

/** Deletes what is selected and answers with the list as it was. What others delete meanwhile is no error. */
export async function deleteCollection(
  environment: RegistryEnvironment,
  selection: Selection,
  query: ListQuery,
  options: DeleteOptions,
): Promise<ListResult> {
  const list = await listPage(environment, selection, query);
  const queue = list.objects.values();
  const worker = async (): Promise<void> => {
    for (const object of queue) {
      const target = {
        definition: selection.definition,
        namespace: object.namespace,
        name: object.name,
        subresource: "",
      };
      try {
        await deleteObject(environment, target, options);
      } catch (error) {
        if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return list;
}
