export { createApiClient, SAME_SITE_HEADER, unwrap } from "./client";
export { ApiError, asProblem, type Problem, problemOf } from "./problem";
