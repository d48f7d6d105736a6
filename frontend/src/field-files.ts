/** Adding photos and files to what is written down, and what became of each of them. */
import { all, on, one } from "./dom";
import { draw, number, sizeOf, words } from "./field-draw";
import type { Held, HeldFiles } from "./field-held";
import { prepare } from "./field-picture";
import type { Store } from "./field-store";

/** Always left free, so that words are kept also where photos are not. */
const RESERVE = 8 * 2 ** 20;
const ORIGINALS = "originals";

interface Part {
  files: HeldFiles;
  store: Store;
  talk: string;
  /** Before the first file: what it belongs to is on the disk. */
  before: () => Promise<void>;
}

let part: Part | null = null;
let adding: Promise<void> = Promise.resolve();
let leaving: { key: string; files: HeldFiles; after: () => Promise<void> } | null = null;

export const totals = (held: Held[]): string =>
  held.length ? words("fileCount", { n: number(held.length), size: sizeOf(held.reduce((sum, { size }) => sum + size, 0)) }) : "";

const limits = (): { most: number; bytes: number } => {
  const { mostFiles, mostBytes } = document.body.dataset;
  return { most: Number(mostFiles), bytes: Number(mostBytes) };
};

/** The rows of some files; `sent` where they are shown with what became of them. */
export function drawHeld(list: HTMLElement | null, held: Held[], sent: boolean): void {
  if (!list) return;
  list.hidden = !held.length;
  // Drawn anew only when it says something else: whoever is at one of its buttons stays there.
  const says = JSON.stringify(held.map(({ key, state, why }) => [key, state, why]));
  if (list.dataset.shown === says) return;
  list.dataset.shown = says;
  list.replaceChildren(...held.map((held_) => rowOf(held_, sent)));
}

function rowOf({ key, name, size, state, why, small }: Held, sent: boolean): HTMLElement {
  const told = sent ? words(state === "refused" ? "refused" : "queued") : null;
  const row = draw("field-held", { name, size: sizeOf(size), state: told, why });
  one("[data-f=state]", row)?.classList.add(state === "refused" ? "bad" : "warn");
  row.dataset.held = key;
  const picture = one<HTMLImageElement>("img", row);
  if (picture && small) {
    const address = URL.createObjectURL(small);
    picture.onload = () => URL.revokeObjectURL(address);
    picture.src = address;
    picture.hidden = false;
    one("[data-no-picture]", row)?.remove();
  }
  for (const button of all("[data-says]", row)) button.setAttribute("aria-label", words(button.dataset.says ?? "", { name: `\u2068${name}\u2069` }));
  one(`[data-held-in=${sent ? "form" : "sent"}]`, row)?.remove();
  if (state !== "refused") one("[data-hold-again]", row)?.remove();
  return row;
}

// --- in the form of what is written down

/** Shows the part of the form, with what was added before. */
export async function filing(within: HTMLElement, for_: Part | null): Promise<void> {
  part = for_;
  say("", []);
  const box = one("[data-filing]", within);
  for (const place of all("[data-filing-able]", box ?? within)) place.hidden = (place.dataset.filingAble === "yes") !== Boolean(part);
  const originals = one<HTMLInputElement>("[data-originals]", within);
  if (part && originals) originals.checked = Boolean(await part.store.fact(ORIGINALS));
  await drawPart();
}

/** Offered where files may be kept, and where some were added before another project was chosen. */
export async function filingOffered(within: HTMLElement, offered: boolean): Promise<void> {
  const box = one("[data-filing]", within);
  if (box) box.hidden = !offered && !(await held()).length;
}

/** What was chosen is on the disk, or was said not to be. */
export const filed = (): Promise<void> => adding;

const held = async (): Promise<Held[]> => (part ? (await part.files.all()).filter(({ talk }) => talk === part?.talk) : []);

async function drawPart(): Promise<void> {
  const rows = await held();
  drawHeld(one("[data-filed]"), rows, false);
  const says = one("[data-filed-says]");
  if (says && rows.length) says.textContent = words("fileSays", { files: totals(rows) });
}

function say(busy: string, wrong: string[]): void {
  const says = one("[data-filed-says]");
  if (says) says.textContent = busy;
  const list = one("[data-filed-wrong]");
  if (!list) return;
  list.hidden = !wrong.length;
  one("ul", list)?.replaceChildren(
    ...wrong.map((why) => {
      const line = document.createElement("li");
      line.textContent = why;
      return line;
    }),
  );
}

