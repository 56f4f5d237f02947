// For developers: npm ci, npm run build, npm test.
"use strict";

const assert = require("node:assert");
const test = require("node:test");
const pages = require("../dist/pages.js");

test("every page has a title and a text", () => {
  for (const [name, { title, body }] of Object.entries(pages)) assert.ok(title && body, name);
});
