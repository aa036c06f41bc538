import { type AdminSchemas, createAdminClient } from "@laurel/api-client/admin";

/** The Admin API, through this app's own server. */
export const api = createAdminClient();

export type Schema<Name extends keyof AdminSchemas> = AdminSchemas[Name];
