// The fixed table of mode static: from the command line or a file that is followed, names looked up at each discovery.
import { ExitError, type Logger } from "@coracle/lifecycle";
import type { Endpoint } from "../endpoint.ts";
import type { NodeId } from "../node-id.ts";
import { parseStaticList, type StaticPeer } from "../static-list.ts";
import { type StaticNode, staticProblem } from "../static-table.ts";
import { ListFile } from "./list-file.ts";
import { endpointsOf } from "./peer-source.ts";

/** Whose table it is. */
export interface StaticSelf {
  readonly nodeId: NodeId;
  /** None if the cluster port is at a wildcard and nobody said which address is this node's. */
  readonly selfAddresses: readonly Endpoint[];
  /** Bytes of an address of the cluster port's family: of a name with both kinds these come first. */
  readonly addressSizeBytes: number;
}

/** Where the table comes from. */
export interface StaticSourceOptions {
  readonly peers: readonly StaticPeer[];
  readonly file: string | undefined;
  readonly self: StaticSelf;
  readonly log: Logger;
  /** The file changed: discover at once. */
  readonly onChange: () => void;
}

/** The newest table that does not contradict itself or this node's id and address. */
export class StaticSource {
  readonly #options: StaticSourceOptions;
  readonly #file: ListFile<StaticPeer>;

  constructor(options: StaticSourceOptions) {
    const { file, log, onChange } = options;
    this.#options = options;
    const problem = async (peers: readonly StaticPeer[]): Promise<string | undefined> =>
      this.#problem(await this.#resolve(peers));
    this.#file = new ListFile({ file, log, onChange, parse: parseStaticList, problem });
  }

  /** Reads the file, if there is one, and follows it. A table that cannot be used at the start is an {@link ExitError}. */
  async start(): Promise<void> {
    const refusal = this.#problem(await this.#resolve(this.#options.peers));
    if (refusal !== undefined) throw new ExitError(refusal, { exitCode: 2 });
    await this.#file.start();
  }

  /** Every node; those whose names cannot be looked up now have no address. Throws if names now contradict the table. */
  async table(): Promise<readonly StaticNode[]> {
    const nodes = await this.#resolve([...this.#options.peers, ...this.#file.items]);
    const refusal = this.#problem(nodes);
    if (refusal !== undefined) throw new Error(refusal);
    return nodes;
  }

  close(): void {
    this.#file.close();
  }

  #problem(nodes: readonly StaticNode[]): string | undefined {
    const problem = staticProblem(nodes, this.#options.self);
    return problem && `Cannot use the table of nodes: ${problem}`;
  }

  #resolve(peers: readonly StaticPeer[]): Promise<readonly StaticNode[]> {
    const { addressSizeBytes } = this.#options.self;
    return Promise.all(
      peers.map(async (peer) => {
        const addresses = await endpointsOf(peer).catch(() => []);
        return { nodeId: peer.nodeId, addresses: ownFamilyFirst(addresses, addressSizeBytes) };
      }),
    );
  }
}

/** The same addresses, those of the cluster port's family in front: it may reach no others. */
export function ownFamilyFirst(addresses: readonly Endpoint[], addressSizeBytes: number): readonly Endpoint[] {
  const strangeness = ({ address }: Endpoint): number => (address.length === addressSizeBytes ? 0 : 1);
  return addresses.toSorted((a, b) => strangeness(a) - strangeness(b));
}
