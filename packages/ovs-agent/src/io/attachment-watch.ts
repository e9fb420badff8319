// Follows the attachments that one of the 1+R watches asks for, for as long as it is open.
import { compileProjection, type Projection, type WatchStreamEvent } from "@coracle/kube";
import { follow, type KubeClient } from "@coracle/kube/io";
import type { Logger } from "@coracle/lifecycle";
import { assert, Backoff, REFLECTOR_BACKOFF } from "@coracle/base";
import { collectGarbage, sleep } from "@coracle/runtime";
import { LOCAL_PATHS, REMOTE_PATHS } from "../core/attachment-fields.ts";
import type { WatchQuery } from "../core/watch-selector.ts";
import { ATTACHMENTS } from "./status-writer.ts";

/** One watch. */
export interface AttachmentWatchOptions {
  readonly client: KubeClient;
  readonly query: WatchQuery;
  readonly scope: "local" | "remote";
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchStreamEvent) => void;
}

/** A first state makes garbage faster than the runtime's own pace collects it; left alone it would stay resident. */
const COLLECTION_ITEMS = 10_000;
/** Syncs of fewer objects leave nothing worth the pause. */
const COLLECTION_ITEMS_MIN = 1000;

const PROJECTIONS: Readonly<Record<"local" | "remote", Projection>> = {
  local: projectionOf(LOCAL_PATHS),
  remote: projectionOf(REMOTE_PATHS),
};

/** Follows until `signal` aborts; a stream that ended for good is begun again after a while. */
export async function watchAttachments(options: AttachmentWatchOptions): Promise<void> {
  const { client, query, scope, log, signal, onEvent } = options;
  const backoff = new Backoff(REFLECTOR_BACKOFF, client.random);
  let items = 0;
  while (!signal.aborted) {
    for await (const event of follow(client, ATTACHMENTS, { ...query, projection: PROJECTIONS[scope], signal })) {
      if (event.kind === "error") log.warning("Watch failed", { scope, ...query, error: event.status.message });
      onEvent(event);
      if (event.kind === "item") items++;
      const itemsMin = event.kind === "sync-end" ? COLLECTION_ITEMS_MIN : COLLECTION_ITEMS;
      if (items < itemsMin || (event.kind !== "item" && event.kind !== "sync-end")) continue;
      items = 0;
      collectGarbage();
    }
    if (signal.aborted) return;
    await sleep(backoff.step(client.clock.now()), signal).catch(() => undefined);
  }
}

function projectionOf(paths: readonly string[]): Projection {
  const compiled = compileProjection(paths);
  assert(compiled.ok, `Cannot compile the projection of attachments: current value is ${paths.join(",")}`);
  return compiled.value;
}
