// Writes templates/icons from Hero Icons: a partial for each icon of icons.json, and the sprite of those that a
// page repeats. With --check it only says whether what is there is what it would write.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const registry = JSON.parse(readFileSync(new URL("../icons.json", import.meta.url), "utf8"));
const folder = new URL("../../templates/icons/", import.meta.url);
const PACKAGE = { outline: "24/outline", solid: "24/solid", mini: "20/solid" };

/** The width of an icon of Hero Icons, which is its height, and its shapes. */
function icon(name, style) {
  const file = new URL(`../node_modules/heroicons/${PACKAGE[style]}/${name}.svg`, import.meta.url);
  const text = readFileSync(file, "utf8");
  const [, width, height] = text.match(/viewBox="0 0 (\d+) (\d+)"/) ?? [];
  const [, shapes] = text.match(/<svg[^>]*>([\s\S]*)<\/svg>/) ?? [];
  if (!shapes || width !== height) throw new Error(`${name} (${style}) is no square icon`);
  return { size: Number(width), shapes: shapes.replace(/>\s+</g, "><").trim() };
}

const paint = (style) =>
  style === "outline"
    ? 'fill="none" stroke="currentColor" stroke-width="1.5"'
    : 'fill="currentColor"';

function partial(name, style) {
  const { size, shapes } = icon(name, style);
  return `{{!-- Icon "${name}" (${style}) of Hero Icons.
- class (text = icon): its classes, which may set another size and colour
--}}
<svg class="{{class}}" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}" ${paint(style)} aria-hidden="true">${shapes}</svg>
`;
}

function symbol(id, source) {
  const [name, style] = source.split("/");
  const { size, shapes } = name === "ours" ? registry.ours[style] : icon(name, style);
  const painted = style === "outline" ? `<g ${paint(style)}>${shapes}</g>` : shapes;
  return `<symbol id="${id}" viewBox="0 0 ${size} ${size}">${painted}</symbol>`;
}

function sprite() {
  const symbols = Object.entries(registry.sprite).map(([id, source]) => symbol(id, source));
  return `{{!-- Shapes used many times on a page: drawn once here, shown with <use>. The first are named after the values of a status.
--}}
<svg width="0" height="0" class="absolute" aria-hidden="true" fill="currentColor"><defs>
${symbols.join("\n")}
</defs></svg>
`;
}

const wanted = new Map([["sprite.html.hbs", sprite()]]);
for (const [name, styles] of Object.entries(registry.icons)) {
  for (const style of styles) {
    wanted.set(`icon_${name.replaceAll("-", "_")}_${style}.html.hbs`, partial(name, style));
  }
}

// Our own mark is no icon of the package.
const present = readdirSync(folder).filter((file) => file !== "brand.html.hbs");
const outdated = [...wanted].filter(
  ([file, text]) => !present.includes(file) || readFileSync(new URL(file, folder), "utf8") !== text,
);
const unwanted = present.filter((file) => !wanted.has(file));

if (process.argv.includes("--check")) {
  for (const file of [...outdated.map(([name]) => name), ...unwanted]) {
    console.error(
      `templates/icons/${file} is not what icons.json says: run "scripts/assets icons"`,
    );
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of outdated) writeFileSync(new URL(file, folder), text);
  for (const file of unwanted) rmSync(new URL(file, folder));
  console.log(`${wanted.size} icons, ${outdated.length} written, ${unwanted.length} removed`);
}
