/** The line to the office: who is signed in, what is handed in, who is taken along. */
import { words } from "./field-draw";
import type { Held, HeldFiles } from "./field-held";
import { CACHE, type Clash, type Item, mark, type Person, type Place, type Store, type Trip } from "./field-store";

export type Line = "offline" | "online" | "away" | "signed-out" | "other" | "refused" | "broken";

const PATIENCE_MS = 30_000;
const FRESH_MS = 10 * 60_000;
// A line slower than that is none.
const SLOWEST_BYTES_A_MS = 8;

interface Addresses {
  page: string;
  state: string;
  take: string;
  send: string;
  ask: string;
  file: string;
}
interface Answer {
  state?: "kept" | "conflict" | "refused" | "wanted" | "broken";
  fields?: Clash[];
  why?: string;
  url?: string;
  again?: boolean;
}
interface TakenAlong {
  of: string;
  name: string;
  until: string;
  left: number;
  sealed: number;
  people: Person[];
  projects: Place[];
}

class Lost extends Error {
  constructor(readonly line: Line) {
    super(line);
  }
}

async function ask(address: string, options: RequestInit = {}, patience = PATIENCE_MS): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, {
      ...options,
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new Lost("offline");
  }
  if (answer.type === "opaqueredirect") throw new Lost("signed-out");
  if (answer.status >= 500 || answer.status === 429) throw new Lost("broken");
  return answer;
}

/** What became of it, in the office's words. */
async function told(answer: Response): Promise<Answer> {
  try {
    return (await answer.json()) as Answer;
  } catch {
    // Of something on the way that takes nothing so large: asking again every minute would not help.
    if (answer.status === 413) return { state: "refused", why: words("unlet") };
    throw new Lost("broken");
  }
}

export class Office {
  private token = "";

  constructor(
    private readonly store: Store,
    private readonly files: HeldFiles | null,
    private readonly user: number,
    private readonly at: Addresses,
  ) {}

  /** Who is signed in now decides what may be sent: the page may be days old. */
  private async signIn(): Promise<void> {
    const answer = await ask(this.at.state);
    if (!answer.ok) throw new Lost("refused");
    const { user, token } = (await answer.json()) as { user: number; token: string };
    if (user !== this.user) throw new Lost("other");
    this.token = token;
  }

  private post(address: string, body: BodyInit, more: Record<string, string> = {}, patience = PATIENCE_MS): Promise<Response> {
    return ask(address, { method: "POST", body, headers: { "X-CSRFToken": this.token, ...more } }, patience);
  }

  /**
   * Hands in what waits, oldest first, and brings what was taken along up to date. One at a time does it, and the next takes its turn:
   * what was written down meanwhile is not left lying.
   */
  async meet(tell: () => Promise<void>): Promise<Line> {
    if (!navigator.onLine) return "offline";
    const line = await navigator.locks.request("enishi-field", async (): Promise<Line> => {
      try {
        await this.signIn();
        const sent = await this.sendAll(tell);
        await this.sendFiles(tell);
        const trip = await this.store.trip();
        if (trip && (sent || Date.now() - trip.at > FRESH_MS)) await this.take(trip.of, true);
        return "online";
      } catch (error) {
        if (error instanceof Lost) return error.line;
        throw error;
      }
    });
    // Who was signed out by the office, or lost the right, keeps what they wrote and nobody's addresses.
    if (line === "signed-out" || line === "other" || line === "refused") await this.store.takeOff();
    return line;
  }

  private async sendAll(tell: () => Promise<void>): Promise<number> {
    let sent = 0;
    for (const item of await this.store.items()) {
      if (item.state !== "waiting") continue;
      await this.sendOne(item);
      sent += 1;
      await tell();
    }
    return sent;
  }

