// The night bus at the stop {{stop}}: when it leaves, in words.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const inWords = require("nightbus-words");

const token = fs.readFileSync(path.join(__dirname, "token"), "utf8").trim();

const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ stop: "{{stop}}", leaves: inWords({{hour}}, {{minute}}), process: process.pid, token }) + "\n");
});

// As process 1, Node.js ends at none of these by itself: the program has to ask for them.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => server.close(() => console.log("the stop {{stop}} is closed")));
}

server.listen(3000, () => console.log("the stop {{stop}} is open"));
