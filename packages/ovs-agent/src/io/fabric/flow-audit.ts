// Notices flows that others add, change or remove while nothing is on its way: a count often, a whole comparison now and then.
import { sleep } from "@coracle/runtime";

/** Every how many looks the flows are compared even if their number is right. */
const COMPARE_EVERY = 30;

/** What an audit looks at. */
export interface AuditedSwitch {
  /** True while all that should be installed is, and nothing is on its way. */
  readonly isQuiet: () => boolean;
  /** Changes with every change of ours, so that one in the middle of a look is told from one of others. */
  readonly changes: () => number;
  /** How many flows there should be. */
  readonly expected: () => number;
  /** How many flows there are. */
  readonly count: () => Promise<number>;
  /** Compares flow by flow, and mends. */
  readonly compare: () => Promise<void>;
}

/** Looks every `intervalMs` until `signal` aborts. Never rejects: what cannot be asked now is asked the next time. */
export async function auditFlows(
  audited: AuditedSwitch,
  { intervalMs, signal }: { readonly intervalMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (let look = 1; !signal.aborted; look++) {
    await sleep(intervalMs, signal).catch(() => undefined);
    if (signal.aborted || !audited.isQuiet()) continue;
    const changes = audited.changes();
    const count = await audited.count().catch(() => undefined);
    if (count === undefined || !audited.isQuiet() || audited.changes() !== changes) continue;
    if (count !== audited.expected() || look % COMPARE_EVERY === 0) await audited.compare();
  }
}