  private async sendOne(item: Item): Promise<void> {
    const said = await told(await this.post(this.at.send, JSON.stringify(item.entry)));
    if (said.state === "kept") {
      // What has arrived is read there; its words leave the phone.
      const { key, kind, user, written_at } = item.entry;
      const entry = { key, kind, user, written_at };
      await this.store.put({ ...item, entry, state: "kept", url: said.url, again: said.again, at: Date.now() });
    } else if (said.state === "refused") {
      await this.store.put({ ...item, state: "refused", why: said.why, at: Date.now() });
    } else if (said.state === "conflict") {
      await this.store.put({ ...item, state: "conflict", clashes: said.fields, at: Date.now() });
    } else {
      throw new Lost("broken");
    }
  }

  /** The files of what has arrived, one at a time and words first: a photo over a weak line holds nothing up that was written meanwhile. */
  private async sendFiles(tell: () => Promise<void>): Promise<void> {
    for (let next = await this.nextFile(); next; next = await this.nextFile()) {
      await this.sendFile(next);
      await tell();
      await this.sendAll(tell);
    }
  }

  private async nextFile(): Promise<Held | undefined> {
    if (!this.files) return undefined;
    const arrived = (await this.store.items()).filter(({ state }) => state === "kept" || state === "files").map(({ entry }) => entry.key);
    return (await this.files.all()).find(({ state, talk }) => state === "waiting" && arrived.includes(talk));
  }

  private async sendFile({ key, talk, added_at, name, size, sha256 }: Held): Promise<void> {
    const about = JSON.stringify({ key, user: this.user, talk, added_at, name, size, sha256 });
    let said = await told(await this.post(this.at.ask, about));
    if (said.state === "wanted") {
      let bytes: ArrayBuffer | undefined;
      try {
        bytes = await (await this.files?.bytes(key))?.arrayBuffer();
      } catch {
        // Said below: the browser lost it.
      }
      const headers = { "Content-Type": "application/octet-stream", "X-Field-File": encodeURIComponent(about) };
      const patience = PATIENCE_MS + size / SLOWEST_BYTES_A_MS;
      said = bytes ? await told(await this.post(this.at.file, bytes, headers, patience)) : { state: "refused", why: words("unread") };
    }
    if (said.state === "kept") await this.files?.drop([key]);
    else if (said.state === "refused") await this.files?.mark(key, "refused", said.why);
    else throw new Lost("broken");
  }

  private async take(of: string, again: boolean): Promise<void> {
    const body = new URLSearchParams({ of, ...(again ? { again: "1" } : {}) });
    const answer = await this.post(this.at.take, body);
    if (answer.status === 403 || answer.status === 404) {
      await this.store.takeOff();
      return;
    }
    if (!answer.ok) throw new Lost("broken");
    const { people, ...trip } = (await answer.json()) as TakenAlong;
    await this.store.takeAlong({ ...trip, at: Date.now() } satisfies Trip, people);
  }

  /** Makes the phone ready: the people, the page itself with all it needs, and a mark for whoever comes after. */
  async takeAlong(of: string): Promise<Line> {
    try {
      await this.signIn();
      await keepPage(this.at.page);
      await this.take(of, false);
      mark(this.user, (await this.store.items()).filter((item) => item.state !== "kept").length);
      await navigator.storage?.persist?.();
      return "online";
    } catch (error) {
      if (error instanceof Lost) return error.line;
      throw error;
    }
  }
}

/** The page as it stands now and all that it is drawn with. */
export async function keepPage(page: string): Promise<void> {
  const cache = await caches.open(CACHE);
  const parts = new Set(
    performance.getEntriesByType("resource").map(({ name }) => name.split("#")[0] as string),
  );
  for (const element of document.querySelectorAll("link[href], script[src], use[href]")) {
    const address = element.getAttribute("href") ?? element.getAttribute("src") ?? "";
    parts.add(new URL(address.split("#")[0] as string, document.baseURI).href);
  }
  const wanted = [...parts].filter((part) => new URL(part).pathname.startsWith("/static/"));
  const kept = new Set((await cache.keys()).map((request) => request.url));
  await cache.addAll(wanted.filter((part) => !kept.has(part)));
  await cache.put(new URL(page, document.baseURI).href, await ask(page));
  const fonts = /\.woff2$/;
  const whole = new URL(page, document.baseURI).href;
  for (const old of kept) if (old !== whole && !parts.has(old) && !fonts.test(old)) await cache.delete(old);
}
