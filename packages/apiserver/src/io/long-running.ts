// Which requests have no natural end: watches.
import { booleanParameter } from "../core/request/query.ts";
import { splitUrl } from "./exchange.ts";

/** True for a watch, asked by parameter or by the old path prefix. */
export function isLongRunning(request: Request): boolean {
  const { url } = request;
  if (!url.includes("watch")) return false;
  const { path, query } = splitUrl(url);
  return booleanParameter(query.get("watch")) || /^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)\/watch\//.test(path);
}
