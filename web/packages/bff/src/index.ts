export { type AskAs, type Bff, createBff } from "./bff";
export type { BffConfig } from "./config";
export { isSignedIn, prefetched } from "./server";
