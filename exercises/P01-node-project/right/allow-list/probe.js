// Exit code 0 where /health says that all is well, 1 otherwise.
require("node:http")
  .get("http://localhost:3000/health", { timeout: 2000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1))
  .on("error", () => process.exit(1));
