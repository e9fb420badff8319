// The cookie of a flow: which round installed it, what kind of thing it is for, and whose it is.

/** What a flow is for. 0 is nobody's: flows without a cookie are not ours. */
export const CATEGORY = { bridge: 1, local: 2, remote: 3, host: 4 } as const;

/** See {@link CATEGORY}. */
export type Category = keyof typeof CATEGORY;

/** A cookie taken apart. */
export interface FlowCookie {
  /** 8 bits: the number, modulo 256, of the whole-table installation that wrote the flow. */
  readonly round: number;
  readonly category: Category;
  /** 48 bits: a guest's MAC address, a host's IPv4 address, or 0 for the bridge. */
  readonly subject: number;
}

/** The bits of a cookie that tell flows apart; the round above them does not. */
export const COOKIE_IDENTITY_MASK: bigint = 0x00ff_ffff_ffff_ffffn;

const NAMES: ReadonlyMap<number, Category> = new Map(
  (["bridge", "local", "remote", "host"] as const).map((name) => [CATEGORY[name], name]),
);

/** Round in bits 63–56, category in bits 55–48, subject in bits 47–0. */
export function encodeCookie(cookie: FlowCookie): bigint {
  const head = ((cookie.round & 0xff) << 8) | CATEGORY[cookie.category];
  return (BigInt(head) << 48n) | BigInt(cookie.subject);
}

/** Takes a cookie apart; `undefined` if its category is none of ours. */
export function parseCookie(cookie: bigint): FlowCookie | undefined {
  const head = Number(cookie >> 48n);
  const category = NAMES.get(head & 0xff);
  if (category === undefined) return undefined;
  return { round: head >>> 8, category, subject: Number(cookie & 0xffff_ffff_ffffn) };
}
