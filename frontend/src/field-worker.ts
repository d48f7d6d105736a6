/** Between the page of the field and the network: the page comes from the phone when the network does not answer. */
import { CACHE } from "./field-store";

declare const self: Window & { registration: { scope: string }; skipWaiting(): void; clients: { claim(): Promise<void> } };

interface Waiting extends Event {
  waitUntil(what: Promise<unknown>): void;
}
interface Asked extends Waiting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

// A network that is there and does not answer is worse than none.
const PATIENCE_MS = 4000;

async function page(request: Request): Promise<Response> {
  const kept = await caches.match(self.registration.scope, { cacheName: CACHE });
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE_MS) } : undefined);
    return kept && answer.status >= 500 ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function part(request: Request): Promise<Response> {
  const kept = await caches.match(request, { cacheName: CACHE });
  if (kept) return kept;
  const answer = await fetch(request);
  // A font for names in another script, asked for when the first of them is shown.
  if (answer.ok && (await caches.has(CACHE))) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => (event as Waiting).waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event as Asked;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== new URL(self.registration.scope).origin) return;
  if (request.mode === "navigate" && request.url.split(/[?#]/)[0] === self.registration.scope) {
    (event as Asked).respondWith(page(request));
  } else if (url.pathname.startsWith("/static/")) {
    (event as Asked).respondWith(part(request));
  }
});
