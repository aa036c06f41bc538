// Runs the script of /docs on the documents that are piped in, by their paths, with as much of a page as it needs, and prints its text and links.
"use strict";
const fs = require("node:fs");
const vm = require("node:vm");

class Element {
  kids = [];
  textContent = "";
  append(...kids) { this.kids.push(...kids); }
  appendChild(kid) { this.kids.push(kid); return kid; }
  setAttribute(name, value) { this[name] = value; }
  all() { return [this, ...this.kids.flatMap((kid) => typeof kid === "string" ? [] : kid.all())]; }
  text() { return [this.textContent, ...this.kids.map((kid) => typeof kid === "string" ? kid : kid.text())].join(" "); }
}

const parts = {};
const document = { createElement: () => new Element(), getElementById: (id) => (parts[id] ??= new Element()) };
const documents = JSON.parse(fs.readFileSync(0, "utf8"));
const fetch = async (path) => ({ json: async () => documents[path] });
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), { document, fetch, location: { hash: "" } });
process.once("beforeExit", () => {
  const shown = Object.values(parts).flatMap((part) => part.all());
  const ids = new Set(shown.map((element) => element.id));
  const links = shown.map((element) => element.href).filter(Boolean);
  const text = `${parts.title.textContent} ${parts.operations?.text()}`;
  console.log(JSON.stringify({ text, links, leadingNowhere: links.filter((link) => !ids.has(link.slice(1))) }));
});
