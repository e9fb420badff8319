// Who does the record cryptography: libcrypto by foreign functions where it is there and passes its tests, node:crypto else.
import { composedProvider } from "./composed-provider.ts";
import { openLibcryptoProvider } from "./libcrypto/libcrypto-provider.ts";
import { providerFailure } from "./provider-self-test.ts";
import type { RecordCryptoProvider } from "./provider-types.ts";

/** What is in use on this thread, and why not libcrypto if it is not. */
export interface CryptoProviderReport {
  readonly name: RecordCryptoProvider["name"];
  /** The library and its version, or what the provider is made of. */
  readonly description: string;
  /** Why libcrypto is not in use. */
  readonly fallbackReason: string | undefined;
}

interface Chosen {
  readonly provider: RecordCryptoProvider;
  readonly report: CryptoProviderReport;
}

let chosen: Chosen | undefined;

/** The provider of this thread, chosen when first asked for. */
export function cryptoProvider(): RecordCryptoProvider {
  chosen ??= chooseProvider(openLibcryptoProvider);
  return chosen.provider;
}

/** Which provider is in use on this thread; every thread of a process comes to the same answer. */
export function cryptoProviderReport(): CryptoProviderReport {
  chosen ??= chooseProvider(openLibcryptoProvider);
  return chosen.report;
}

/** The native provider if it opens and agrees with known vectors and with the composed one, else that one. */
export function chooseProvider(openNative: () => RecordCryptoProvider | { readonly refusedAs: string }): Chosen {
  const native = openNative();
  const fallbackReason = "refusedAs" in native ? native.refusedAs : providerFailure(native, composedProvider);
  const provider = "refusedAs" in native || fallbackReason !== undefined ? composedProvider : native;
  return { provider, report: { name: provider.name, description: provider.description, fallbackReason } };
}
