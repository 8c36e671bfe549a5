/** The URL is the state: equal states have the same URL, and a change does not modify the old parameters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as state from "../../../src/customer360/web/static/state.js";

const query = (/** @type {string} */ text) => new URLSearchParams(text);
const at = (/** @type {string} */ address) => new URL(address, "http://127.0.0.1");
const alone = { adding: false, alone: false };
const adding = { adding: true, alone: false };

test("the page is the path, and every filter is a parameter", () => {
  assert.equal(state.pageOf(at("/financial?country=Spain")), "financial");
  assert.equal(state.parametersOf(at("/financial?country=Spain")).toString(), "country=Spain");
});

test("a parameter without a value is ignored", () => {
  const some = at("/overview?country=&join_month=..&activity=Active");
  assert.equal(state.parametersOf(some).toString(), "activity=Active");
});

test("slicers come before marks, regardless of the order of the clicks", () => {
  assert.equal(state.queryOf(query("pick.map=1,2&country=Spain")), "country=Spain&pick.map=1,2");
  assert.equal(state.addressOf("overview", query("")), "/overview");
  assert.equal(state.addressOf("overview", query("country=A B")), "/overview?country=A+B");
});

for (const keys of [["Gold"], ["a,b", "c"], ["50%", "%2C"], ["", "x"], ["é 日本", 3]]) {
  test(`a mark of ${JSON.stringify(keys)} can be read back`, () => {
    assert.deepEqual(state.keysOf(state.markOf(keys)), keys.map(String));
    const mark = state.markOf(keys);
    const address = state.addressOf("overview", query(`pick.map=${encodeURIComponent(mark)}`));
    assert.equal(state.parametersOf(at(address)).get("pick.map"), mark);
  });
}

test("a mark in another spelling is the same mark", () => {
  assert.equal(state.parametersOf(at("/overview?pick.map=a%252Cb")).get("pick.map"), state.markOf(["a,b"]));
});

test("members are added and removed one by one", () => {
  const spain = state.withMember(query(""), "country", "Spain", true);
  const both = state.withMember(spain, "country", "Other", true);
  assert.equal(both.toString(), "country=Spain&country=Other");
  assert.equal(state.withMember(both, "country", "Spain", false).toString(), "country=Other");
  assert.equal(spain.toString(), "country=Spain");
});

test("an open range is written with one end, and a range without ends is omitted", () => {
  const from = state.withRange(query(""), "join_month", { from: "2024-01", to: "" });
  assert.equal(from.get("join_month"), "2024-01..");
  assert.deepEqual(state.rangeOf(from, "join_month"), { from: "2024-01", to: "" });
  assert.equal(state.withRange(from, "join_month", { from: "", to: "" }).toString(), "");
  assert.deepEqual(state.rangeOf(query(""), "join_month"), { from: "", to: "" });
});

test("a click picks a mark and no other, and a second one undoes it", () => {
  const picked = state.withPick(query("country=Spain&pick.bars=Gold"), "bars", "Silver", alone);
  assert.equal(picked.toString(), "country=Spain&pick.bars=Silver");
  assert.equal(state.withPick(picked, "bars", "Silver", alone).toString(), "country=Spain");
});

test("a click on one of several marks keeps that one", () => {
  const several = query("pick.bars=Gold&pick.bars=Silver");
  assert.equal(state.withPick(several, "bars", "Gold", alone).toString(), "pick.bars=Gold");
  const two = query("pick.bars=Gold&pick.map=1,2");
  assert.equal(state.withPick(two, "bars", "Gold", alone).toString(), "pick.bars=Gold");
});

test("with a modifier, a mark is added or removed", () => {
  const both = state.withPick(query("pick.bars=Gold"), "bars", "Silver", adding);
  assert.deepEqual([...state.picksOf(both, "bars")], ["Gold", "Silver"]);
  assert.equal(state.withPick(both, "bars", "Gold", adding).toString(), "pick.bars=Silver");
});

test("two cells of a heat map do not form a range: a second one replaces the first", () => {
  const cell = state.withPick(query("pick.bars=Gold&pick.map=1,2"), "map", "3,4", { adding: true, alone: true });
  assert.deepEqual(state.picksIn(cell), [["bars", "Gold"], ["map", "3,4"]]);
});

test("clicked marks stay on their page", () => {
  assert.equal(state.withoutPicks(query("country=Spain&pick.bars=Gold")).toString(), "country=Spain");
});
