/** RFC 9457 problem details, as both APIs and the app's own server answer them. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  request_id?: string;
  retry_after_seconds?: number;
  errors?: { pointer: string; detail: string }[];
  [extra: string]: unknown;
}

/** A refusal of the API, or no answer at all (`status` 0, code `unreachable`). */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

const UNREACHABLE: Problem = { title: "No connection", status: 0, code: "unreachable" };

/** What went wrong, whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  if (error instanceof TypeError) return UNREACHABLE;
  return { title: "Something went wrong", status: 500, code: "internal_error" };
}

/** The problem in the body of a refused response; one made of its status where there is none. */
export function asProblem(body: unknown, response: Response): Problem {
  const known = typeof body === "object" && body !== null && "code" in body ? (body as Partial<Problem>) : {};
  return {
    title: response.statusText || "Something went wrong",
    code: "unexpected_answer",
    ...known,
    status: response.status,
  };
}
