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

// Node.js as process 1 does not end at SIGTERM by itself: the program has to ask for it.
process.on("SIGTERM", () => {
  server.close(() => console.log("the stop {{stop}} is closed"));
});

server.listen(3000, () => console.log("the stop {{stop}} is open"));
