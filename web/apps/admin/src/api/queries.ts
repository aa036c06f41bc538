"use client";

import { problemOf, unwrap } from "@laurel/api-client";
import type { AdminPaths } from "@laurel/api-client/admin";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { api } from "./client";

type Answers<Operation> = Operation extends { responses: { 200: { content: { "application/json": infer Answer } } } }
  ? Answer
  : never;
/** What can be read. */
export type GetPath = {
  [Path in keyof AdminPaths]: AdminPaths[Path] extends { get: object } ? Path : never;
}[keyof AdminPaths];
type Get<Path extends GetPath> = AdminPaths[Path] extends { get: infer Operation } ? Operation : never;
type ParametersOf<Path extends GetPath> =
  Get<Path> extends { parameters: infer Given } ? Pick<Given, Extract<keyof Given, "path" | "query">> : never;

/** What a GET of this path answers. */
export type AnswerOf<Path extends GetPath> = Answers<Get<Path>>;

interface GetOptions<Answer> {
  /** Do not ask yet. */
  enabled?: boolean;
  /** Ask again so often. */
  everyMilliseconds?: number;
  /** Stop asking again once this is so. */
  until?: (answer: Answer) => boolean;
  /** While other parameters are asked for, go on showing what was there. */
  keep?: boolean;
}

/** A GET of the Admin API, cached under its path and parameters. */
export function useGet<Path extends GetPath>(
  path: Path,
  parameters?: ParametersOf<Path>,
  options: GetOptions<AnswerOf<Path>> = {},
) {
  return useQuery<AnswerOf<Path>>({
    queryKey: [path, parameters ?? {}],
    queryFn: ({ signal }) => get(path, parameters, signal),
    enabled: options.enabled ?? true,
    refetchInterval: ({ state }) =>
      state.data && options.until?.(state.data) ? false : (options.everyMilliseconds ?? false),
    placeholderData: options.keep ? keepPreviousData : undefined,
  });
}

/** The same without a component around it. Raises ApiError. */
export function get<Path extends GetPath>(path: Path, parameters?: ParametersOf<Path>, signal?: AbortSignal) {
  const ask = api.GET as (path: string, init: object) => Promise<{ data?: AnswerOf<Path>; response: Response }>;
  return unwrap(ask(path, { params: parameters, signal }));
}

interface ChangeOptions<Result> {
  /** Whatever was read from these paths is read again: a path covers those that begin with it. */
  stale: GetPath[];
  /** What to say when it is done. */
  said?: (result: Result) => string;
  onDone?: (result: Result) => void;
}

type Sent<Result> = Promise<{ data?: Result; error?: unknown; response: Response }>;

/**
 * A change through the Admin API. `send` gets the input and an idempotency key: the same one until the change has
 * been done, so that pressing the button again after a lost answer does not do it twice.
 */
export function useChange<Input, Result>(
  send: (input: Input, key: string) => Sent<Result>,
  { stale, said, onDone }: ChangeOptions<Result>,
) {
  const cache = useQueryClient();
  const key = useRef<{ input: string; key: string } | null>(null);
  return useMutation<Result, unknown, Input>({
    mutationFn: (input) => {
      const written = JSON.stringify([input]);
      if (key.current?.input !== written) key.current = { input: written, key: newKey() };
      return unwrap(send(input, key.current.key));
    },
    onSuccess: async (result) => {
      key.current = null;
      await forget(cache, stale);
      if (said) notifications.show({ message: said(result), color: "laurel" });
      onDone?.(result);
    },
  });
}

/** Read everything under these paths again. */
export function forget(cache: QueryClient, paths: GetPath[]): Promise<void> {
  return cache.invalidateQueries({
    predicate: ({ queryKey }) => paths.some((path) => String(queryKey[0]).startsWith(path)),
  });
}

/** Whether asking again may help: not when the API has refused. */
export function mayHelp(failures: number, error: unknown): boolean {
  return failures < 2 && [0, 502, 503, 504].includes(problemOf(error).status);
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
