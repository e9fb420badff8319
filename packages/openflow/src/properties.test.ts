// Round trips of random flows through bytes and text, and no input that makes a parser throw.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  type Action,
  FIELD,
  type Field,
  type FieldMatch,
  type Flow,
  formatFlow,
  matchBig,
  matchNumber,
  matchOf,
  MessageBuffer,
  MessageFramer,
  META_FIELD,
  numberMax,
  encodeFlow,
  ofPort,
  parseActionsText,
  parseAggregateStats,
  parseBundleControl,
  parseErrorMessage,
  parseFeatures,
  parseFlow,
  parseFlowMod,
  parseFlowStats,
  parseFlows,
  parseHelloVersions,
  parseMultipartReply,
  parsePacketIn,
  parsePortDescriptions,
  parsePortStatus,
  parseRoleReply,
  parseTableStats,
  REGISTERS,
  sameFlow,
  setBig,
  setNumber,
  wholeField,
  bigMax,
  formatFlowStats,
  OpenflowSession,
} from "./mod.ts";
import { millis } from "@coracle/base";
import { fromHex, openflowVectors } from "./io/testing/vectors.ts";

const RUNS = 300;
const common: readonly Field[] = [
  FIELD.in_port,
  FIELD.eth_src,
  FIELD.eth_dst,
  FIELD.vlan_vid,
  FIELD.tun_id,
  FIELD.tun_src,
  FIELD.tun_dst,
  META_FIELD.metadata,
  META_FIELD.ct_mark,
  META_FIELD.ct_zone,
  META_FIELD.ct_label,
  META_FIELD.pkt_mark,
  ...REGISTERS,
];
const protocols: readonly { ethType?: number; protocol?: number; fields: readonly Field[] }[] = [
  { fields: [] },
  { ethType: 0x88cc, fields: [] },
  { ethType: 0x0806, fields: [FIELD.arp_op, FIELD.arp_spa, FIELD.arp_tpa, FIELD.arp_sha, FIELD.arp_tha] },
  { ethType: 0x0800, fields: [FIELD.ip_src, FIELD.ip_dst] },
  { ethType: 0x0800, protocol: 6, fields: [FIELD.ip_src, FIELD.tcp_src, FIELD.tcp_dst] },
  { ethType: 0x0800, protocol: 17, fields: [FIELD.ip_dst, FIELD.udp_src, FIELD.udp_dst] },
  { ethType: 0x86dd, protocol: 58, fields: [FIELD.ipv6_src, FIELD.ipv6_dst] },
];

function entry(field: Field): fc.Arbitrary<FieldMatch> {
  const isMasked = field.isMaskable ? fc.boolean() : fc.constant(false);
  if (field.kind === "number") {
    const value = fc
      .nat({ max: Math.min(numberMax(field), 2 ** 31 - 1) })
      .map((low) => (numberMax(field) > 2 ** 32 ? low * 65_536 + 3 : low));
    return fc
      .tuple(value, value, isMasked)
      .map(([bits, mask, masked]) => matchNumber(field, bits, masked && mask > 0 ? mask : undefined));
  }
  const value = fc.bigInt({ min: 0n, max: bigMax(field) });
  return fc
    .tuple(value, value, isMasked)
    .map(([bits, mask, masked]) => matchBig(field, bits, masked && mask > 0n ? mask : undefined));
}

const ctState: fc.Arbitrary<FieldMatch> = fc
  .tuple(fc.nat({ max: 255 }), fc.integer({ min: 1, max: 255 }))
  .map(([value, mask]) => matchNumber(META_FIELD.ct_state, value, mask));

const match = fc
  .tuple(fc.constantFrom(...protocols), fc.subarray([...common]), fc.option(ctState))
  .chain(([protocol, fields, state]) =>
    fc
      .tuple(...[...fields, ...protocol.fields].map(entry))
      .map((entries) =>
        matchOf([
          ...(protocol.ethType === undefined ? [] : [matchNumber(FIELD.eth_type, protocol.ethType)]),
          ...(protocol.protocol === undefined ? [] : [matchNumber(FIELD.nw_proto, protocol.protocol)]),
          ...(state === null ? [] : [state]),
          ...entries,
        ]),
      ),
  );

