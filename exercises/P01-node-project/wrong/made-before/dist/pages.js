module.exports = {
  "index": { "title": "The seed library of {{town}}", "body": "<p>This is what we have, in packets:</p>\n" },
  "missing": { "title": "Nothing grows here", "body": "<p>There is no such page in the seed library of {{town}}.</p>\n" },
  "rules": { "title": "Rules of the house", "body": "<p>Write on each packet what it is, and from which year.</p>\n" }
};
