"use strict";

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** A schema in one line: the name of a model, or its type. */
const brief = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.allOf) return brief(schema.allOf[0]);
  if (schema.anyOf) return schema.anyOf.map(brief).join(" | ");
  if (schema.type === "array") return `[${brief(schema.items)}]`;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  return schema.format ? `${schema.type} (${schema.format})` : schema.type || "any";
};

const table = (headings, rows) => {
  const element = make("table");
  const head = element.appendChild(make("thead")).appendChild(make("tr"));
  headings.forEach((heading) => head.append(make("th", heading)));
  const body = element.appendChild(make("tbody"));
  for (const row of rows) {
    const line = body.appendChild(make("tr"));
    row.forEach((cell, index) => line.appendChild(make("td")).append(index ? cell : make("code", cell)));
  }
  return element;
};

const fields = (schema) => {
  const required = new Set(schema.required || []);
  const rows = Object.entries(schema.properties || {}).map(([name, value]) => [
    name, brief(value) + (required.has(name) ? "" : ", optional"), value.description || "",
  ]);
  return table(["Field", "Type", "Meaning"], rows);
};

const showOperation = (path, method, operation) => {
  const section = make("section");
  const heading = section.appendChild(make("h2", "", { id: operation.operationId }));
  heading.append(make("code", method.toUpperCase(), { class: "method" }), make("code", path));
  section.append(make("p", operation.summary));
  if (operation.description) section.append(make("p", operation.description));
  if (operation.parameters) {
    section.append(make("h3", "Parameters"));
    section.append(table(["Name", "In", "Type", "Meaning"], operation.parameters.map((each) => [
      each.name, each.in + (each.required ? ", required" : ""), brief(each.schema), each.description || "",
    ])));
  }
  if (operation.requestBody) {
    section.append(make("h3", "Body"), make("code", brief(operation.requestBody.content["application/json"].schema)));
  }
  section.append(make("h3", "Answers"));
  section.append(table(["Status", "Body", "Meaning"], Object.entries(operation.responses).map(([status, answer]) => {
    const schema = Object.values(answer.content || {})[0]?.schema;
    const codes = schema?.allOf?.[1]?.properties?.code?.enum;
    return [status, codes ? codes.join(", ") : brief(schema), answer.description];
  })));
  return section;
};

const showModel = (name, schema) => {
  const section = make("section");
  section.append(make("h2", name, { id: `model-${name}` }));
  if (schema.description) section.append(make("p", schema.description));
  section.append(schema.properties ? fields(schema) : make("code", brief(schema)));
  return section;
};

const codesOf = (api) => {
  const codes = new Map();
  for (const item of Object.values(api.paths)) for (const operation of Object.values(item)) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const schema = answer.content?.["application/problem+json"]?.schema;
      for (const code of schema?.allOf?.[1]?.properties?.code?.enum || []) codes.set(code, status);
    }
  }
  return [...codes].sort();
};

const show = (api) => {
  document.title = api.info.title;
  document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
  document.getElementById("about").textContent = api.info.description;
  const contents = document.getElementById("contents");
  const main = document.getElementById("operations");
  const add = (section, label, id) => {
    main.append(section);
    contents.append(make("a", label, { href: `#${id}` }));
  };
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      add(showOperation(path, method, operation), `${method.toUpperCase()} ${path}`, operation.operationId);
    }
  }
  for (const [name, schema] of Object.entries(api.components.schemas)) add(showModel(name, schema), name, `model-${name}`);
  for (const [code, status] of codesOf(api)) {
    const section = make("section");
    section.append(make("h2", code, { id: code }), make("p", `A problem with status ${status}.`));
    main.append(section);
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

fetch("/openapi.json").then((answer) => answer.json()).then(show).catch((error) => {
  document.getElementById("title").textContent = `The document could not be loaded: ${error.message}`;
});
