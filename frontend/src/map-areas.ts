/** Areas on the map: those that filter, and a new one drawn by clicks or by moving the map and pressing Enter. */
import * as L from "leaflet";

import { mark, say, words, type Told } from "./map-words";

const pair = (text: string): [number, number] => {
  const [lat = 0, lng = 0] = text.split(",").map(Number);
  return [lat, lng];
};

export function drawAreas(map: L.Map, told: Told): void {
  for (const area of told.areas ?? []) {
    const [body = "", radius] = area.split(";");
    const corners = body.split(" ").map(pair);
    const options = { className: "area", interactive: false };
    const first = corners[0];
    const shape = radius && first ? L.circle(first, { ...options, radius: Number(radius) }) : L.polygon(corners, options);
    shape.addTo(map);
    if (!told.at) map.fitBounds(shape.getBounds().pad(0.2), { maxZoom: 14 });
  }
}

export function drawTool(map: L.Map, frame: HTMLElement, told: Told): void {
  const tool = (name: string) => document.querySelector<HTMLButtonElement>(`[data-map-${name}]`);
  const tools = document.querySelector<HTMLElement>("[data-map-tools]");
  const drawing = document.querySelector<HTMLElement>("[data-map-drawing]");
  const begin = tool("draw");
  if (!tools || !drawing || !begin) return;
  tools.hidden = false;
  const corners: L.LatLng[] = [];
  const group = L.layerGroup().addTo(map);
  let on = false;

  const show = () => {
    group.clearLayers();
    if (corners.length > 1) L.polygon(corners, { className: "area", interactive: false }).addTo(group);
    for (const corner of corners) L.marker(corner, { icon: mark("corner", "", 12), interactive: false, keyboard: false }).addTo(group);
    const use = tool("use");
    if (use) use.disabled = corners.length < 3;
  };
  const add = (at: L.LatLng) => {
    const { lat, lng } = at;
    corners.push(L.latLng(Math.max(-90, Math.min(90, lat)), Math.max(-180, Math.min(180, lng))));
    say(`${words(frame, "corner")} ${corners.length}`);
    show();
  };
  const turn = (to: boolean) => {
    on = to;
    corners.length = 0;
    begin.hidden = to;
    drawing.hidden = !to;
    frame.classList.toggle("drawing", to);
    map.doubleClickZoom[to ? "disable" : "enable"]();
    show();
    if (to) frame.focus();
    else begin.focus();
  };
  begin.addEventListener("click", () => turn(true));
  tool("cancel")?.addEventListener("click", () => turn(false));
  tool("corner")?.addEventListener("click", () => add(map.getCenter()));
  tool("back")?.addEventListener("click", () => {
    corners.pop();
    show();
  });
  tool("use")?.addEventListener("click", () => {
    const shape = corners.map(({ lat, lng }) => `${lat.toFixed(6)},${lng.toFixed(6)}`).join(" ");
    location.assign(`${told.area}&shape=${encodeURIComponent(shape)}`);
  });
  map.on("click", (event) => {
    if (on) add(event.latlng);
  });
  frame.addEventListener("keydown", (event) => {
    if (!on) return;
    if (event.key === "Enter" && event.target === frame) {
      event.preventDefault();
      add(map.getCenter());
    } else if (event.key === "Escape") {
      event.stopPropagation();
      turn(false);
    } else if (event.key === "Backspace" && event.target === frame) {
      event.preventDefault();
      corners.pop();
      show();
    }
  });
  const middle = tool("middle");
  const around = document.querySelector<HTMLInputElement>("[data-map-circle] [name=around]");
  if (!middle || !around) return;
  middle.hidden = false;
  middle.addEventListener("click", () => {
    const { lat, lng } = map.getCenter().wrap();
    around.value = `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
  });
}
