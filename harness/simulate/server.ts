/** The server that holds the cache: it may go down and come back with nothing, while those who listen stay. */
import type { InvalidationListener, Store, Subscription } from '../contract/store.ts';

export interface SimulatedServer {
  /** As it is since its last start. */
  readonly store: Store;
  /** Hears of changes across restarts; resolves to a way to leave. */
  listen(how: 'subscribe' | 'track', listener: InvalidationListener): Promise<() => Promise<void>>;
  /** Comes back with nothing of what it held. */
  restartEmpty(): void;
}

/** @param open makes an empty store; called at each start */
export function createServer(open: () => Store): SimulatedServer {
  let store = open();
  const listeners = new Map<InvalidationListener, { how: 'subscribe' | 'track'; at: Promise<Subscription> }>();
  return {
    get store() {
      return store;
    },
    async listen(how, listener) {
      const at = store[how]!(listener);
      listeners.set(listener, { how, at });
      await at;
      return async () => {
        const last = listeners.get(listener);
        listeners.delete(listener);
        await (await last?.at)?.close();
      };
    },
    restartEmpty() {
      store = open();
      for (const [listener, { how }] of listeners) listeners.set(listener, { how, at: store[how]!(listener) });
    },
  };
}
