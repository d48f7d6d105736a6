/** The land under the map: coarse while one looks from afar, by country and fine from near. */
import * as L from "leaflet";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

type Shape = GeoJSON.Geometry;

const NEAR = 6.5;
const MIDDLE = 3.5;

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(url);
  return (await answer.json()) as T;
}

type Ring = GeoJSON.Position[];

/** A ring that jumps from 180° to -180° goes on beyond 180° instead; one around the pole is led along the pole. */
function unwrapped(ring: Ring): Ring {
  let turn = 0;
  const found = ring.map(([lng = 0, lat = 0], index) => {
    const before = ring[index - 1]?.[0] ?? lng;
    if (Math.abs(lng - before) > 180) turn += lng < before ? 360 : -360;
    return [lng + turn, lat];
  });
  const [first, last] = [found[0]?.[0] ?? 0, found.at(-1)?.[0] ?? 0];
  return turn && Math.abs(last - first) > 180 ? [...found, [last, -89], [first, -89]] : found;
}

/** The polygons of a country on a flat map: what goes beyond an edge is drawn once more at the other edge. */
function flat(shape: Shape): GeoJSON.MultiPolygon {
  const parts = shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : [];
  const moved = (part: Ring[], by: number) => part.map((ring) => ring.map(([lng = 0, lat = 0]) => [lng + by, lat]));
  const coordinates = parts.flatMap((part) => {
    const whole = part.map(unwrapped);
    const sides = (whole[0] ?? []).map(([lng = 0]) => lng);
    const [least, most] = [Math.min(...sides), Math.max(...sides)];
    return [whole, ...(most > 181 ? [moved(whole, -360)] : []), ...(least < -181 ? [moved(whole, 360)] : [])];
  });
  return { type: "MultiPolygon", coordinates };
}

export async function landOn(map: L.Map, folder: string): Promise<void> {
  map.createPane("land").style.zIndex = "200";
  const renderer = L.svg({ pane: "land", padding: 0.4 });
  // L.geoJSON hands its options on to every path; its own type does not say so.
  const options = { pane: "land", renderer, interactive: false, style: { className: "land" } } as L.GeoJSONOptions;
  const world = new Map<string, L.GeoJSON>();
  const near = new Map<number, L.GeoJSON>();
  let boxes: [number, number, number, number, number][] | null = null;

  const whole = async (scale: string) => {
    const known = world.get(scale);
    if (known) return known;
    const atlas = await read<Topology<{ countries: GeometryCollection }>>(`${folder}${scale}.json`);
    const made = L.geoJSON(undefined, options);
    for (const one of feature(atlas, atlas.objects.countries).features) made.addData(flat(one.geometry));
    world.set(scale, made);
    return made;
  };
  const country = async (index: number) => {
    const known = near.get(index);
    if (known) return known;
    const made = L.geoJSON(flat(await read<Shape>(`${folder}10m-${index}.json`)), options);
    near.set(index, made);
    return made;
  };
  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const zoom = map.getZoom();
    const wanted: L.GeoJSON[] = [];
    if (zoom < NEAR) wanted.push(await whole(zoom < MIDDLE ? "110m" : "50m"));
    else {
      boxes ??= await read(`${folder}10m.json`);
      const seen = map.getBounds().pad(0.3);
      const met = (boxes ?? []).filter(([, west, south, east, north]) => seen.intersects([[south, west], [north, east]]));
      wanted.push(...(await Promise.all([...new Set(met.map(([index]) => index))].map(country))));
    }
    if (mine !== turn) return;
    for (const layer of [...world.values(), ...near.values()]) {
      if (wanted.includes(layer)) layer.addTo(map);
      else layer.remove();
    }
  };
  map.on("moveend", () => void draw());
  await draw();
}
