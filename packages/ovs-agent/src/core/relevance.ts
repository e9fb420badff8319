// Which virtual networks matter to this node: those with an attachment here, each confined to one namespace.
import type { AttachmentTimes } from "./attachment-fields.ts";

/** A local attachment as far as relevance goes. */
export interface PlacedAttachment {
  readonly owner: string;
  readonly namespace: string;
  readonly vni: number;
  readonly times: AttachmentTimes;
}

/** A VNI with attachments on this node. */
export interface RelevantVni {
  readonly vni: number;
  /** The namespace whose attachments made it relevant; those of others wait until it is irrelevant again. */
  readonly namespace: string;
  /** Owners on this node. */
  readonly locals: ReadonlySet<string>;
  /** Owners on this node that wait since their namespace is another. */
  readonly waiting: ReadonlySet<string>;
  /** Times of the attachment that made it relevant. */
  readonly times: AttachmentTimes;
  /** By how much another local attachment's client writes were earlier than those of the one that made it relevant. */
  readonly delayMs: number;
}

interface VniRecord extends RelevantVni {
  readonly locals: Set<string>;
  readonly waiting: Set<string>;
  delayMs: number;
}

/** Delays below this are the normal spread of watch events. */
const DELAY_MS_MIN = 10;

/** Keeps the relevant VNIs. A VNI appears with its first attachment and goes with its last, so there are at most as many as attachments. */
export class Relevance {
  readonly #vnis = new Map<number, VniRecord>();
  readonly #placeOf = new Map<string, number>();

  /** The relevant VNIs. */
  get vnis(): ReadonlyMap<number, RelevantVni> {
    return this.#vnis;
  }

  /** The VNI that `owner` was placed in, waiting or not. */
  placeOf(owner: string): number | undefined {
    return this.#placeOf.get(owner);
  }

  /** Puts an attachment that has no place into its VNI. `opened`: the VNI has become relevant. */
  enter(attachment: PlacedAttachment): { readonly opened: boolean } {
    const { owner, namespace, vni, times } = attachment;
    this.#placeOf.set(owner, vni);
    const record = this.#vnis.get(vni);
    if (record === undefined) {
      this.#vnis.set(vni, { vni, namespace, locals: new Set([owner]), waiting: new Set(), times, delayMs: 0 });
      return { opened: true };
    }
    if (record.namespace !== namespace) record.waiting.add(owner);
    else {
      record.locals.add(owner);
      const delayMs = lastClientWriteMs(record.times) - lastClientWriteMs(times);
      if (delayMs >= DELAY_MS_MIN) record.delayMs = Math.max(record.delayMs, delayMs);
    }
    return { opened: false };
  }

  /**
   * Takes an attachment out of its VNI. When it was the last one there, the VNI is forgotten: `closed` is its number, and those
   * that waited for it have no place any more and must enter again.
   */
  leave(owner: string): { readonly closed: number; readonly waiting: readonly string[] } | undefined {
    const vni = this.#placeOf.get(owner);
    const record = vni === undefined ? undefined : this.#vnis.get(vni);
    if (vni === undefined || record === undefined) return undefined;
    this.#placeOf.delete(owner);
    record.waiting.delete(owner);
    record.locals.delete(owner);
    if (record.locals.size > 0) return undefined;
    this.#vnis.delete(vni);
    for (const waiter of record.waiting) this.#placeOf.delete(waiter);
    return { closed: vni, waiting: [...record.waiting] };
  }

  /** The namespace that keeps `owner` waiting, if one does. */
  blockedBy(owner: string): string | undefined {
    const vni = this.#placeOf.get(owner);
    const record = vni === undefined ? undefined : this.#vnis.get(vni);
    return record?.waiting.has(owner) === true ? record.namespace : undefined;
  }

  /** Sum of the delays of all VNIs, in milliseconds. */
  aggregateDelayMs(): number {
    let sumMs = 0;
    for (const record of this.#vnis.values()) sumMs += record.delayMs;
    return sumMs;
  }
}

/** When a client last wrote what an interface needs: the attachment or its subnet. */
export function lastClientWriteMs(times: AttachmentTimes): number {
  return Math.max(times.attachmentMs, times.subnetMs);
}
