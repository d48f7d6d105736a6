/** The page for work without a network: who was taken along, what is written down, what still has to be sent. */
import { all, on, one } from "./dom";
import { type Changed, correctForm, decided, drawClashes, labelOf } from "./field-correct";
import { day, draw, fill, fold, moment, number, words } from "./field-draw";
import { drawHeld, heldButtons, totals } from "./field-files";
import { type Held, HeldFiles } from "./field-held";
import { type Line, Office } from "./field-line";
import { type Item, mark, type Person, type State, Store, takeOffOthers, type Trip } from "./field-store";
import { type Said, talkForm } from "./field-talk";

const SHOWN = 12;
const AGAIN_MS = 60_000;
const KEPT_MS = 24 * 3600_000;
const TONES: Record<State, string> = { waiting: "warn", conflict: "bad", refused: "bad", files: "warn", kept: "good" };

const { user: userText = "0", pageUrl: page = "", workerUrl: worker = "", stateUrl: state = "", takeUrl: take = "", sendUrl: send = "" } =
  document.body.dataset;
const { askUrl: ask = "", fileUrl: file = "" } = document.body.dataset;
const user = Number(userText);

let store: Store;
let files: HeldFiles | null = null;
let held: Held[] = [];
let office: Office;
let people: Person[] = [];
let found: Map<number, string> = new Map();
let trip: Trip | undefined;
let items: Item[] = [];
let line: Line = navigator.onLine ? "away" : "offline";
let drawnHash = "";

const show = (selector: string, shown: boolean): void => {
  for (const part of all(selector)) part.hidden = !shown;
};

async function load(): Promise<void> {
  trip = await store.trip();
  if (trip && new Date(trip.until).getTime() <= Date.now()) {
    await store.takeOff();
    await store.setFact("expired", true);
    trip = undefined;
  }
  people = (await store.people()).sort((a, b) => a.name.localeCompare(b.name));
  found = new Map(
    people.map((one) => [one.id, fold([one.name, ...one.others, one.organisation, ...one.points.map((p) => p.value)].join(" "))]),
  );
  held = (await files?.all()) ?? [];
  items = await store.items();
  // What has arrived is there when all that belongs to it is: whatever was sent, taken away or added meanwhile.
  for (const [at, item] of items.entries()) {
    const state = filesOf(item).length ? "files" : "kept";
    if ((item.state !== "files" && item.state !== "kept") || item.state === state) continue;
    items[at] = { ...item, state, at: Date.now() };
    await store.put(items[at] as Item);
  }
  for (const old of items.filter((item) => item.state === "kept" && Date.now() - item.at > KEPT_MS)) await store.drop(old);
  if (trip || items.some((item) => item.state !== "kept")) mark(user, open().length);
}

const open = (): Item[] => items.filter((item) => item.state !== "kept");
const filesOf = (item: Item): Held[] => held.filter(({ talk }) => talk === item.entry.key);
const refusedOf = (item: Item): Held[] => filesOf(item).filter(({ state }) => state === "refused");

// --- the front page

function drawLine(): void {
  for (const part of all("[data-line]")) part.hidden = part.dataset.line !== line;
  const waiting = open().length;
  const says = one("[data-waiting]");
  if (says) {
    says.hidden = !waiting;
    says.textContent = [words("waiting", { n: number(waiting) }), totals(open().flatMap(filesOf))].filter(Boolean).join(" · ");
  }
  show("[data-guard=signed-out]", line === "signed-out");
  show("[data-guard=other]", line === "other");
  show("[data-guard=refused]", line === "refused");
}

function drawTrip(): void {
  show("[data-when=ready]", Boolean(trip));
  show("[data-when=not-ready]", !trip);
  show("[data-when=may-enter]", Boolean(trip?.projects.some((place) => place.people)));
  if (!trip) return;
  const many = { n: number(people.length), name: `\u2068${trip.name}\u2069`, day: day(trip.until) };
  const told = one("[data-trip]");
  if (told) {
    fill(told, {
      along: words("along", many),
      until: words("until", many),
      left: trip.left ? words("left", { n: number(trip.left) }) : null,
      sealed: trip.sealed ? words("sealed", { n: number(trip.sealed) }) : null,
    });
  }
}

function drawPeople(): void {
  const list = one("[data-people]");
  const query = fold(one<HTMLInputElement>("[data-find]")?.value ?? "").split(" ").filter(Boolean);
  const fit = people.filter((person) => query.every((word) => found.get(person.id)?.includes(word)));
  list?.replaceChildren(...fit.slice(0, SHOWN).map(personRow));
  const more = one("[data-more]");
  if (more) {
    more.hidden = fit.length <= SHOWN && fit.length > 0;
    more.textContent = fit.length ? words("more", { n: number(fit.length - SHOWN) }) : words("nobody");
  }
}

