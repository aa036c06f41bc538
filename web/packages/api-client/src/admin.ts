import { createApiClient } from "./client";
import type { components, paths } from "./generated/admin";

export type AdminSchemas = components["schemas"];
export type AdminPaths = paths;

/** Speaks to the Admin API, through the app's own server when no address is given. */
export const createAdminClient = (baseUrl?: string) => createApiClient<paths>(baseUrl);

export { administratorRoutes, eventTypes, leastRoles } from "./generated/roles";
