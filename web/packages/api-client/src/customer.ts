import { createApiClient } from "./client";
import type { components, paths } from "./generated/customer";

export type CustomerSchemas = components["schemas"];

/** Speaks to the Customer API, through the app's own server when no address is given. */
export const createCustomerClient = (baseUrl?: string) => createApiClient<paths>(baseUrl);
