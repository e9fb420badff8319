// Reads protobuf without knowing the messages; only tests need it, to see what the encoder wrote.

/** One field as it stands on the wire. */
export interface ProtobufField {
  readonly field: number;
  readonly varint?: number;
  readonly double?: number;
  readonly bytes?: Uint8Array;
}

/** Fields of one message, in order. Throws on anything an encoder of ours would not write. */
export function readMessage(bytes: Uint8Array): readonly ProtobufField[] {
  const fields: ProtobufField[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = view.getUint8(at);
      at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) {
      fields.push({ field, varint: varint() });
    } else if (wireType === 1) {
      fields.push({ field, double: view.getFloat64(at, true) });
      at += 8;
    } else {
      if (wireType !== 2) throw new RangeError(`Cannot read a field as its wire type is ${wireType}`);
      const length = varint();
      if (at + length > bytes.length) throw new RangeError(`Cannot read a field as it ends at ${at + length}`);
      fields.push({ field, bytes: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}
