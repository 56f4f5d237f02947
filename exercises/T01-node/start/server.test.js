// For developers: npm ci, then npm test.
"use strict";

const test = require("node:test");
const inWords = require("nightbus-words");
const { same } = require("nightbus-check");

test("times are said in words", () => {
  same(inWords(2, 20), "twenty past two");
  same(inWords(0, 45), "fifteen to one");
});
