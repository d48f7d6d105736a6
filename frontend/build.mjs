// Bundles the stylesheet and the scripts, copies what ships as it is, and draws the sprite of the icons in use.
import { build, context } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { feature } from "topojson-client";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const source = join(root, "src/enishi");
const out = join(source, "core/static/dist");
const modules = join(root, "node_modules");

const FONTS = [
  { name: "inter", style: "wght.css" },
  { name: "vazirmatn", style: "wght.css" },
  { name: "noto-sans-jp", style: "wght.css" },
];

function fonts() {
  mkdirSync(join(out, "fonts"), { recursive: true });
  let css = "";
  for (const { name, style } of FONTS) {
    const from = join(modules, "@fontsource-variable", name);
    const text = readFileSync(join(from, style), "utf8");
    for (const [, file] of text.matchAll(/url\(\.\/files\/([^)]+)\)/g)) {
      copyFileSync(join(from, "files", file), join(out, "fonts", file));
    }
    css += text
      .replaceAll("./files/", "fonts/")
      .replace(/\/\*.*?\*\//gs, "")
      .replace(/\s*\n\s*/g, "");
  }
  writeFileSync(join(out, "fonts.css"), css);
  // For PDF, whose typesetter reads no woff2.
  const persian = join(modules, "@expo-google-fonts/vazirmatn");
  for (const style of ["400Regular", "600SemiBold"]) {
    copyFileSync(join(persian, style, `Vazirmatn_${style}.ttf`), join(out, "fonts", `Vazirmatn_${style}.ttf`));
  }
}

function tabler() {
  for (const file of ["tabler.min.css", "tabler.rtl.min.css"]) {
    const css = readFileSync(join(modules, "@tabler/core/dist/css", file), "utf8");
    writeFileSync(join(out, file), css.replace(/\/\*# sourceMappingURL=.*?\*\//, ""));
  }
}

// The icons named in templates (`{% icon "phone" %}`, `icon="phone"`), in Python and in scripts, and those of icons.txt.
function iconsInUse() {
  const names = new Map();
  const note = (name, place) => names.has(name) || names.set(name, place);
  for (const line of readFileSync(join(here, "icons.txt"), "utf8").split("\n")) {
    const name = line.replace(/#.*/, "").trim();
    if (name) note(name, "frontend/icons.txt");
  }
  const patterns = [/\{%-?\s*icon\s+["']([\w-]+)["']/g, /\bicon=["']([\w-]+)["']/g, /["']icon["']:\s*["']([\w-]+)["']/g, /\b_?icon\(\s*["']([\w-]+)["']/g];
  for (const path of readdirSync(source, { recursive: true })) {
    if (!/\.(html|py)$/.test(path)) continue;
    const file = join(source, path);
    const text = readFileSync(file, "utf8");
    if (!text.includes("icon")) continue;
    for (const pattern of patterns) for (const [, name] of text.matchAll(pattern)) note(name, path);
  }
  return names;
}

function sprite() {
  const missing = [];
  let symbols = readFileSync(join(here, "symbols.svg"), "utf8").replace(/<\/?svg[^>]*>/g, "").replace(/\s*\n\s*/g, "");
  for (const [name, place] of [...iconsInUse()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const filled = name.endsWith("-filled");
    const file = join(modules, "@tabler/icons/icons", filled ? `filled/${name.slice(0, -7)}.svg` : `outline/${name}.svg`);
    let svg;
    try {
      svg = readFileSync(file, "utf8");
    } catch {
      missing.push(`${name} (${place})`);
      continue;
    }
    const inner = svg.replace(/<!--.*?-->/gs, "").replace(/^[^]*?<svg[^>]*>|<\/svg>\s*$/g, "").replace(/\s*\n\s*/g, "");
    const look = filled
      ? 'fill="currentColor"'
      : 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
    symbols += `<symbol id="${name}" viewBox="0 0 24 24" ${look}>${inner}</symbol>`;
  }
  if (missing.length) throw new Error(`Tabler has no icon of this name: ${missing.join(", ")}`);
  writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols}</svg>`);
}

// The land for the map, from Natural Earth: the world at once in two finenesses, and the finest by country.
function land() {
  const to = join(out, "land");
  mkdirSync(to, { recursive: true });
  const round = (value, digits) => JSON.stringify(value, (_key, part) => (typeof part === "number" ? Number(part.toFixed(digits)) : part));
  for (const scale of ["110m", "50m"]) copyFileSync(join(modules, `world-atlas/countries-${scale}.json`), join(to, `${scale}.json`));
  const world = JSON.parse(readFileSync(join(modules, "world-atlas/countries-10m.json"), "utf8"));
  const boxes = feature(world, world.objects.countries).features.flatMap((one, index) => {
    const parts = one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates;
    writeFileSync(join(to, `10m-${index}.json`), round({ type: "MultiPolygon", coordinates: parts }, 3));
    // A country on both sides of the 180° line has a box for each part, else it would be everywhere.
    const whole = bboxOf(parts);
    const some = whole[2] - whole[0] > 180 ? parts.map((part) => bboxOf([part])) : [whole];
    return some.map((box) => [index, ...box]);
  });
  writeFileSync(join(to, "10m.json"), round(boxes, 2));
}

function bboxOf(parts) {
  const box = [180, 90, -180, -90];
  for (const [outer] of parts) {
    for (const [lng, lat] of outer) {
      box[0] = Math.min(box[0], lng);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lng);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box;
}

function assets() {
  mkdirSync(out, { recursive: true });
  fonts();
  tabler();
  sprite();
  land();
  copyFileSync(join(here, "mark.svg"), join(out, "mark.svg"));
}

const options = {
  entryPoints: [
    { in: join(here, "src/main.ts"), out: "enishi" },
    { in: join(here, "css/enishi.css"), out: "enishi" },
    // For the pages that need it: a matrix is not on every page.
    { in: join(here, "css/stakeholders.css"), out: "stakeholders" },
    { in: join(here, "css/relations.css"), out: "relations" },
    { in: join(here, "css/roles.css"), out: "roles" },
    { in: join(here, "css/tour.css"), out: "tour" },
    { in: join(here, "src/tour.ts"), out: "tour" },
    { in: join(here, "src/map.ts"), out: "map" },
    { in: join(here, "src/field.ts"), out: "field" },
    { in: join(here, "src/field-worker.ts"), out: "field-worker" },
    { in: join(here, "css/map.css"), out: "map" },
    { in: join(here, "css/field.css"), out: "field" },
  ],
  // Pictures that the stylesheet of the map names and that are not drawn.
  loader: { ".png": "empty" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome123", "firefox128", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  assets();
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  rmSync(out, { recursive: true, force: true });
  assets();
  await build(options);
}
