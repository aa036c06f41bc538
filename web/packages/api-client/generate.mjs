// Types of the two APIs from the committed OpenAPI documents. With --check nothing is written, and drift is an error.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Generated from schemas/json by `make web-client`; not to be edited.\n\n";
const check = process.argv.includes("--check");

async function generate(name) {
    const source = new URL(`../../../schemas/json/openapi-${name}.json`, import.meta.url);
    const target = new URL(`./src/generated/${name}.ts`, import.meta.url);
    const text = HEADER + astToString(await openapiTS(source));
    if (!check) return writeFile(target, text);
    if ((await readFile(target, "utf8")) === text) return;
    process.exitCode = 1;
    process.stderr.write(`${target.pathname} differs from ${source.pathname}: run make web-client\n`);
}

await Promise.all(["customer", "admin"].map(generate));
