/** Events that the server sends, as DOM events; one guard while the line is lost. */
import { all, one } from "./dom";
import { onMove, showHere, where } from "./here";
import type { Here } from "./here";

const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const PATIENCE = 2;
const KNOWN = ["count", "notification", "job", "entry", "here", "missed"];

interface Count {
  key: string;
  n: number;
}
interface Job {
  id: string | number;
  done: number;
  total: number;
}

const numbers = new Intl.NumberFormat(document.documentElement.lang);

function showCount({ key, n }: Count): void {
  for (const place of all(`[data-count="${CSS.escape(key)}"]`)) {
    place.textContent = numbers.format(n);
    place.hidden = n === 0;
  }
}

function showJob({ id, done, total }: Job): void {
  const bar = one<HTMLProgressElement>(`[data-job="${CSS.escape(String(id))}"] progress`);
  if (!bar || !total) return;
  bar.max = total;
  bar.value = done;
}

function tell(name: string, data: unknown): void {
  if (name === "count") showCount(data as Count);
  if (name === "job") showJob(data as Job);
  if (name === "here") showHere(data as Here);
  const send = (type: string) => document.body.dispatchEvent(new CustomEvent(type, { detail: data, bubbles: true }));
  send(`live:${name}`);
  if (typeof data === "object" && data !== null && "id" in data) send(`live:${name}-${String(data.id)}`);
}

function lost(is: boolean): void {
  const guard = one("[data-lost]");
  if (guard) guard.hidden = !is;
}

let everOpen = false;

let current: EventSource | null = null;

function listen(url: string, failures = 0): void {
  const before = current;
  const source = new EventSource(url + where(), { withCredentials: true });
  current = source;
  source.onopen = () => {
    // Closed only now: nothing that comes between two lines is lost.
    before?.close();
    everOpen = true;
    lost(false);
    if (failures) tell("missed", {});
    failures = 0;
  };
  source.onerror = () => {
    source.close();
    before?.close();
    if (source !== current) return;
    failures += 1;
    // A short gap is nobody's business, and a page that never had the line works as well without it.
    if (everOpen && failures > PATIENCE) lost(true);
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] as number;
    window.setTimeout(() => source === current && listen(url, failures), wait);
  };
  for (const name of new Set([...KNOWN, ...(document.body.dataset.liveEvents?.split(" ") ?? [])])) {
    source.addEventListener(name, (event) => tell(name, JSON.parse((event as MessageEvent<string>).data)));
  }
}

const address = document.body.dataset.liveUrl;
if (address) {
  listen(address);
  onMove(() => listen(address));
}
