// Layer 3: DTLS meets the runtime: its cryptography and its view of certificates.
export * from "./crypto-provider.ts";
export * from "./credentials.ts";
