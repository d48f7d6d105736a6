/** What the parts of the map share: what the page told it, words, marks. */
import * as L from "leaflet";

export interface Told {
  cells?: string;
  area?: string;
  box: [number, number, number, number] | null;
  at?: [number, number] | null;
  areas?: string[];
  layers: { url: string; label: string }[];
  pick?: boolean;
}

export const words = (frame: HTMLElement, name: string): string => frame.dataset[`words${name[0]?.toUpperCase()}${name.slice(1)}`] ?? "";

export function say(text: string): void {
  const status = document.querySelector<HTMLElement>("[data-map-says]");
  if (status) status.textContent = text;
}

/** A round mark; its size grows with the root of how many it stands for. */
export function mark(kind: string, text: string, size: number): L.DivIcon {
  const inner = document.createElement("span");
  inner.textContent = text;
  return L.divIcon({ className: `en-dot ${kind}`, html: inner, iconSize: [size, size] });
}
