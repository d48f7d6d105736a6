/** Who else is at the record of this page. The stream itself says where one is: nothing else is sent for it. */
import { all, one } from "./dom";

const QUIET_MS = 60_000;

export interface Here {
  of: string;
  people: { name: string; edits: boolean }[];
}

let typed = false;

const place = (): HTMLElement | null => one("[data-here]");

/** What the address of the stream says of this page. */
export function where(): string {
  const here = place();
  if (!here?.dataset.here) return "";
  const edits = typed || "hereEdits" in here.dataset;
  return `?of=${encodeURIComponent(here.dataset.here)}${edits ? "&edits=1" : ""}`;
}

/** Runs whenever one is somewhere else, begins to change something, or has not for a minute. */
export function onMove(moved: () => void): void {
  let before = where();
  let timer = 0;
  const look = () => {
    if (where() === before) return;
    before = where();
    moved();
  };
  const rest = () => {
    window.clearTimeout(timer);
    typed = false;
    look();
  };
  document.addEventListener("input", (event) => {
    const field = event.target instanceof Element ? event.target.closest("#main form, #sheet form") : null;
    if (!field || !place()) return;
    typed = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(rest, QUIET_MS);
    look();
  });
  document.addEventListener("submit", rest);
  document.addEventListener("htmx:afterSettle", look);
}

function sign({ name, edits }: Here["people"][number], words: string): HTMLElement {
  const tag = document.createElement("span");
  tag.className = edits ? "en-tag warn" : "en-tag";
  const who = document.createElement("bdi");
  who.textContent = name;
  const [before = "", after = ""] = words.split("{name}");
  tag.append(before, who, after);
  return tag;
}

export function showHere({ of, people }: Here): void {
  for (const here of all(`[data-here="${CSS.escape(of)}"]`)) {
    const { looks = "{name}", changes = "{name}" } = here.dataset;
    here.replaceChildren(...people.map((person) => sign(person, person.edits ? changes : looks)));
    here.hidden = people.length === 0;
  }
}
