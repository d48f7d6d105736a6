/** Writing down a visit, a call or a meeting. What is typed is on the phone's disk at once, not when it is kept. */
import { all, on, one } from "./dom";
import { draw, words } from "./field-draw";
import { filed, filing, filingOffered } from "./field-files";
import type { HeldFiles } from "./field-held";
import type { Entry, Item, Person, Place, Store } from "./field-store";

interface Known {
  store: Store;
  files: HeldFiles | null;
  user: number;
  people: Person[];
  items: Item[];
  places: Place[];
}
export interface Said {
  side: string;
  title: string;
  due: string;
}
interface Newcomer {
  name: string;
  organisation: string;
  phone: string;
  email: string;
}
interface Typed {
  /** Of the entry that it becomes: photos are added before it is one. */
  key?: string;
  newcomer?: Newcomer;
  channel: string;
  text: string;
  when: string;
  project: string;
  promises: Said[];
}

const TITLE = 80;

let keep: (() => Promise<void>) | null = null;
let noted: (() => void) | null = null;

const form = (): HTMLFormElement | null => one<HTMLFormElement>("form[data-talk]");

function typed(from: HTMLFormElement): Typed {
  const data = new FormData(from);
  const say = (name: string): string => String(data.get(name) ?? "");
  const promises = all("[data-promise]", from).map((line) => ({
    side: one<HTMLSelectElement>("select", line)?.value ?? "ours",
    title: one<HTMLInputElement>("[name=promise]", line)?.value.trim() ?? "",
    due: one<HTMLInputElement>("[name=due]", line)?.value.trim() ?? "",
  }));
  const newcomer = data.has("new-name")
    ? { name: say("new-name").trim(), organisation: say("new-organisation"), phone: say("new-phone"), email: say("new-email") }
    : undefined;
  return { newcomer, channel: say("channel"), text: say("text"), when: say("when"), project: say("project"), promises };
}

function addPromise(into: HTMLFormElement, said?: Said): HTMLElement {
  const line = draw("field-promise");
  const side = one<HTMLSelectElement>("select", line);
  const title = one<HTMLInputElement>("[name=promise]", line);
  const due = one<HTMLInputElement>("[name=due]", line);
  if (said && side && title && due) {
    side.value = said.side;
    title.value = said.title;
    due.value = said.due;
  }
  one("[data-promises-said]", into)?.append(line);
  return line;
}

function show(into: HTMLFormElement, values: Typed, places: Place[], allowed: number[]): void {
  into.reset();
  one("[data-promises-said]", into)?.replaceChildren();
  const select = one<HTMLSelectElement>("select[name=project]", into);
  const offered = places.filter((place) => allowed.includes(place.id));
  select?.replaceChildren(...offered.map((place) => new Option(place.name, String(place.id))));
  const set = (name: string, value: string): void => {
    const field = one<HTMLInputElement>(`[name=${name}]`, into);
    if (field) field.value = value;
  };
  for (const radio of all<HTMLInputElement>("[name=channel]", into)) radio.checked = radio.value === values.channel;
  set("text", values.text);
  set("when", values.when);
  // What is switched off is neither asked for nor sent.
  const part = one<HTMLFieldSetElement>("[data-newcomer]", into);
  if (part) part.hidden = part.disabled = !values.newcomer;
  for (const [name, value] of Object.entries(values.newcomer ?? {})) set(`new-${name}`, value);
  if (offered.some((place) => String(place.id) === values.project)) set("project", values.project);
  for (const said of values.promises) addPromise(into, said);
}

function offer(within: HTMLFormElement, places: Place[]): void {
  const chosen = one<HTMLSelectElement>("select[name=project]", within)?.value;
  const part = one("[data-promising]", within);
  const place = places.find((one) => String(one.id) === chosen);
  if (part) part.hidden = !place?.promises;
  void filingOffered(within, Boolean(place?.files));
}

/** Opens the form for a person (`12`) or to change an entry (`item-3`); false when it is not there. */
export async function talkForm(id: string, known: Known, after: (item: Item) => Promise<void>): Promise<boolean> {
  const item = id.startsWith("item-") ? known.items.find((one) => one.n === Number(id.slice(5))) : undefined;
  const written = item?.entry.who as { party?: number; new?: Newcomer } | undefined;
  const who = written?.party ?? Number(id);
  const nobody = { name: "", organisation: "", phone: "", email: "" };
  const newcomer = id === "new" ? nobody : written?.new;
  const person = known.people.find((one) => one.id === who);
  const into = form();
  if (!into || (!person && !item && !newcomer) || item?.state === "kept") return false;
  const place = `draft:${id}`;
  const blank: Typed = { channel: "visit", text: "", when: "", project: "", promises: [], newcomer };
  const before = item && ({ ...blank, ...item.entry, newcomer, project: String(item.entry.project) } as unknown as Typed);
  const draft = await known.store.fact<Typed>(place);
  const offered = known.places.filter((one) => !newcomer || one.people).map((one) => one.id);
  const allowed = item || newcomer ? offered : (person?.projects ?? []);
  show(into, draft ?? before ?? blank, known.places, allowed);
  const key = item?.entry.key ?? draft?.key ?? crypto.randomUUID();
  const note = (): Promise<void> => known.store.setFact(place, { ...typed(into), key });
  await filing(into, known.files && { files: known.files, store: known.store, talk: key, before: note });
  offer(into, known.places);
  const name = one("[data-talk-with]");
  if (name) name.textContent = newcomer ? words("newcomer") : (item?.who ?? person?.name ?? "");
  const back = one<HTMLAnchorElement>("[data-back]", into);
  if (back) back.href = item ? `#item/${item.n}` : newcomer ? "#" : `#person/${who}`;
  noted = () => void note();
  into.onchange = () => offer(into, known.places);
  keep = async () => {
    await filed();
    const { text, promises, project, newcomer: met, ...rest } = typed(into);
    const said = promises.filter((one) => one.title);
    const written_at = item?.entry.written_at ?? new Date().toISOString();
    const entry: Entry = {
      key,
      kind: "talk",
      user: known.user,
      written_at,
      ...rest,
      who: met ? { new: met } : { party: who },
      project: Number(project),
      text: text.trim(),
      promises: said,
    };
    const line = text.trim().split("\n", 1)[0] ?? "";
    const title = `${words(rest.channel)}: ${line.length > TITLE ? `${line.slice(0, TITLE)}…` : line}`;
    await after({ ...(item ? { n: item.n as number } : {}), state: "waiting", title, who: met?.name ?? item?.who ?? person?.name ?? "", entry, at: Date.now() });
    await known.store.setFact(place, undefined);
  };
  return true;
}

on("input", "form[data-talk]", () => noted?.());
on("click", "[data-add-promise]", () => {
  const into = form();
  if (into) one("[name=promise]", addPromise(into))?.focus();
});
on("click", "[data-drop-promise]", (button) => {
  button.closest("[data-promise]")?.remove();
  noted?.();
});
on("submit", "form[data-talk]", (_form, event) => {
  event.preventDefault();
  void keep?.();
});