const table = fc.nat({ max: 254 });
const plainAction: fc.Arbitrary<Action> = fc.oneof(
  fc.nat({ max: 65_000 }).map((port): Action => ({ kind: "output", port: ofPort(port) })),
  fc
    .constantFrom(0xffff_fff8, 0xffff_fffa, 0xffff_fffe)
    .map((port): Action => ({ kind: "output", port: ofPort(port) })),
  fc.nat({ max: 0xffff }).map((sizeBytesMax): Action => ({ kind: "controller", sizeBytesMax })),
  table.map((number): Action => ({ kind: "resubmit", table: number })),
  fc
    .tuple(fc.nat({ max: 65_000 }), table)
    .map(([port, number]): Action => ({ kind: "resubmit", port: ofPort(port), table: number })),
  fc.nat({ max: 65_000 }).map((port): Action => ({ kind: "resubmit", port: ofPort(port) })),
  fc.nat().map((value): Action => setNumber(FIELD.tun_dst, value)),
  fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 2 ** 31 - 1 }))
    .map(([value, mask]): Action => setNumber(REGISTERS[3]!, value, mask)),
  fc.bigInt({ min: 0n, max: bigMax(FIELD.tun_id) }).map((value): Action => setBig(FIELD.tun_id, value)),
  fc.nat({ max: 0xfff }).map((value): Action => ({
    kind: "load",
    into: { field: REGISTERS[1]!, offset: 4, sizeBits: 12 },
    value: BigInt(value),
  })),
  fc.constant<Action>({ kind: "move", from: wholeField(FIELD.eth_src), into: wholeField(FIELD.eth_dst) }),
  fc.nat().map((group): Action => ({ kind: "group", group })),
  fc.constant<Action>({ kind: "dec-ttl" }),
);
const conntrack: fc.Arbitrary<Action> = fc
  .record({
    commit: fc.boolean(),
    force: fc.boolean(),
    zone: fc.integer({ min: 1, max: 65_535 }),
    table,
    mark: fc.nat(),
  })
  .map(({ mark, ...rest }): Action => ({
    kind: "ct",
    ...rest,
    actions: [{ kind: "nat" }, setNumber(META_FIELD.ct_mark, mark)],
  }));
const last: fc.Arbitrary<readonly Action[]> = fc.constantFrom<readonly Action[]>(
  [],
  [{ kind: "goto-table", table: 9 }],
  [
    { kind: "write-metadata", value: 5n, mask: 0xffn },
    { kind: "goto-table", table: 9 },
  ],
);
const uint16 = fc.nat({ max: 0xffff });
const flow: fc.Arbitrary<Flow> = fc
  .record({
    table,
    priority: uint16,
    match,
    cookie: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    idleTimeoutS: uint16,
    hardTimeoutS: uint16,
    importance: uint16,
    flags: fc.nat({ max: 31 }),
    main: fc.array(fc.oneof(plainAction, conntrack), { maxLength: 6 }),
    last,
    meter: fc.boolean(),
  })
  .map(({ main, last: end, meter, ...rest }) => ({
    ...rest,
    actions: [...(meter ? [{ kind: "meter", meter: 3 } as const] : []), ...main, ...end],
  }));

for (const version of [5, 6] as const) {
  test(`any flow comes back equal through bytes of version ${version}`, () => {
    const buffer = new MessageBuffer(16);
    fc.assert(
      fc.property(flow, (given) => {
        buffer.reset();
        encodeFlow(buffer, { version, xid: 1 }, "add", given);
        const back = parseFlowMod(buffer.written());
        assert.ok(back.ok, back.ok ? "" : back.error.message);
        assert.ok(sameFlow(back.value.flow, given), `${formatFlow(back.value.flow)}\n${formatFlow(given)}`);
      }),
      { numRuns: RUNS },
    );
  });
}

