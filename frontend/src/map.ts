/** The map of contacts: land that ships with the product, people by squares that the server counts, areas that filter. */
import * as L from "leaflet";

import { drawAreas, drawTool } from "./map-areas";
import { landOn } from "./map-land";
import { mark, say, words, type Told } from "./map-words";

interface Cell {
  at: [number, number];
  n: number;
  shown: string;
  tone: string;
  sign?: string;
  town: string;
  words: string;
  url?: string;
}

function link(text: string, url: string): HTMLAnchorElement {
  const found = document.createElement("a");
  found.textContent = text;
  found.href = url;
  return found;
}

function about(map: L.Map, frame: HTMLElement, told: Told, cell: Cell, square: string): HTMLElement {
  const body = document.createElement("div");
  body.className = "en-map-pop";
  body.dir = document.documentElement.dir;
  const head = document.createElement("b");
  head.textContent = cell.town;
  const line = document.createElement("span");
  line.textContent = cell.words;
  body.append(...(cell.town ? [head] : []), line);
  if (cell.url) body.append(link(words(frame, "open"), cell.url));
  else body.append(link(words(frame, "list"), `${told.area}&list=1&shape=${encodeURIComponent(square)}`));
  if (cell.n > 1 && map.getZoom() < map.getMaxZoom()) {
    const closer = document.createElement("a");
    closer.href = "#";
    closer.textContent = words(frame, "closer");
    closer.addEventListener("click", (event) => {
      event.preventDefault();
      map.setView(cell.at, Math.min(map.getZoom() + 3, map.getMaxZoom()));
    });
    body.append(closer);
  }
  return body;
}

const SQUARE_PX = 64;

function people(map: L.Map, frame: HTMLElement, told: Told): void {
  const layer = L.layerGroup().addTo(map);
  let asked = 0;
  const draw = async () => {
    const mine = ++asked;
    // A box whose squares stay where they are while one moves about: its side is a power of two.
    const side = 2 ** Math.ceil(Math.log2((360 * map.getSize().x) / (256 * 2 ** map.getZoom())));
    const across = Math.max(4, Math.min(24, Math.round((side * 256 * 2 ** map.getZoom()) / 360 / SQUARE_PX)));
    const step = side / across;
    const seen = map.getBounds();
    const west = Math.max(-180, Math.floor(seen.getWest() / step) * step);
    const east = Math.min(180, west + side);
    const south = Math.max(-90, Math.floor(seen.getSouth() / step) * step);
    const north = Math.min(90, seen.getNorth());
    if (west >= east || south >= north) return;
    const answer = await fetch(`${told.cells}&across=${across}&box=${[west, south, east, north].join(",")}`);
    if (!answer.ok || mine !== asked) return;
    const { cells } = (await answer.json()) as { cells: Cell[] };
    if (mine !== asked) return;
    const size = (east - west) / across;
    const focused = layer.getLayers().find((one) => one instanceof L.Marker && one.getElement() === document.activeElement);
    layer.clearLayers();
    for (const cell of cells) {
      const radius = cell.n === 1 ? (cell.sign ? 26 : 18) : Math.min(64, 24 + 6 * Math.log2(cell.n));
      const [lat, lng] = cell.at;
      const left = west + Math.floor((lng - west) / size) * size;
      const low = south + Math.floor((lat - south) / size) * size;
      const corner = (y: number, x: number) => `${Math.min(90, y).toFixed(6)},${Math.min(180, x).toFixed(6)}`;
      const square = [corner(low, left), corner(low, left + size), corner(low + size, left + size), corner(low + size, left)].join(" ");
      const title = [cell.town, cell.words].filter(Boolean).join(": ");
      const dot = L.marker(cell.at, { icon: mark(cell.tone, cell.n === 1 ? (cell.sign ?? "") : cell.shown, radius), title, alt: title });
      dot.bindPopup(() => about(map, frame, told, cell, square));
      dot.addTo(layer);
      dot.getElement()?.setAttribute("aria-label", title);
    }
    if (focused) map.getContainer().focus();
  };
  map.on("moveend", () => void draw());
  void draw();
}

