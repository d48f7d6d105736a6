/**
 * Photos and files that a phone holds until they are sent, in a database beside the one of what is written: when there is no room
 * for them the words are still kept, and a page of an older version that was kept finds its own as it left it.
 */
import { done, finished } from "./field-store";

/** A photo or file on its way; its bytes lie apart, so that a list of them reads none. */
export interface Held {
  key: string;
  /** The key of what it was written down with, also before that is kept. */
  talk: string;
  added_at: string;
  name: string;
  size: number;
  sha256: string;
  small: Blob | null;
  state: "waiting" | "refused";
  why?: string;
}

const PREFIX = "enishi-field-files-";

export class HeldFiles {
  private constructor(private readonly base: IDBDatabase) {}

  /** None where the browser cannot keep files. */
  static async of(user: number): Promise<HeldFiles | null> {
    try {
      const request = indexedDB.open(PREFIX + user, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("files", { keyPath: "key" });
        request.result.createObjectStore("bytes");
      };
      return crypto.subtle ? new HeldFiles(await done(request)) : null;
    } catch {
      return null;
    }
  }

  private async write(change: (files: IDBObjectStore, bytes: IDBObjectStore) => void): Promise<void> {
    const transaction = this.base.transaction(["files", "bytes"], "readwrite", { durability: "strict" });
    change(transaction.objectStore("files"), transaction.objectStore("bytes"));
    await finished(transaction);
  }

  /** In the order in which they were added. */
  async all(): Promise<Held[]> {
    const found = (await done(this.base.transaction("files").objectStore("files").getAll())) as Held[];
    return found.sort((a, b) => a.added_at.localeCompare(b.added_at));
  }

  async bytes(key: string): Promise<Blob | undefined> {
    return (await done(this.base.transaction("bytes").objectStore("bytes").get(key))) as Blob | undefined;
  }

  add(held: Held, content: Blob): Promise<void> {
    return this.write((files, bytes) => {
      files.put(held);
      bytes.put(content, held.key);
    });
  }

  /** Says what became of it, unless it was taken away meanwhile. */
  mark(key: string, state: Held["state"], why?: string): Promise<void> {
    return this.write((files) => {
      const found = files.get(key);
      found.onsuccess = () => {
        if (found.result) files.put({ ...(found.result as Held), state, why });
      };
    });
  }

  drop(keys: string[]): Promise<void> {
    return this.write((files, bytes) => {
      for (const key of keys) {
        files.delete(key);
        bytes.delete(key);
      }
    });
  }
}
