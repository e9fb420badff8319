// One line of `ip -o monitor link`: a device appeared, changed or went (ip-monitor(8)).

/** What a line says. */
export interface LinkNews {
  readonly kind: "present" | "gone";
  readonly device: string;
}

/** Reads one line; `undefined` for anything that is not about a device. */
export function parseLinkNews(line: string): LinkNews | undefined {
  const match = /^(Deleted )?\d+: ([^\s:@]+)(?:@[^\s:]+)?: </.exec(line);
  if (match === null) return undefined;
  return { kind: match[1] === undefined ? "present" : "gone", device: match[2] ?? "" };
}
