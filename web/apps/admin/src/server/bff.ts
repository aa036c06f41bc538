import { administratorRoutes } from "@laurel/api-client/admin";
import { type BffConfig, createBff } from "@laurel/bff";

/** What the pages of this app may ask of the Admin API: what administrators may, never to sign in or refresh. */
export const config: BffConfig = {
  cookie: "laurel-admin",
  prefix: "/api/admin",
  apiUrl: { variable: "LAUREL_ADMIN_API_URL", fallback: "http://127.0.0.1:8102" },
  allow: administratorRoutes,
};

export const bff = createBff(config);
