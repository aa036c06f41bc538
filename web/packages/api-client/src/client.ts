import createClient, { type Client } from "openapi-fetch";
import { ApiError, asProblem } from "./problem";

/** The header that only a script of the same site can send; the app's server demands it for every change. */
export const SAME_SITE_HEADER = "x-laurel";

/** A typed client. `unwrap` its answers: refusals become `ApiError`. */
export function createApiClient<Paths extends object>(baseUrl = ""): Client<Paths, "application/json"> {
  return createClient<Paths, "application/json">({ baseUrl, headers: { [SAME_SITE_HEADER]: "1" } });
}

interface Answered<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Raises ApiError for a refusal, TypeError when there was no answer. */
export async function unwrap<Data>(answer: Promise<Answered<Data>>): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new ApiError(asProblem(error, response));
  return data as Data;
}
