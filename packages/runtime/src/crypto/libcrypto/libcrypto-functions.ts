// The functions of OpenSSL's libcrypto in use (EVP_EncryptInit(3), SHA256_Init(3)), and under which names it is found.
import type { ForeignPointer, ForeignShape } from "../../foreign/foreign.ts";

/** C functions as they are. Contexts and ciphers are pointers that only libcrypto reads. */
export interface LibcryptoFunctions {
  /** The version: 0xMNNFFPPS in 1.1, 0xMNN00PPS from 3.0 on. */
  OpenSSL_version_num(): number;
  OPENSSL_init_crypto(options: number, settings: ForeignPointer): number;
  EVP_CIPHER_CTX_new(): ForeignPointer;
  EVP_CIPHER_CTX_free(context: ForeignPointer): void;
  /** 1 on success; `encrypt` is 1, 0, or -1 for no change. */
  EVP_CipherInit_ex(
    context: ForeignPointer,
    cipher: ForeignPointer,
    engine: ForeignPointer,
    key: ForeignPointer,
    iv: ForeignPointer,
    encrypt: number,
  ): number;
  /** One step without buffering or padding: 0 or more (1.1: 1) on success, else -1 or 0. */
  EVP_Cipher(context: ForeignPointer, out: ForeignPointer, data: ForeignPointer, sizeBytes: number): number;
  EVP_CIPHER_CTX_ctrl(context: ForeignPointer, command: number, argument: number, data: ForeignPointer): number;
  /** The compression function of SHA-256 on one block; of the context only the eight words at its start are used. */
  SHA256_Transform(context: ForeignPointer, block: ForeignPointer): void;
}

/** Their shapes. */
export const LIBCRYPTO_SHAPES: Readonly<Record<keyof LibcryptoFunctions, ForeignShape>> = {
  OpenSSL_version_num: ":i",
  OPENSSL_init_crypto: "lp:i",
  EVP_CIPHER_CTX_new: ":p",
  EVP_CIPHER_CTX_free: "p:v",
  EVP_CipherInit_ex: "pppppi:i",
  EVP_Cipher: "pppi:i",
  EVP_CIPHER_CTX_ctrl: "piip:i",
  SHA256_Transform: "pp:v",
};

/** How a cipher is found from 3.0 on: once, where the older way looks it up for every context. */
export interface FetchFunctions {
  EVP_CIPHER_fetch(library: ForeignPointer, name: ForeignPointer, properties: ForeignPointer): ForeignPointer;
}

/** Its shape. */
export const FETCH_SHAPES: Readonly<Record<keyof FetchFunctions, ForeignShape>> = { EVP_CIPHER_fetch: "ppp:p" };

/** How a cipher is found in 1.1. */
export interface NamedFunctions {
  EVP_get_cipherbyname(name: ForeignPointer): ForeignPointer;
}

/** Its shape. */
export const NAMED_SHAPES: Readonly<Record<keyof NamedFunctions, ForeignShape>> = { EVP_get_cipherbyname: "p:p" };

/** By preference: OpenSSL 3 (glibc and musl distributions alike), 1.1, whatever a developer's link leads to. */
export const LIBCRYPTO_NAMES: readonly string[] = [
  "libcrypto.so.3",
  "libcrypto.so.1.1",
  "libcrypto.so.4",
  "libcrypto.so",
];

/** No handler at exit: it would take the library apart while other threads still use it. Nor a configuration file. */
export const OPENSSL_INIT_OPTIONS: number = 0x0008_0000 | 0x0000_0080;
export const EVP_CTRL_AEAD_GET_TAG = 0x10;
export const EVP_CTRL_AEAD_SET_TAG = 0x11;
