// Types of the two APIs, and who may do what in the Admin API, from the committed OpenAPI documents. They are not
// committed themselves, and made before every build and check: so they cannot drift, and what no longer fits an API
// fails to compile.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const folder = new URL("./src/generated/", import.meta.url);
const documentOf = (api) => new URL(`../../../schemas/json/openapi-${api}.json`, import.meta.url);

async function settle(name, generated) {
    const target = new URL(`${name}.ts`, folder);
    const present = await readFile(target, "utf8").catch(() => "");
    if (present !== generated) await writeFile(target, generated);
}

/** The least role that each operation asks for, and the routes that administrators have at all, so that a console offers nobody what would be refused; and the events there are. */
async function roles() {
    const { paths, components } = JSON.parse(await readFile(documentOf("admin"), "utf8"));
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const asking = operations.filter((operation) => operation["x-least-role"]);
    const lines = asking.map((operation) => `  ${operation.operationId}: "${operation["x-least-role"]}",`);
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods)
            .filter(([, operation]) => operation["x-least-role"])
            .map(
                ([method]) => `  "${method.toUpperCase()} ${path.replace("/api/admin", "").replace(/{\w+}/g, "{}")}",`,
            ),
    );
    const events = components.schemas.NewWebhook.properties.event_types.items.enum;
    return [
        `/** What a webhook can be told of; * is all. */\nexport const eventTypes = ${JSON.stringify(events)} as const;\n`,
        `export const leastRoles = {\n${lines.join("\n")}\n} as const;\n`,
        `export const administratorRoutes: readonly string[] = [\n${routes.join("\n")}\n];\n`,
    ].join("\n");
}

await mkdir(folder, { recursive: true });
await Promise.all([
    ...["customer", "admin"].map(async (api) =>
        settle(api, astToString(await openapiTS(documentOf(api), { defaultNonNullable: false }))),
    ),
    roles().then((text) => settle("roles", text)),
]);
