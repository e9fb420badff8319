// How many bytes stand in the byte fields of ConfigMaps and Secrets, which are padded base64 (RFC 4648 §4).

/** Sum of the sizes of the values of a ConfigMap or Secret. */
export const DATA_SIZE_BYTES_MAX: number = 1024 * 1024;

/** Bytes that a base64 text stands for. */
export function base64Size(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(text.length / 4) * 3 - padding;
}
