// Runs the script of /docs on the documents that are piped in, by their paths, with as much of a page as it needs, and prints the page.
"use strict";
const fs = require("node:fs");
const vm = require("node:vm");

class Element {
  kids = [];
  textContent = "";
  append(...kids) { this.kids.push(...kids); }
  appendChild(kid) { this.kids.push(kid); return kid; }
  setAttribute() {}
  text() { return [this.textContent, ...this.kids.map((kid) => typeof kid === "string" ? kid : kid.text())].join(" "); }
}

const parts = {};
const document = { createElement: () => new Element(), getElementById: (id) => (parts[id] ??= new Element()) };
const documents = JSON.parse(fs.readFileSync(0, "utf8"));
const fetch = async (path) => ({ json: async () => documents[path] });
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), { document, fetch, location: { hash: "" } });
process.once("beforeExit", () => console.log(parts.title.textContent, parts.operations?.text()));
