"use strict";

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** Where names lead on this page: models and problems, by name. */
const targets = new Map();

/** Text with what is between backticks as code. */
const prose = (text, tag = "span") => {
  const element = make(tag);
  text.split("`").forEach((part, index) => element.append(index % 2 ? make("code", part) : part));
  return element;
};

/** Text with each name that is explained on this page leading there. */
const linked = (text, tag = "span") => {
  const element = make(tag);
  for (const part of text.split(/(\w+)/)) {
    element.append(targets.has(part) ? make("a", part, { href: `#${targets.get(part)}` }) : part);
  }
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

/** What a reference leads to, or the thing itself. */
const resolved = (api, thing) =>
  thing?.$ref ? thing.$ref.split("/").slice(1).reduce((found, step) => found[step], api) : thing;

/** The codes of the problems that a schema allows. */
const codesIn = (api, schema) =>
  (schema.oneOf || [schema]).map((each) => resolved(api, each).properties?.code?.const).filter(Boolean);

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
    name, linked(brief(value) + (required.has(name) ? "" : ", optional")), prose(value.description || ""),
  ]);
  return table(["Field", "Type", "Meaning"], rows);
};

const showOperation = (api, path, method, operation) => {
  const section = make("section");
  const heading = section.appendChild(make("h2", "", { id: operation.operationId }));
  heading.append(make("code", method.toUpperCase(), { class: "method" }), make("code", path));
  section.append(make("p", operation.summary));
  if (operation.description) section.append(prose(operation.description, "p"));
  if (operation.parameters) {
    section.append(make("h3", "Parameters"));
    section.append(table(["Name", "In", "Type", "Meaning"], operation.parameters.map((each) => [
      each.name, each.in + (each.required ? ", required" : ""), brief(each.schema), prose(each.description || ""),
    ])));
  }
  if (operation.requestBody) {
    section.append(make("h3", "Body"), linked(Object.entries(operation.requestBody.content)
      .map(([type, { schema }]) => type === "application/json" ? brief(schema) : type).join(" or "), "code"));
  }
  section.append(make("h3", "Answers"));
  section.append(table(["Status", "Body", "Meaning"], Object.entries(operation.responses).map(([status, given]) => {
    const answer = resolved(api, given);
    const problem = answer.content?.["application/problem+json"]?.schema;
    const schema = Object.values(answer.content || {})[0]?.schema;
    return [status, linked(problem ? codesIn(api, problem).join(", ") : brief(schema)), prose(answer.description)];
  })));
  return section;
};

const showModel = (name, schema) => {
  const section = make("section");
  section.append(make("h2", name, { id: `model-${name}` }));
  if (schema.description) section.append(prose(schema.description, "p"));
  section.append(schema.properties ? fields(schema) : make("code", brief(schema)));
  return section;
};

/** [code, schema] of every problem there is. */
const problemsOf = (api) =>
  Object.values(api.components.schemas).filter((schema) => schema.properties?.code?.const && schema.properties?.status?.const)
    .map((schema) => [schema.properties.code.const, schema]);

/** A topic of Kafka: its key, the headers of its records, and what a value holds. */
const showTopic = (events, topic, channel) => {
  const message = resolved(events, resolved(events, channel.messages[topic]));
  const section = make("section");
  const heading = section.appendChild(make("h2", "", { id: `topic-${topic}` }));
  heading.append(make("code", "TOPIC", { class: "method" }), make("code", channel.address));
  section.append(make("p", channel.description));
  section.append(make("p", `Key: ${message.bindings.kafka.key.description}. Value: ${events.defaultContentType}.`));
  section.append(fields(resolved(events, message.payload)));
  return section;
};

const showHeaders = (events) => {
  const section = make("section");
  section.append(make("h2", "Headers of every record", { id: "record-headers" }));
  section.append(make("p", events.info.description));
  for (const trait of Object.values(events.components.messageTraits)) section.append(fields(trait.headers));
  return section;
};

/** Each route as [path, method, operation], under its first tag, in the order in which the document has them. */
const byTag = (api) => {
  const found = {};
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      (found[operation.tags?.[0] || "Routes"] ??= []).push([path, method, operation]);
    }
  }
  return found;
};

/** Names that both documents have are told once, with the API's. */
const eventModels = (api, events) => {
  const payloads = new Set(Object.values(events.components.messages).map(({ payload }) => brief(payload)));
  return Object.entries(events.components.schemas)
    .filter(([name]) => !payloads.has(name) && !api.components.schemas[name]);
};

const show = ([api, events]) => {
  document.title = api.info.title;
  document.getElementById("title").textContent = `${api.info.title} ${api.info.version}`;
  document.getElementById("about").textContent = api.info.description;
  const contents = document.getElementById("contents");
  const main = document.getElementById("operations");
  const begin = (label) => contents.append(make("h3", label));
  const add = (section, label, id) => {
    main.append(section);
    contents.append(make("a", label, { href: `#${id}` }));
  };
  const models = [...Object.entries(api.components.schemas), ...eventModels(api, events)];
  models.forEach(([name]) => targets.set(name, `model-${name}`));
  problemsOf(api).forEach(([code]) => targets.set(code, code));
  for (const [tag, operations] of Object.entries(byTag(api))) {
    begin(tag);
    for (const [path, method, operation] of operations) {
      const label = `${method.toUpperCase()} ${path.replace(/^\/api\/\w+/, "")}`;
      add(showOperation(api, path, method, operation), label, operation.operationId);
    }
  }
  begin("Events in Kafka");
  add(showHeaders(events), "Headers of every record", "record-headers");
  for (const [topic, channel] of Object.entries(events.channels)) {
    add(showTopic(events, topic, channel), topic, `topic-${topic}`);
  }
  begin("Models");
  for (const [name, schema] of models) {
    add(showModel(name, schema), name, `model-${name}`);
  }
  for (const [code, schema] of problemsOf(api)) {
    const section = make("section");
    section.append(make("h2", code, { id: code }));
    section.append(prose(`Status ${schema.properties.status.const}. ${schema.description}`, "p"));
    section.append(make("pre", JSON.stringify(schema.examples[0], null, 2)));
    main.append(section);
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

const fetched = (path) => fetch(path).then((answer) => answer.json());

Promise.all(["/openapi.json", "/asyncapi.json"].map(fetched)).then(show).catch((error) => {
  document.getElementById("title").textContent = `The documents could not be loaded: ${error.message}`;
});
