// What a comparison finds, and that its shards are a partition.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFlow, parseFlows } from "@coracle/openflow";
import { cookieShards, isInShard, shardCookie } from "./cookie-shard.ts";
import { compareFlows } from "./flow-comparison.ts";

function flows(text: string): ReturnType<typeof parseList> {
  return parseList(text);
}

function parseList(text: string): Extract<ReturnType<typeof parseFlows>, { ok: true }>["value"] {
  const parsed = parseFlows(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

test("missing, changed and stale flows are found; rounds and spellings do not matter", () => {
  const installed = flows(`
    cookie=0x0101000000000000,table=0,priority=0,actions=drop
    cookie=0x0103060000030001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:03:00:01,actions=load:0xc0a83802->NXM_NX_TUN_IPV4_DST[],output:1
    cookie=0x0103060000040001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:04:00:01,actions=output:7
    cookie=0x0103060000050001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:05:00:01,actions=output:1
    cookie=0x0103060000060001,table=1,priority=100,idle_timeout=5,tun_id=1,dl_dst=06:00:00:06:00:01,actions=output:1
    cookie=0x7,table=3,actions=NORMAL
  `);
  const expected = flows(`
    cookie=0x0901000000000000,table=0,priority=0,actions=drop
    cookie=0x0903060000030001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:03:00:01,actions=set_field:192.168.56.2->tun_dst,output:1
    cookie=0x0903060000040001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:04:00:01,actions=output:8
    cookie=0x0903060000060001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:06:00:01,actions=output:1
    cookie=0x0903060000070001,table=1,priority=100,tun_id=1,dl_dst=06:00:00:07:00:01,actions=output:1
  `);
  const { adds, stale, foreignCount } = compareFlows(
    installed,
    expected.map((flow, owner) => ({ flow, owner })),
  );
  assert.deepEqual(
    adds.map(({ owner }) => owner),
    [2, 3, 4],
  );
  assert.deepEqual(
    stale.map((flow) => formatFlow(flow).slice(0, 28)),
    ["cookie=0x103060000050001, ta", "cookie=0x7, table=3, actions"],
  );
  assert.equal(foreignCount, 1);
});

test("shards hold each subject once, and as their cookie mask says", () => {
  assert.equal(cookieShards(0).length, 1);
  assert.equal(cookieShards(200_000).length, 32);
  assert.equal(cookieShards(1e12).length, 1024);
  const shards = cookieShards(200_000);
  for (const subject of [0, 0x0600_0002_0001, 0xfaa8_0105_ffff, 0xc0a8_3802]) {
    const holding = shards.filter((shard) => isInShard(shard, subject));
    assert.equal(holding.length, 1);
    const byCookie = shards.filter((shard) => {
      const { value, mask } = shardCookie(shard);
      return (((0x0103n << 48n) | BigInt(subject)) & mask) === value;
    });
    assert.deepEqual(byCookie, holding);
  }
});
