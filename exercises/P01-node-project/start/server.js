// The seed library of {{town}}: which seeds there are to take.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { page, table } = require("seedbox-html");
const pages = require("./dist/pages.js"); // made by npm run build

// Read for each visitor.
const seeds = () => {
  const text = fs.readFileSync(path.join(__dirname, "seeds.csv"), "utf8");
  return text.trim().split("\n").map((line) => line.split(","));
};

const html = (status, { title, body }, more = "") => [status, "text/html", page(title, body + more)];

function answer(url) {
  switch (url) {
    case "/":
      return html(200, pages.index, table(seeds()));
    case "/rules":
      return html(200, pages.rules);
    case "/health":
      return [200, "application/json", JSON.stringify({ kinds: seeds().length, process: process.pid, status: "ok" }) + "\n"];
    default:
      return html(404, pages.missing);
  }
}

function answerOrSay(url) {
  try {
    return answer(url);
  } catch (error) {
    console.error(error.message);
    return [500, "text/plain", "the list of seeds cannot be read\n"];
  }
}

const server = http.createServer((request, response) => {
  const [status, type, body] = answerOrSay(request.url);
  response.writeHead(status, { "Content-Type": `${type}; charset=utf-8` });
  response.end(body);
});

// As process 1, Node.js ends at none of these by itself: the program has to ask for them.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => server.close(() => console.log("the seed library is closed")));
}

server.listen(3000, () => console.log("the seed library is open"));
