/** The comparison of two members in the URL. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { REPORT } from "./miniature.js";
import {
  comparable, comparisonIn, isKnown, sidesOf, withComparison,
} from "../../../src/customer360/web/static/compare.js";

const parameters = (/** @type {string} */ query) => new URLSearchParams(query);

test("a comparison is a dimension and two of its members, with any characters in their names", () => {
  assert.deepEqual(comparisonIn(parameters("compare=country:Spain,Italy")), {
    dimension: "country",
    members: ["Spain", "Italy"],
  });
  const odd = { dimension: "country", members: /** @type {[string, string]} */ (["A, B", "50%: C"]) };
  assert.deepEqual(comparisonIn(withComparison(parameters(""), odd)), odd);
});

test("a comparison needs two members", () => {
  for (const query of ["", "compare=", "compare=country", "compare=country:Spain", "compare=country:Spain,Spain",
    "compare=country:A,B,C", "compare=country:A,B&compare=country:C,D"]) {
    assert.equal(comparisonIn(parameters(query)), null, query);
  }
});

test("each side has its own member instead of the slicer's, and the same other filters", () => {
  const [one, other] = sidesOf(parameters("country=Kenya&country=Chile&activity=Active&compare=country:Spain,Italy"));
  assert.equal(String(one), "country=Spain&activity=Active");
  assert.equal(String(other), "country=Italy&activity=Active");
});

test("without a comparison there is one side with unchanged parameters", () => {
  const plain = parameters("country=Kenya");
  assert.deepEqual(sidesOf(plain), [plain]);
});

test("leaving a comparison keeps the other parameters", () => {
  const kept = withComparison(parameters("country=Kenya&compare=country:Spain,Italy"), null);
  assert.equal(String(kept), "country=Kenya");
});

test("only members in the data can be compared, and only those of slicers that list them", () => {
  assert.deepEqual(comparable(REPORT).map(({ dimension }) => dimension), ["loyalty_status", "country"]);
  const known = (/** @type {string} */ query) => isKnown(REPORT, comparisonIn(parameters(query)));
  assert.deepEqual(
    ["country:Spain,Other", "country:Spain,Narnia", "join_month:a,b", "activity:A,B", ""].map((one) =>
      known(`compare=${one}`),
    ),
    [true, false, false, false, false],
  );
});
