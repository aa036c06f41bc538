// Types of the two APIs, and who may do what in the Admin API, from the committed OpenAPI documents. With --check nothing
// is written, and drift is an error.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Generated from schemas/json by `make web-client`; not to be edited.\n\n";
const check = process.argv.includes("--check");

const documentOf = (api) => new URL(`../../../schemas/json/openapi-${api}.json`, import.meta.url);

async function settle(name, generated) {
  const target = new URL(`./src/generated/${name}.ts`, import.meta.url);
  const text = HEADER + generated;
  if (!check) return writeFile(target, text);
  if ((await readFile(target, "utf8")) === text) return;
  process.exitCode = 1;
  process.stderr.write(`${target.pathname} differs from schemas/json: run make web-client\n`);
}

/** The least role that each operation asks for, so that a console offers nobody what would be refused. */
async function roles() {
  const { paths } = JSON.parse(await readFile(documentOf("admin"), "utf8"));
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const asking = operations.filter((operation) => operation["x-least-role"]);
  const lines = asking.map((operation) => `  ${operation.operationId}: "${operation["x-least-role"]}",`);
  return `export const leastRoles = {\n${lines.join("\n")}\n} as const;\n`;
}

await Promise.all([
  ...["customer", "admin"].map(async (api) => settle(api, astToString(await openapiTS(documentOf(api))))),
  roles().then((text) => settle("roles", text)),
]);
