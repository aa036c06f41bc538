/** Tells whoever listens that the API wants a session and there is none. */
class Signal {
  private readonly listeners = new Set<() => void>();

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export const sessionEnded = new Signal();
