import type { GetPath } from "@/api/queries";

const APART_MILLISECONDS = 3_000;

/** Paths that are to be read again: the first at once, then together and never more often than every few seconds. */
export class Gathered {
  private readonly paths = new Set<GetPath>();
  private busy = false;

  constructor(private readonly read: (paths: GetPath[]) => void) {}

  add(...paths: GetPath[]): void {
    for (const path of paths) this.paths.add(path);
    if (!this.busy) this.flush();
  }

  private flush(): void {
    this.busy = this.paths.size > 0;
    if (!this.busy) return;
    this.read([...this.paths]);
    this.paths.clear();
    setTimeout(() => this.flush(), APART_MILLISECONDS);
  }
}