function personRow(person: Person): HTMLElement {
  const place = person.points.find((point) => point.kind === "address")?.value;
  const late = person.promises.length ? words("promises", { n: number(person.promises.length) }) : null;
  const row = draw("field-person-row", { name: person.name, organisation: person.organisation, place, promises: late });
  const link = one<HTMLAnchorElement>("a", row);
  if (link) link.href = `#person/${person.id}`;
  if (person.lang) one("bdi", row)?.setAttribute("lang", person.lang);
  return row;
}

function stateOf(item: Item): string {
  if (item.state === "files") return refusedOf(item).length ? "fileRefused" : "fileQueued";
  return item.state === "waiting" ? "queued" : item.again && item.state === "kept" ? "again" : item.state;
}

function drawQueue(): void {
  const list = one("[data-queue]");
  show("[data-when=queue]", items.length > 0);
  list?.replaceChildren(
    ...[...items].reverse().map((item) => {
      const row = draw("field-item-row", {
        title: item.title,
        who: item.who,
        at: moment(item.state === "kept" ? item.at : item.entry.written_at),
        files: totals(filesOf(item)),
        state: words(stateOf(item)),
      });
      one("[data-f=state]", row)?.classList.add(refusedOf(item).length ? "bad" : TONES[item.state]);
      const link = one<HTMLAnchorElement>("a", row);
      if (link) link.href = `#item/${item.n}`;
      return row;
    }),
  );
}

// --- one person, one entry

function drawPerson(id: number): boolean {
  const person = people.find((one) => one.id === id);
  const view = one("[data-view=person]");
  if (!person || !view) return false;
  fill(view, {
    name: person.name,
    others: person.others.join(" · "),
    organisation: person.organisation,
    greeting: person.greeting,
    seen: person.seen ? words("seen", { day: day(person.seen) }) : null,
    note: person.note,
  });
  one("h2 bdi", view)?.setAttribute("lang", person.lang);
  one("[data-points]", view)?.replaceChildren(
    ...person.points.map((point) => {
      const row = draw(`field-${point.kind}`, { value: point.value, label: point.label, unusable: point.usable ? null : words("unusable") });
      const link = one<HTMLAnchorElement>("a", row);
      if (link) link.href = `${point.kind === "phone" ? "tel" : "mailto"}:${point.value}`;
      return row;
    }),
  );
  one("[data-promises]", view)?.replaceChildren(
    ...person.promises.map((promise) =>
      draw(promise.ours ? "field-ours" : "field-theirs", { title: promise.title, due: promise.due ? day(promise.due) : null }),
    ),
  );
  show("[data-when=promises]", person.promises.length > 0);
  show("[data-when=may-write]", person.projects.length > 0);
  show("[data-when=may-not-write]", person.projects.length === 0);
  const write = one<HTMLAnchorElement>("[data-write]", view);
  if (write) write.href = `#talk/${id}`;
  show("[data-when=may-correct]", person.edit);
  const correct = one<HTMLAnchorElement>("[data-to-correct]", view);
  if (correct) correct.href = `#correct/${id}`;
  const mine = open().filter((item) => (item.entry.who as { party?: number } | undefined)?.party === id);
  const own = one("[data-own]", view);
  if (own) {
    own.hidden = !mine.length;
    own.textContent = words("own", { n: number(mine.length) });
  }
  return true;
}

/** Everything that was written, to read and to copy. */
function inWords(item: Item): string {
  const { text, promises, fields } = item.entry as { text?: string; promises?: Said[]; fields?: Record<string, Changed> };
  const empty = words("empty");
  const met = (item.entry.who as { new?: Record<string, string> } | undefined)?.new;
  const whom = met && Object.values(met).filter(Boolean).join("\n");
  const changes = Object.entries(fields ?? {}).map(
    ([name, field]) => `${labelOf(name, field)}: \u2068${field.seen || empty}\u2069 → \u2068${field.mine || empty}\u2069`,
  );
  const said = (promises ?? []).map(({ side, title, due }) => `${words(side)}: ${title}${due ? ` (${due})` : ""}`);
  return [whom, text, changes.join("\n"), said.join("\n")].filter(Boolean).join("\n\n");
}

function drawItem(n: number): boolean {
  const item = items.find((one) => one.n === n);
  const view = one("[data-view=item]");
  if (!item || !view) return false;
  fill(view, {
    title: item.title,
    who: item.who,
    at: moment(item.entry.written_at),
    why: item.state === "refused" ? item.why : null,
    text: inWords(item),
  });
  view.dataset.item = String(n);
  one("[data-clashes]", view)?.replaceChildren(...drawClashes(item));
  for (const part of all("[data-item-state]", view)) part.hidden = !part.dataset.itemState?.split(" ").includes(item.state);
  for (const link of all<HTMLAnchorElement>("[data-kept]", view)) if (item.url) link.href = item.url;
  drawHeld(one("[data-item-files]", view), filesOf(item), true);
  show("[data-when=files-refused]", item.state === "files" && refusedOf(item).length > 0);
  show("[data-when=files-waiting]", item.state === "files" && refusedOf(item).length < filesOf(item).length);
  show("[data-when=text]", item.state !== "files" && item.state !== "kept");
  return true;
}

