// What no page may do: colours outside the tokens, left and right, inline styles and scripts, dialogs of the browser.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const STYLESHEET_LIMIT = 14 * 1024;
// What a phone has to keep and read without a network.
const FIELD_LIMIT = 12 * 1024;
const LINES_LIMIT = 500;

const STYLE_RULES = [
  [/#[0-9a-f]{3,8}\b(?![^{}]*\{)/i, "a colour outside tokens.css: use a token"],
  [/(?:^|[\s{;])(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b/, "a physical side: use -inline-start, -inline-end, -block-start, -block-end"],
  [/(?:^|[\s{;])(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:/, "a physical property: use inset-…, inline-size, block-size"],
  [/(?:text-align|float|clear)\s*:\s*(?:left|right)\b/, "left or right: use start or end"],
];
const PAGE_RULES = [
  [/<[a-z][^>]*\sstyle\s*=/i, "an inline style: the content policy refuses it"],
  [/<style\b/i, "a style element: the content policy refuses it"],
  [/<script\b(?![^>]*\bsrc=)(?![^>]*type="application\/json")/i, "an inline script: the content policy refuses it"],
  [/<[a-z][^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=/i, "an event handler in an attribute: the content policy refuses it"],
  [/hx-vals\s*=\s*["']js:|hx-headers\s*=\s*["']js:/, "a value worked out by htmx: it needs eval"],
];

const found = [];

function* files(folder, pattern) {
  for (const path of readdirSync(folder, { recursive: true })) {
    if (pattern.test(path) && !path.includes("static/dist")) yield join(folder, path);
  }
}

function report(file, text, rules) {
  text.split("\n").forEach((line, index) => {
    for (const [rule, words] of rules) if (rule.test(line)) found.push(`${relative(root, file)}:${index + 1}: ${words}`);
  });
}

function checkLength(file, text) {
  const lines = text.split("\n").length;
  if (lines > LINES_LIMIT) found.push(`${relative(root, file)}: ${lines} lines, at most ${LINES_LIMIT}`);
}

let whole = "";
for (const file of files(join(here, "css"), /\.css$/)) {
  const text = readFileSync(file, "utf8");
  whole += text;
  checkLength(file, text);
  const isTokens = file.endsWith("tokens.css");
  const plain = text.replace(/@media[^{]*/g, (head) => head.replace(/[^\n]/g, " "));
  report(file, plain, isTokens ? STYLE_RULES.slice(1) : STYLE_RULES);
}
for (const file of files(join(here, "src"), /\.ts$/)) checkLength(file, readFileSync(file, "utf8"));
for (const file of files(join(root, "src/enishi"), /templates\/.*\.html$/)) {
  report(file, readFileSync(file, "utf8"), PAGE_RULES);
}
for (const name of new Set(whole.match(/var\(--en-[\w-]+/g))) {
  if (!whole.includes(`${name.slice(4)}:`)) found.push(`frontend/css: ${name.slice(4)} is used and defined nowhere`);
}

const built = join(root, "src/enishi/core/static/dist/enishi.css");
try {
  const size = gzipSync(readFileSync(built), { level: 9 }).length;
  if (size > STYLESHEET_LIMIT) found.push(`enishi.css: ${size} bytes compressed, at most ${STYLESHEET_LIMIT}`);
  const field = gzipSync(readFileSync(join(dirname(built), "field.js")), { level: 9 }).length;
  if (field > FIELD_LIMIT) found.push(`field.js: ${field} bytes compressed, at most ${FIELD_LIMIT}`);
} catch {
  found.push("enishi.css is not built: run `npm run build` first");
}

if (found.length) {
  console.error(found.join("\n"));
  process.exit(1);
}
