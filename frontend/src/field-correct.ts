/** Correcting a contact, and choosing where somebody else changed the same meanwhile. */
import { all, on, one } from "./dom";
import { draw, words } from "./field-draw";
import type { Entry, Item, Person, Store } from "./field-store";

export interface Changed {
  seen: string;
  mine: string;
  kind?: string;
}
interface Known {
  store: Store;
  user: number;
  people: Person[];
  items: Item[];
}

let keep: (() => Promise<void>) | null = null;
let noted: (() => void) | null = null;

const form = (): HTMLFormElement | null => one<HTMLFormElement>("form[data-correct]");

/** Every field that may be corrected, with what stands there. */
function fieldsOf(person: Person): Record<string, Changed> {
  const found: Record<string, Changed> = { full_name: { seen: person.written, mine: person.written } };
  for (const { id, kind, typed } of person.points) {
    if (kind !== "address") found[`point-${id}`] = { seen: typed, mine: typed, kind };
  }
  found.phone = { seen: "", mine: "", kind: "phone" };
  found.email = { seen: "", mine: "", kind: "email" };
  if (person.note !== null) found.note = { seen: person.note, mine: person.note };
  return found;
}

export function labelOf(name: string, { kind }: Changed): string {
  if (name === "phone" || name === "email") return words(`new${kind === "phone" ? "Phone" : "Email"}`);
  return words(name === "full_name" ? "name" : name === "note" ? "noted" : (kind ?? ""));
}

function show(into: HTMLFormElement, fields: Record<string, Changed>): void {
  const rows = Object.entries(fields).map(([name, field]) => {
    const row = draw(name === "note" ? "field-correct-long" : "field-correct-line", { label: labelOf(name, field) });
    const input = one<HTMLInputElement>("input, textarea", row);
    if (!input) return row;
    input.name = name;
    input.value = field.mine;
    input.id = `correct-${name}`;
    input.maxLength = name === "note" ? 20_000 : name === "full_name" ? 300 : 500;
    input.required = name === "full_name";
    if (field.kind) input.dir = "ltr";
    if (field.kind) input.type = field.kind === "phone" ? "tel" : "email";
    one("label", row)?.setAttribute("for", input.id);
    return row;
  });
  one("[data-correct-fields]", into)?.replaceChildren(...rows);
}

/** Opens the form for a person; what waits already is changed further, so that nobody is in their own way. */
export async function correctForm(id: string, known: Known, after: (item: Item) => Promise<void>): Promise<boolean> {
  const into = form();
  const person = known.people.find((one) => String(one.id) === id);
  if (!into || !person?.edit) return false;
  const whose = (item: Item): boolean => (item.entry.who as { party?: number } | undefined)?.party === person.id;
  const item = known.items.find((one) => one.entry.kind === "correction" && one.state !== "kept" && whose(one));
  const waiting = (item?.entry.fields ?? {}) as Record<string, Changed>;
  const place = `draft:correct/${id}`;
  const draft = (await known.store.fact<Record<string, string>>(place)) ?? {};
  const fields = { ...fieldsOf(person), ...waiting };
  const shown = Object.entries(fields).map(([name, field]) => [name, { ...field, mine: draft[name] ?? field.mine }] as const);
  show(into, Object.fromEntries(shown));
  const name = one("[data-correct-who]");
  if (name) name.textContent = person.name;
  const back = one<HTMLAnchorElement>("[data-back]", into);
  if (back) back.href = `#person/${id}`;
  const typed = (): Record<string, string> => Object.fromEntries([...new FormData(into)].map(([key, value]) => [key, String(value)]));
  noted = () => void known.store.setFact(place, typed());
  keep = async () => {
    const now = typed();
    const changed = Object.entries(fields)
      .map(([key, field]) => [key, { ...field, mine: (now[key] ?? "").trim() }] as const)
      .filter(([, { seen, mine }]) => seen.trim() !== mine);
    await known.store.setFact(place, undefined);
    if (!changed.length && !item) {
      window.location.hash = `person/${id}`;
      return;
    }
    const entry: Entry = {
      key: item?.entry.key ?? crypto.randomUUID(),
      kind: "correction",
      user: known.user,
      written_at: item?.entry.written_at ?? new Date().toISOString(),
      who: { party: person.id },
      fields: Object.fromEntries(changed),
    };
    const title = `${words("correction")}: ${changed.map(([key, field]) => labelOf(key, field)).join(", ")}`;
    await after({ ...(item ? { n: item.n as number } : {}), state: "waiting", title, who: person.name, entry, at: Date.now() });
  };
  return true;
}

/** The two sides of each field that both changed. */
export function drawClashes(item: Item): HTMLElement[] {
  return (item.clashes ?? []).map(({ name, label, mine, theirs }) => {
    const row = draw("field-clash", { label, mine: mine || words("empty"), theirs: theirs || words("empty") });
    for (const radio of all<HTMLInputElement>("input", row)) {
      radio.name = `keep-${name}`;
      radio.required = true;
    }
    return row;
  });
}

/** The entry with what was chosen: mine is compared with theirs from now on, theirs stays as it is. */
export function decided(item: Item, chosen: FormData): Item {
  const fields = { ...(item.entry.fields as Record<string, Changed>) };
  for (const { name, theirs } of item.clashes ?? []) {
    const field = fields[name];
    if (chosen.get(`keep-${name}`) === "mine" && field) fields[name] = { ...field, seen: theirs };
    else delete fields[name];
  }
  return { ...item, state: "waiting", clashes: undefined, entry: { ...item.entry, fields } };
}

on("input", "form[data-correct]", () => noted?.());
on("submit", "form[data-correct]", (_form, event) => {
  event.preventDefault();
  void keep?.();
});
