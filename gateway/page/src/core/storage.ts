/** The part of the browser's localStorage that is used. */
export type Storage = Pick<
  globalThis.Storage,
  "getItem" | "setItem" | "removeItem" | "key" | "length"
>;

/** One that lasts until the next reload. */
export function forgetfulStorage(): Storage {
  const map = new Map<string, string>();
  return {
    get length() {
      return map.size;
    },
    key: (at) => [...map.keys()][at] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

/** The browser's own, if it may be touched: where the user forbids it, that throws. */
export const browserStorage: Storage = open(() => window.localStorage);

function open(storage: () => Storage): Storage {
  try {
    return storage();
  } catch {
    return forgetfulStorage();
  }
}

/**
 * What each tab keeps for itself, and what the next tab begins with: the last
 * that any tab wrote. What one tab removes, the others keep.
 */
export function perTab(tab: Storage, shared: Storage): Storage {
  return {
    get length() {
      return shared.length;
    },
    key: (at) => shared.key(at),
    getItem: (key) => tab.getItem(key) ?? shared.getItem(key),
    setItem(key, value) {
      tab.setItem(key, value);
      shared.setItem(key, value);
    },
    removeItem(key) {
      if (shared.getItem(key) === (tab.getItem(key) ?? shared.getItem(key))) shared.removeItem(key);
      // Not nothing, for which the tab would begin with what another one wrote.
      tab.setItem(key, "null");
    },
  };
}

/** Where the page keeps what is being typed. */
export const draftStorage: Storage = perTab(
  open(() => window.sessionStorage),
  browserStorage,
);

/** The keys that begin so. */
export function storedKeys(storage: Storage, prefix: string): string[] {
  const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");
  return keys.filter((key) => key.startsWith(prefix));
}

/** What was kept under a key; undefined when there is nothing or it cannot be read. */
export function readStored<T>(storage: Storage, key: string): T | undefined {
  try {
    const text = storage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Keeps a value; undefined removes it. A browser that keeps nothing loses only what a reload would have saved. */
export function writeStored(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === undefined) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or forbidden by the user.
  }
}

/** The place of what is typed on the start screen. */
export const START = "start";

/** What the user was typing, by place. */
export const drafts = {
  read: (storage: Storage, place: string) =>
    readStored<string>(storage, `amp.draft.${place}`) ?? "",
  write: (storage: Storage, place: string, text: string) =>
    writeStored(storage, `amp.draft.${place}`, text || undefined),
};
