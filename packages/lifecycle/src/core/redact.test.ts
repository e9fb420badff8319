// What may and may not reach a log.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REDACTED, isSecretName, redactText } from "./redact.ts";

const PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIabc\n-----END EC PRIVATE KEY-----";

describe("isSecretName()", () => {
  it("knows secrets by their names", () => {
    const secrets = [
      "token",
      "accessToken",
      "access_token",
      "ID-TOKEN",
      "password",
      "dbPassword",
      "Authorization",
      "proxyAuthorization",
      "key",
      "privateKey",
      "private_key",
      "tls.key",
      "apiKey",
      "apikeys".replace("apikeys", "api-keys"),
      "clientSecret",
      "psk",
      "cookie",
      "setCookie",
      "credentials",
      "keyPem",
      "pem",
      "passphrase",
      "bearer",
      "authtoken",
      "PGPASSWORD",
    ];
    for (const name of secrets) assert.ok(isSecretName(name), name);
  });

  it("leaves alone what only speaks of a secret", () => {
    const harmless = [
      "tokenFile",
      "keyPath",
      "secretName",
      "secretNamespace",
      "keyCount",
      "tokenExpiresInMs",
      "pskBytes",
      "keyId",
      "component",
      "keyboard",
      "monkey",
      "namespace",
      "passed",
      "path",
      "cert",
      "credentialKind",
    ];
    for (const name of harmless) assert.ok(!isSecretName(name), name);
  });
});

describe("redactText()", () => {
  it("takes secrets out of the middle of a text and leaves the rest", () => {
    const cases: Record<string, string> = {
      [`key was ${PEM} there`]: `key was ${REDACTED} there`,
      "cut -----BEGIN PRIVATE KEY-----\nMIIE": `cut ${REDACTED}`,
      "sent Authorization: Bearer abc.def-ghi": `sent Authorization: ${REDACTED}`,
      "header Basic dXNlcjpwYXNz end": `header ${REDACTED} end`,
      "jwt eyJhbGciOiJSUzI1.eyJzdWIiOiJh.c2ln seen": `jwt ${REDACTED} seen`,
      "postgres://user:hunter2@db:5432/x": `postgres://${REDACTED}@db:5432/x`,
      'body {"token":"abc123","a":1}': `body {"token":"${REDACTED}","a":1}`,
      "GET /x?token=abc123&watch=1": `GET /x?token=${REDACTED}&watch=1`,
      "password=hunter2 host=a": `password=${REDACTED} host=a`,
    };
    for (const [text, expected] of Object.entries(cases)) assert.equal(redactText(text), expected);
  });

  it("changes nothing in ordinary sentences", () => {
    for (const text of [
      "Cannot watch pods as the token has expired: it was valid to 10:00",
      "https://127.0.0.1:6443/api/v1/pods?watch=1",
      "the basic idea",
      "bearer of news",
      "a certificate expires at 10:00",
    ])
      assert.equal(redactText(text), text);
  });
});
