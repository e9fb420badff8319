// Content types and protocol versions of DTLS records (RFC 6347 §4.1, RFC 9146 §4, RFC 9853 §4).

/** Types of records, and of their content once decrypted. */
export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** A record with a connection ID; its real type is inside. */
  tls12Cid: 25,
  returnRoutabilityCheck: 27,
} as const;

/** One of {@link ContentType}. */
export type ContentType = (typeof ContentType)[keyof typeof ContentType];

/** DTLS 1.2. */
export const DTLS_1_2 = 0xfefd;
/** DTLS 1.0: allowed in the records of a first flight only. */
export const DTLS_1_0 = 0xfeff;
/** Content of one record at most (RFC 5246 §6.2.1). */
export const RECORD_CONTENT_SIZE_MAX: number = 1 << 14;
/** The largest sequence number of an epoch. */
export const SEQUENCE_MAX: number = 2 ** 48 - 1;