test("any flow comes back equal through ovs-ofctl's text", () => {
  fc.assert(
    fc.property(flow, (given) => {
      const back = parseFlow(formatFlow(given));
      assert.ok(back.ok, back.ok ? "" : `${back.error.message}: ${formatFlow(given)}`);
      assert.ok(sameFlow(back.value, given), `${formatFlow(back.value)}\n${formatFlow(given)}`);
    }),
    { numRuns: RUNS },
  );
});

const { flowMods, replies } = openflowVectors();
const recorded = [
  ...flowMods.map(({ hex }) => hex),
  ...Object.values(replies).flatMap((named) => Object.values(named)),
].map(fromHex);
/** A recorded message with a few bytes changed and its end cut. */
const mutated = fc
  .tuple(fc.constantFrom(...recorded), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }), fc.nat())
  .map(([bytes, changes, cut]) => {
    const copy = bytes.slice(0, 400);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy.subarray(0, copy.length - (cut % 3 === 0 ? cut % copy.length : 0));
  });
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated);

test("no bytes make a parser throw, and what is understood can be printed and encoded again", () => {
  const buffer = new MessageBuffer(16);
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      for (const parse of [
        parseBundleControl,
        parseErrorMessage,
        parseFeatures,
        parseMultipartReply,
        parsePacketIn,
        parsePortStatus,
        parseRoleReply,
      ]) {
        parse(bytes);
      }
      parseHelloVersions(bytes);
      const mod = parseFlowMod(bytes);
      if (mod.ok) {
        formatFlow(mod.value.flow);
        assert.ok(sameFlow(mod.value.flow, mod.value.flow));
        buffer.reset();
        encodeFlow(buffer, { version: 6, xid: 1 }, "add", mod.value.flow);
      }
      for (const body of [bytes, bytes.subarray(16)]) {
        for (const version of [5, 6] as const) {
          parseFlowStats(body, version, formatFlowStats);
          parseAggregateStats(body, version);
        }
        parsePortDescriptions(body, () => undefined);
        parseTableStats(body, () => undefined);
      }
    }),
    { numRuns: 2000 },
  );
});

test("no text makes the flow parser throw", () => {
  const words = [
    "cookie=0x1",
    "table=3",
    "arp",
    "tcp",
    "tp_dst=80",
    "reg0=1/3",
    "ct_state=+trk-new",
    "actions=",
    "drop",
    "ct(",
    ")",
    "exec(",
    "load:1->NXM_NX_REG0[",
    "..",
    "]",
    ",",
    " ",
    "=",
    "->",
    "/",
    "nw_src=1.2.3.4/8",
    "ipv6_src=::1/64",
    "resubmit(,",
    "oxm_0x10004=0x00",
  ];
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (given) => {
      parseFlow(given);
      parseFlow(`${given} actions=${given}`);
      parseFlows(given);
      parseActionsText(given);
    }),
    { numRuns: 1000 },
  );
});

test("no bytes make a framer or a session throw, however they are cut", () => {
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 8 }), (chunks) => {
      const framer = new MessageFramer();
      const session = new OpenflowSession();
      session.handle({ kind: "connected" }, millis(0));
      session.handle({ kind: "received", bytes: fromHex("0600000800000031") }, millis(1));
      for (const chunk of chunks) {
        framer.push(chunk);
        for (let message = framer.next(); message?.ok === true; message = framer.next())
          assert.ok(message.value.length >= 8);
        assert.ok(framer.pendingSizeBytes < 0x1_0000);
        session.handle({ kind: "received", bytes: chunk }, millis(2));
        for (let count = 0; session.poll() !== undefined; count++) assert.ok(count < 1000);
      }
    }),
    { numRuns: 500 },
  );
});
