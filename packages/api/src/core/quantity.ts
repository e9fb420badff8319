// Kubernetes quantities (apimachinery pkg/api/resource): a decimal number with an SI, binary or exponent suffix.

const FACTORS: { readonly [suffix: string]: number } = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The amount, in double precision (for comparing, not for accounting), or `undefined` if it is not a quantity. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([a-zA-Z]{0,2}))$/.exec(value);
  if (match === null) return undefined;
  const factor = match[2] === undefined ? FACTORS[match[3] ?? ""] : 10 ** Number(match[2]);
  return factor === undefined ? undefined : Number(match[1]) * factor;
}