async function add(into: Part, chosen: File[], asItIs: boolean): Promise<void> {
  say(words("fileBusy"), []);
  const wrong: string[] = [];
  await into.before();
  const rows = (await into.files.all()).filter(({ talk }) => talk === into.talk);
  for (const file of chosen) {
    const why = await addOne(into, file, asItIs, rows);
    if (why) wrong.push(words(why, { name: `\u2068${file.name}\u2069`, n: number(why === "many" ? limits().most : limits().bytes >> 20) }));
  }
  if (part !== into) return;
  say("", wrong);
  await drawPart();
}

/** Keeps one file; answers by the name of the words what was wrong with it. */
async function addOne(into: Part, file: File, asItIs: boolean, rows: Held[]): Promise<string | null> {
  if (rows.length >= limits().most) return "many";
  // A film is not even read; a photo may become small enough.
  if (file.size > limits().bytes * (/^image\//.test(file.type) ? 4 : 1)) return "large";
  try {
    const { name, bytes, small } = await prepare(file, asItIs);
    if (!bytes.size) return "blank";
    if (bytes.size > limits().bytes) return "large";
    const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
    const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (rows.some((row) => row.sha256 === sha256)) return "twice";
    const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    if (quota - usage < bytes.size + RESERVE) return "full";
    const row: Held = {
      key: crypto.randomUUID(),
      talk: into.talk,
      added_at: new Date().toISOString(),
      name: unlike(name, rows),
      size: bytes.size,
      sha256,
      small,
      state: "waiting",
    };
    await into.files.add(row, bytes);
    rows.push(row);
    return null;
  } catch (error) {
    return error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "unfit";
  }
}

/** A camera calls every photo the same: told apart by a number. */
function unlike(name: string, rows: Held[]): string {
  const [, stem = "", ending = ""] = /^(.*?)(\.\w{1,8})?$/s.exec(name) ?? [];
  const short = stem.slice(0, 200) || "file";
  const taken = new Set(rows.map((row) => row.name));
  let found = short + ending;
  for (let n = 2; taken.has(found); n += 1) found = `${short} (${n})${ending}`;
  return found;
}

on("click", "[data-choose]", (button) => one<HTMLInputElement>(`[data-chosen=${button.dataset.choose}]`)?.click());
on<HTMLInputElement>("change", "[data-chosen]", (input) => {
  const chosen = [...(input.files ?? [])];
  const into = part;
  const asItIs = Boolean(one<HTMLInputElement>("[data-originals]")?.checked);
  if (into && chosen.length) adding = adding.then(() => add(into, chosen, asItIs)).finally(() => (input.value = ""));
});
on<HTMLInputElement>("change", "[data-originals]", (box) => void part?.store.setFact(ORIGINALS, box.checked || undefined));

// --- taking one away, saving it elsewhere

/** What the buttons of the rows do, for the page that shows what was sent. */
export function heldButtons(files: HeldFiles, redraw: () => Promise<void>, send: () => Promise<void>): void {
  const keyOf = (button: HTMLElement): string => button.closest<HTMLElement>("[data-held]")?.dataset.held ?? "";
  on("click", "[data-drop-held]", (button) => {
    const name = one("#drop-held [data-name]");
    if (name) name.textContent = one("[data-f=name]", button.closest("[data-held]") ?? button)?.textContent ?? "";
    leaving = { key: keyOf(button), files, after: redraw };
  });
  on("click", "[data-hold-again]", (button) => {
    void (async () => {
      await files.mark(keyOf(button), "waiting");
      await redraw();
      await send();
    })();
  });
  on("click", "[data-save-held]", (button) => {
    void (async () => {
      const bytes = await files.bytes(keyOf(button));
      if (!bytes) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(bytes);
      link.download = one("[data-f=name]", button.closest("[data-held]") ?? button)?.textContent ?? "";
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    })();
  });
}

on("click", "[data-drop-held-now]", () => {
  const { key, files, after } = leaving ?? {};
  void (async () => {
    if (key) await files?.drop([key]);
    one<HTMLDialogElement>("#drop-held")?.close();
    say("", []);
    await drawPart();
    await after?.();
    // The button that was pressed is gone with its row.
    const near = ["[data-choose]", "[data-view] h2"].flatMap((places) => all(places)).find((place) => place.checkVisibility());
    near?.focus();
  })();
});
