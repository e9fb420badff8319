// How large the virtual networks of a run are: a power law with a bias, so that one run has large and small networks.

/** The parameters of the law. */
export interface SizeLaw {
  /** Virtual networks. */
  readonly networkCount: number;
  /** Attachments in the first, largest network. */
  readonly topSize: number;
  /** 0: all networks are of one size; 1: the harmonic law; more: steeper. */
  readonly exponent: number;
  /** Flattens the head of the curve: the law starts at network `1 + bias`. */
  readonly bias: number;
}

/** What the sizes mean for a run. */
export interface SizeSummary {
  /** Attachments that exist at one time when every network is full. */
  readonly slotCount: number;
  /** Mean size of the network of an attachment picked at random: Σ size² / Σ size. */
  readonly averagePeers: number;
  /** Number (from 1) of the first network with one attachment alone; absent when there is none. */
  readonly breakPoint: number | undefined;
}

/** Quotients that are whole but for rounding stay whole: 100 / (1/3 · 3) is 100, not 101. */
const ROUNDING = 1e-9;

/** The size of each network, the largest first: ceil((1 + bias) · top / (I + bias)^exponent) for I from 1, at least 1. */
export function networkSizes(law: SizeLaw): readonly number[] {
  const { networkCount, topSize, exponent, bias } = law;
  return Array.from({ length: networkCount }, (_, index) => {
    const size = ((1 + bias) * topSize) / (index + 1 + bias) ** exponent;
    return Math.max(1, Math.ceil(size - ROUNDING));
  });
}

/** Sums the sizes up. */
export function summarizeSizes(sizes: readonly number[]): SizeSummary {
  const slotCount = sizes.reduce((sum, size) => sum + size, 0);
  const squares = sizes.reduce((sum, size) => sum + size * size, 0);
  const first = sizes.indexOf(1);
  return {
    slotCount,
    averagePeers: slotCount === 0 ? 0 : squares / slotCount,
    breakPoint: first < 0 ? undefined : first + 1,
  };
}