// --- where one is

async function route(): Promise<void> {
  const [name = "", id = ""] = window.location.hash.slice(1).split("/");
  const shown = await drawView(name, id);
  for (const view of all("[data-view]")) view.hidden = view.dataset.view !== shown;
  if (window.location.hash === drawnHash) return;
  drawnHash = window.location.hash;
  window.scrollTo(0, 0);
  one(`[data-view=${shown}] h2`)?.focus();
}

async function drawView(name: string, id: string): Promise<string> {
  if (name === "person" && drawPerson(Number(id))) return "person";
  if (name === "item" && drawItem(Number(id))) return "item";
  if (name === "leaving") return "leaving";
  if (name === "talk" && (await talkForm(id, { store, files, user, people, items, places: trip?.projects ?? [] }, after))) return "talk";
  if (name === "correct" && (await correctForm(id, { store, user, people, items }, after))) return "correct";
  drawTrip();
  drawPeople();
  drawQueue();
  return "start";
}

async function redraw(): Promise<void> {
  await load();
  drawLine();
  // What is being typed is not drawn anew.
  if (!/^#(talk|correct)/.test(window.location.hash) && !one("[data-view=item]:not([hidden]) [data-clashes] :checked")) await route();
}

async function after(item: Item): Promise<void> {
  await store.put(item);
  one("[data-clashes]")?.replaceChildren();
  window.location.hash = "";
  await redraw();
  void meet();
}

/** Something of it goes by itself: its words, or files of what has arrived. */
const waits = (item: Item): boolean => item.state === "waiting" || (item.state === "files" && filesOf(item).some(({ state }) => state === "waiting"));

async function meet(): Promise<void> {
  line = await office.meet(redraw);
  await redraw();
}

// --- what is pressed

const itemShown = (): Item | undefined => items.find(({ n }) => String(n) === one("[data-view=item]")?.dataset.item);

on<HTMLFormElement>("submit", "form[data-decide]", (form, event) => {
  event.preventDefault();
  const item = itemShown();
  if (item) void after(decided(item, new FormData(form)));
});

on<HTMLFormElement>("submit", "[data-take]", (form, event) => {
  event.preventDefault();
  const button = one("button", form);
  button?.setAttribute("aria-busy", "true");
  void (async () => {
    line = await office.takeAlong(String(new FormData(form).get("of")));
    await store.setFact("expired", undefined);
    button?.removeAttribute("aria-busy");
    show("[data-guard=failed]", line !== "online");
    show("[data-guard=expired]", false);
    await redraw();
  })();
});
on("input", "[data-find]", drawPeople);
on("click", "[data-send]", () => void meet());
on("click", "[data-take-off]", () => {
  void (async () => {
    await store.takeOff();
    one<HTMLDialogElement>("#take-off")?.close();
    await redraw();
  })();
});
on("click", "[data-copy]", (button) => {
  const text = one("[data-view=item] [data-f=text]")?.textContent ?? "";
  void navigator.clipboard.writeText(text).then(() => {
    button.setAttribute("aria-pressed", "true");
  });
});
on("click", "[data-delete]", () => {
  const item = itemShown();
  void (async () => {
    if (item) await files?.drop(filesOf(item).map(({ key }) => key));
    if (item) await store.drop(item);
    one<HTMLDialogElement>("#delete-entry")?.close();
    window.location.hash = "";
    await redraw();
  })();
});
on("click", "[data-again]", () => {
  const item = itemShown();
  void (async () => {
    if (item) await store.put({ ...item, state: "waiting", why: undefined });
    await redraw();
    await meet();
  })();
});
on("click", "[data-change]", () => {
  const item = itemShown();
  const who = (item?.entry.who as { party?: number } | undefined)?.party;
  window.location.hash = item?.entry.kind === "correction" ? `correct/${who}` : `talk/item-${item?.n}`;
});

async function begin(): Promise<void> {
  if (!user) return;
  const able = window.isSecureContext && "serviceWorker" in navigator && "indexedDB" in window && "locks" in navigator;
  show("[data-guard=unable]", !able);
  if (!able) return;
  await navigator.serviceWorker.register(worker, { scope: page });
  const elsewhere = await takeOffOthers(user);
  show("[data-guard=elsewhere]", elsewhere > 0);
  store = await Store.of(user);
  files = await HeldFiles.of(user);
  if (files) heldButtons(files, redraw, meet);
  office = new Office(store, files, user, { page, state, take, send, ask, file });
  await load();
  show("[data-guard=expired]", Boolean(await store.fact("expired")));
  show("[data-app]", true);
  drawLine();
  await route();
  window.addEventListener("hashchange", () => void route());
  window.addEventListener("online", () => {
    line = "away";
    drawLine();
    void meet();
  });
  window.addEventListener("offline", () => {
    line = "offline";
    drawLine();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void meet();
  });
  await meet();
  window.setInterval(() => void (open().some(waits) ? meet() : redraw()), AGAIN_MS);
}

void begin();
