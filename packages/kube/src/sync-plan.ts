// How the next state is asked for: streaming or paged, and from which version (client-go's reflector and pager).
import { unreachable } from "@coracle/base";
import type { FailureVerdict } from "./error-policy.ts";
import type { ListWatchMode } from "./list-watch-types.ts";
import type { ListOptions } from "./query.ts";

/** client-go's page size. */
export const PAGE_SIZE = 500;

/** Stalled streaming attempts, without one that worked between them, after which a server is taken not to stream. */
const STREAM_STALLS_MAX = 2;

/** Remembers what the server can do, and answers with the options of the next list or streaming list. */
export class SyncPlan {
  readonly #pageSize: number;
  #streaming: boolean;
  #stalls = 0;
  /** Streaming is not tried for the state at hand. */
  #listThisTime = false;
  /** The server answered "any version" with pages, so it has no cache to spare by not paging. */
  #pagesAnyVersion = false;
  /** The last known version is of no use: ask for the newest state. */
  #newest = false;
  /** Paging broke down: the state at hand comes in one piece. */
  #whole = false;
  #continueToken = "";
  #fallbacks = 0;

  constructor(streaming: boolean, pageSize: number) {
    this.#streaming = streaming;
    this.#pageSize = pageSize;
  }

  /** How often a list was used although streaming was wanted. */
  get fallbacks(): number {
    return this.#fallbacks;
  }

  /** The request at hand is a later page. */
  get paging(): boolean {
    return this.#continueToken !== "";
  }

  /** Whether the state at hand was asked for at the newest version. */
  get newest(): boolean {
    return this.#newest;
  }

  /** What to ask next; `known` is the last version seen, "" when none. */
  next(known: string): { readonly mode: ListWatchMode; readonly options: ListOptions } {
    if (this.#streaming && !this.#listThisTime) {
      return {
        mode: "stream",
        options: {
          watch: true,
          sendInitialEvents: true,
          resourceVersionMatch: "NotOlderThan",
          allowWatchBookmarks: true,
          resourceVersion: this.#newest ? "" : known,
        },
      };
    }
    const limit = this.#pageSize > 0 && !this.#whole ? { limit: this.#pageSize } : {};
    if (this.paging) return { mode: "list", options: { ...limit, continue: this.#continueToken } };
    let resourceVersion = known === "" ? "0" : known;
    // Pages of an exact old version would come from it alone, so a server that pages is asked for the newest.
    if (this.#newest || this.#pagesAnyVersion) resourceVersion = "";
    const paged = resourceVersion === "" || resourceVersion === "0";
    return { mode: "list", options: { ...(paged ? limit : {}), resourceVersion } };
  }

  /** A list page is complete; true when another follows. A repeated token, which would page for ever, is "repeated". */
  pageEnd(continueToken: string, asked: ListOptions): "more" | "last" | "repeated" {
    if (continueToken === "") return "last";
    if (continueToken === this.#continueToken) return "repeated";
    if (asked.resourceVersion === "0") this.#pagesAnyVersion = true;
    this.#continueToken = continueToken;
    return "more";
  }

  /** The state is complete. */
  synced(mode: ListWatchMode): void {
    if (mode === "stream") this.#stalls = 0;
    this.#listThisTime = false;
    this.#newest = false;
    this.#whole = false;
    this.#continueToken = "";
  }

  /** The state at hand failed; the next attempt starts at its first page. */
  restart(): void {
    this.#continueToken = "";
  }

  /** Ask for the newest state; after a later page in one piece, since the pages before it are too old. */
  useNewest(): void {
    this.#newest = true;
    if (this.paging) this.#whole = true;
    this.#continueToken = "";
  }

  /** The attempt of `mode` failed: when to make the next one, which starts at its first page. */
  failed(verdict: FailureVerdict, mode: ListWatchMode): "now" | "later" | "never" {
    const soon = this.#newest && !this.paging ? "later" : "now";
    switch (verdict) {
      case "expired":
      case "too-large":
        this.useNewest();
        return soon;
      case "invalid":
        if (mode !== "stream") return "never";
        this.#streaming = false;
        this.#fallbacks++;
        return "now";
      case "internal":
      case "transient":
        if (mode === "stream") this.streamingFailed("trouble");
        break;
      case "missing":
        this.useNewest();
        break;
      case "throttled":
      case "denied":
        break;
      default:
        unreachable(verdict);
    }
    this.#continueToken = "";
    return "later";
  }

  /**
   * A streaming list came to nothing: this state comes from a list. "stalled" says that the server behaved as one that
   * has never heard of them; after that has happened often, all later states come from lists.
   */
  streamingFailed(why: "stalled" | "trouble"): void {
    this.#fallbacks++;
    this.#listThisTime = true;
    if (why === "stalled" && ++this.#stalls >= STREAM_STALLS_MAX) this.#streaming = false;
  }
}
