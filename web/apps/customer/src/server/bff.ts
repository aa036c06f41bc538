import { type BffConfig, createBff } from "@laurel/bff";

/** What the pages of this app may ask of the Customer API. Signing in and refreshing are the server's alone. */
export const config: BffConfig = {
  cookie: "laurel-customer",
  prefix: "/api/customer",
  apiUrl: { variable: "LAUREL_CUSTOMER_API_URL", fallback: "http://127.0.0.1:8101" },
  open: ["POST /register"],
  allow: [
    "GET /profile",
    "PATCH /profile",
    "DELETE /profile",
    "GET /export",
    "GET /points",
    "GET /transactions",
    "GET /transactions/{}",
    "GET /transactions/{}/receipt",
    "GET /rewards",
    "POST /redeem",
    "GET /redemptions",
    "GET /redemptions/{}",
    "GET /referrals",
    "GET /events",
  ],
};

export const bff = createBff(config);
