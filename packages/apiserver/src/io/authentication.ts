// Who is asking: a front proxy we trust for it, a client certificate, or a bearer token; nobody else gets in.
import type { PeerInfo } from "@coracle/runtime";
import { AUTHENTICATED, UNAUTHENTICATED } from "../core/auth/authorization.ts";
import type { UserInfo } from "../core/registry/environment.ts";

/** One way to be known. `undefined` passes the question on; `"rejected"` ends it: credentials were given and are bad. */
export interface AuthenticationMethod {
  authenticate(
    request: Request,
    peer: PeerInfo,
  ): UserInfo | "rejected" | undefined | Promise<UserInfo | "rejected" | undefined>;
}

/** Asks each method in turn. */
export class Authenticator {
  readonly #methods: readonly AuthenticationMethod[];
  readonly #anonymous: boolean;

  constructor(methods: readonly AuthenticationMethod[], options: { readonly anonymous: boolean }) {
    this.#methods = methods;
    this.#anonymous = options.anonymous;
  }

  /** The user, or `undefined` for 401. */
  async authenticate(request: Request, peer: PeerInfo): Promise<UserInfo | undefined> {
    for (const method of this.#methods) {
      const answer = method.authenticate(request, peer);
      const user = answer instanceof Promise ? await answer : answer;
      if (user === "rejected") return undefined;
      if (user !== undefined) return { ...user, groups: withGroup(user.groups, AUTHENTICATED) };
    }
    if (!this.#anonymous) return undefined;
    return { name: "system:anonymous", uid: "", groups: [UNAUTHENTICATED], extra: {} };
  }
}

function withGroup(groups: readonly string[], group: string): readonly string[] {
  return groups.includes(group) ? groups : [...groups, group];
}

/** `Authorization: Bearer …`. */
export function bearerToken(request: Request): string | undefined {
  const match = /^Bearer +([^\s]+) *$/i.exec(request.headers.get("authorization") ?? "");
  return match?.[1];
}
