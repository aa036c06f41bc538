/** Where to go after signing in: a path of this site, never another one. */
export function safeNext(asked: string | string[] | undefined): string {
  return typeof asked === "string" && /^\/(?![/\\])/.test(asked) ? asked : "/";
}
