/* Seals or opens messages with libcrypto's own AES-CCM (8-byte tag) or AES-GCM on one context, and prints nanoseconds per message.
 * Arguments: seal|open, ccm|gcm, bytes of text, messages. Declared by hand, so that no header files are needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
const EVP_CIPHER *EVP_aes_128_ccm(void);
const EVP_CIPHER *EVP_aes_128_gcm(void);
int EVP_CipherInit_ex(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *, const unsigned char *, const unsigned char *, int);
int EVP_CipherUpdate(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
int EVP_CipherFinal_ex(EVP_CIPHER_CTX *, unsigned char *, int *);
int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *, int, int, void *);

enum { SET_IV_LENGTH = 0x9, GET_TAG = 0x10, SET_TAG = 0x11, ADDITIONAL = 29, BATCHES = 100 };

static unsigned char key[16], nonce[12], additional[ADDITIONAL], tag[16], text[1 << 15], out[1 << 15];

static void once(EVP_CIPHER_CTX *context, int seals, int is_ccm, int size) {
  int done, tag_size = is_ccm ? 8 : 16;
  EVP_CipherInit_ex(context, NULL, NULL, NULL, nonce, seals);
  if (!seals) EVP_CIPHER_CTX_ctrl(context, SET_TAG, tag_size, tag);
  if (is_ccm) EVP_CipherUpdate(context, NULL, &done, NULL, size);
  EVP_CipherUpdate(context, NULL, &done, additional, ADDITIONAL);
  int is_good = EVP_CipherUpdate(context, out, &done, text, size);
  if (!is_ccm) is_good = EVP_CipherFinal_ex(context, out + done, &done);
  if (is_good != 1) exit(2);
  if (seals) EVP_CIPHER_CTX_ctrl(context, GET_TAG, tag_size, tag);
}

/* The direction is part of the key's setting. */
static EVP_CIPHER_CTX *make(int seals, int is_ccm) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  EVP_CipherInit_ex(context, is_ccm ? EVP_aes_128_ccm() : EVP_aes_128_gcm(), NULL, NULL, NULL, seals);
  EVP_CIPHER_CTX_ctrl(context, SET_IV_LENGTH, sizeof nonce, NULL);
  if (is_ccm) EVP_CIPHER_CTX_ctrl(context, SET_TAG, 8, NULL);
  EVP_CipherInit_ex(context, NULL, NULL, key, nonce, seals);
  return context;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 5) return 1;
  int opens = strcmp(arguments[1], "open") == 0, is_ccm = strcmp(arguments[2], "ccm") == 0;
  int size = atoi(arguments[3]), messages = atoi(arguments[4]);
  EVP_CIPHER_CTX *context = make(1, is_ccm);
  once(context, 1, is_ccm, size);
  if (opens) {
    memcpy(text, out, size);
    context = make(0, is_ccm);
  }
  double best = 1e18;
  for (int batch = 0; batch < BATCHES; batch++) {
    double start = now();
    for (int message = 0; message < messages / BATCHES; message++) once(context, !opens, is_ccm, size);
    double each = (now() - start) / (messages / BATCHES);
    if (each < best) best = each;
  }
  printf("%.1f\n", best);
  return 0;
}
