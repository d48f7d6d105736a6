/** What a phone keeps for the field: one database for each user, so that nobody is shown what somebody else took along. */

export interface Point {
  id: number;
  kind: "phone" | "email" | "address";
  label: string;
  value: string;
  typed: string;
  usable: boolean;
}
export interface Promised {
  ours: boolean;
  title: string;
  due: string | null;
}
export interface Person {
  id: number;
  kind: string;
  name: string;
  lang: string;
  others: string[];
  written: string;
  organisation: string;
  greeting: string;
  points: Point[];
  note: string | null;
  seen: string | null;
  promises: Promised[];
  projects: number[];
  edit: boolean;
}
export interface Place {
  id: number;
  name: string;
  promises: boolean;
  people: boolean;
  files?: boolean;
}
/** What was taken along, and until when it is kept. */
export interface Trip {
  of: string;
  name: string;
  until: string;
  left: number;
  sealed: number;
  projects: Place[];
  at: number;
}
export interface Entry {
  key: string;
  kind: string;
  user: number;
  written_at: string;
  [more: string]: unknown;
}
/** `files`: its words have arrived, and photos or files that belong to it have not. */
export type State = "waiting" | "conflict" | "refused" | "files" | "kept";
/** A field that the writer and somebody else changed. */
export interface Clash {
  name: string;
  label: string;
  mine: string;
  theirs: string;
}
/** An entry on its way, in the order in which it was written. */
export interface Item {
  n?: number;
  state: State;
  title: string;
  who: string;
  entry: Entry;
  why?: string;
  url?: string;
  again?: boolean;
  clashes?: Clash[];
  at: number;
}

const PREFIX = "enishi-field-";
const MARK = "enishi.field";
export const CACHE = "enishi-field";

export const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    const made = request.result;
    made.createObjectStore("people", { keyPath: "id" });
    made.createObjectStore("facts");
    made.createObjectStore("queue", { keyPath: "n", autoIncrement: true });
  };
  return done(request);
}

export class Store {
  private constructor(private readonly base: IDBDatabase) {}

  static async of(user: number): Promise<Store> {
    return new Store(await open(PREFIX + user));
  }

  private store(name: string): IDBObjectStore {
    return this.base.transaction(name).objectStore(name);
  }

  private async write(names: string[], change: (transaction: IDBTransaction) => void): Promise<void> {
    // Strict: on the disk, not only on its way there, when the page says that it is kept.
    const transaction = this.base.transaction(names, "readwrite", { durability: "strict" });
    change(transaction);
    await finished(transaction);
  }

  people = (): Promise<Person[]> => done(this.store("people").getAll()) as Promise<Person[]>;
  items = (): Promise<Item[]> => done(this.store("queue").getAll()) as Promise<Item[]>;
  trip = (): Promise<Trip | undefined> => this.fact<Trip>("trip");
  fact = <T>(name: string): Promise<T | undefined> => done(this.store("facts").get(name)) as Promise<T | undefined>;

  setFact(name: string, value: unknown): Promise<void> {
    return this.write(["facts"], (to) => {
      if (value === undefined) to.objectStore("facts").delete(name);
      else to.objectStore("facts").put(value, name);
    });
  }

  async put(item: Item): Promise<void> {
    await this.write(["queue"], (to) => to.objectStore("queue").put(item));
  }

  async drop(item: Item): Promise<void> {
    await this.write(["queue"], (to) => to.objectStore("queue").delete(item.n as number));
  }

  async takeAlong(trip: Trip, people: Person[]): Promise<void> {
    await this.write(["people", "facts"], (to) => {
      to.objectStore("people").clear();
      for (const person of people) to.objectStore("people").put(person);
      to.objectStore("facts").put(trip, "trip");
    });
  }

  async takeOff(): Promise<void> {
    await this.write(["people", "facts"], (to) => {
      to.objectStore("people").clear();
      to.objectStore("facts").delete("trip");
    });
  }

  close(): void {
    this.base.close();
  }
}

/** Who took something along here, and how many of their entries wait: what any other page has to know. */
export function mark(user: number, waiting: number): void {
  localStorage.setItem(MARK, JSON.stringify({ user, waiting }));
}

export function marked(): { user: number; waiting: number } | null {
  try {
    return JSON.parse(localStorage.getItem(MARK) ?? "null") as { user: number; waiting: number } | null;
  } catch {
    return null;
  }
}

async function others(user: number): Promise<number[]> {
  const known = await indexedDB.databases();
  const numbers = known.map(({ name }) => (name?.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : 0));
  return numbers.filter((number) => number && number !== user);
}

/** Takes off this device whom anybody but this user took along. What they wrote stays, for when they sign in again. */
export async function takeOffOthers(user: number): Promise<number> {
  let waiting = 0;
  for (const number of await others(user)) {
    const store = await Store.of(number);
    await store.takeOff();
    waiting += (await store.items()).filter((item) => item.state !== "kept").length;
    store.close();
  }
  if (marked()?.user !== user) {
    localStorage.removeItem(MARK);
    await caches.delete(CACHE);
  }
  return waiting;
}