function layers(map: L.Map, told: Told): void {
  const shown = new Map<string, L.GeoJSON>();
  const fieldset = document.querySelector<HTMLElement>("[data-map-layers]");
  if (fieldset) fieldset.hidden = false;
  const show = async (url: string, on: boolean) => {
    const there = shown.get(url);
    if (there) return void (on ? there.addTo(map) : there.remove());
    if (!on) return;
    const answer = await fetch(url);
    if (!answer.ok) return;
    const layer = L.geoJSON(await answer.json(), {
      style: { className: "layer" },
      pointToLayer: (_feature, at) => L.circleMarker(at, { radius: 6, className: "layer" }),
      onEachFeature: (feature, drawn) => {
        const name = document.createElement("bdi");
        name.textContent = String(feature.properties?.name ?? "");
        if (name.textContent) drawn.bindTooltip(name, { sticky: true });
      },
    });
    shown.set(url, layer);
    layer.addTo(map);
  };
  for (const layer of told.layers) void show(layer.url, true);
  fieldset?.addEventListener("change", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement) void show(box.value, box.checked);
  });
}

/** One place to be chosen: a click, or Enter for the middle, fills the two fields of the form. */
function pick(map: L.Map, frame: HTMLElement): void {
  const lat = document.querySelector<HTMLInputElement>("[data-map-latitude]");
  const lng = document.querySelector<HTMLInputElement>("[data-map-longitude]");
  if (!lat || !lng) return;
  let here: L.Marker | null = null;
  const show = (at: L.LatLngExpression) => {
    here ??= L.marker(at, { icon: mark("here", "", 20), keyboard: false, title: words(frame, "here") }).addTo(map);
    here.setLatLng(at);
  };
  const choose = (at: L.LatLng) => {
    const { lat: y, lng: x } = at.wrap();
    lat.value = y.toFixed(5);
    lng.value = x.toFixed(5);
    lat.dispatchEvent(new Event("input", { bubbles: true }));
    show([y, x]);
    say(`${words(frame, "here")}: ${lat.value}, ${lng.value}`);
  };
  const typed = () => {
    const [y, x] = [Number(lat.value), Number(lng.value)];
    if (lat.value && lng.value && Math.abs(y) <= 90 && Math.abs(x) <= 180) show([y, x]);
  };
  typed();
  lat.addEventListener("change", typed);
  lng.addEventListener("change", typed);
  map.on("click", (event) => choose(event.latlng));
  frame.classList.add("drawing");
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === frame) {
      event.preventDefault();
      choose(map.getCenter());
    }
  });
}

function start(frame: HTMLElement): void {
  if (frame.dataset.started) return;
  frame.dataset.started = "yes";
  frame.hidden = false;
  const told = JSON.parse(document.getElementById(frame.dataset.map ?? "")?.textContent ?? "{}") as Told;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(frame, {
    minZoom: 1,
    maxZoom: 17,
    zoomSnap: 0.5,
    maxBounds: [[-88, -200], [88, 200]],
    zoomControl: false,
    attributionControl: false,
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    markerZoomAnimation: !calm,
    // A page is scrolled over the map with the wheel; closer by buttons, pinching, or Ctrl and the wheel.
    scrollWheelZoom: false,
  });
  const rtl = document.documentElement.dir === "rtl";
  L.control.zoom({ position: rtl ? "topright" : "topleft", zoomInTitle: words(frame, "in"), zoomOutTitle: words(frame, "out") }).addTo(map);
  L.control.scale({ imperial: false, position: rtl ? "bottomright" : "bottomleft" }).addTo(map);
  L.control.attribution({ prefix: false, position: rtl ? "bottomleft" : "bottomright" }).addAttribution(words(frame, "attribution")).addTo(map).getContainer()?.setAttribute("dir", document.documentElement.dir);
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    map.setZoomAround(map.mouseEventToLatLng(event), map.getZoom() - Math.sign(event.deltaY) * 0.5);
  }, { passive: false });
  if (told.at) map.setView(told.at, 12);
  else if (told.box) map.fitBounds([[told.box[1], told.box[0]], [told.box[3], told.box[2]]], { maxZoom: 12 });
  else map.setView([25, 20], 1.5);
  landOn(map, frame.dataset.land ?? "").catch(() => say(words(frame, "lost")));
  drawAreas(map, told);
  layers(map, told);
  if (told.pick) return pick(map, frame);
  if (told.cells) people(map, frame, told);
  if (told.area) drawTool(map, frame, told);
}

const startAll = () => document.querySelectorAll<HTMLElement>("[data-map]").forEach(start);
startAll();
document.addEventListener("htmx:load", startAll);
