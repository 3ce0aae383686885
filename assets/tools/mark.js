// Draws our mark in every form that it is used in: three bars, staggered like jobs that wait for each other.
// With --check it only says whether what is there is what it would write.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIZE = 24;
// Left end, right end and middle of each bar; its ends are round.
const BARS = [
  [2, 13, 4.5],
  [6, 18, 12],
  [12, 22, 19.5],
];
const RADIUS = 1.5;
const INK = [0x6b, 0x2a, 0x6a];
const PAPER = [0xff, 0xff, 0xff];

const hex = (colour) => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

const path = BARS.map(([left, right, middle]) => {
  const length = right - left - 2 * RADIUS;
  const arc = (way) => `a${RADIUS} ${RADIUS} 0 0 1 0 ${way * 2 * RADIUS}`;
  return `M${left + RADIUS} ${middle - RADIUS}h${length}${arc(1)}h${-length}${arc(-1)}Z`;
}).join("");

const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}"><style>path{fill:${hex(INK)}}@media(prefers-color-scheme:dark){path{fill:#e3b2e1}}</style><path d="${path}"/></svg>
`;
const brand = `<svg viewBox="0 0 ${SIZE} ${SIZE}" fill="currentColor" aria-hidden="true"><path d="${path}"/></svg>
`;

/** Whether a point of the mark is ink. */
function isInk(x, y) {
  return BARS.some(([left, right, middle]) => {
    const nearest = Math.min(Math.max(x, left + RADIUS), right - RADIUS);
    return (x - nearest) ** 2 + (y - middle) ** 2 <= RADIUS ** 2;
  });
}

/** How much of a pixel is ink, from 0 to 1, by eight samples in each direction. */
function cover(column, row, pixels, margin) {
  const scale = SIZE / (pixels - 2 * margin);
  let hits = 0;
  for (let j = 0; j < 8; j++)
    for (let i = 0; i < 8; i++) {
      const x = (column + (i + 0.5) / 8 - margin) * scale;
      if (isInk(x, (row + (j + 0.5) / 8 - margin) * scale)) hits++;
    }
  return hits / 64;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A PNG of the mark; on paper, or with nothing behind it. */
function png(pixels, margin, isOnPaper) {
  const rows = Buffer.alloc(pixels * (pixels * 4 + 1));
  for (let row = 0; row < pixels; row++)
    for (let column = 0; column < pixels; column++) {
      const ink = cover(column, row, pixels, margin);
      const at = row * (pixels * 4 + 1) + 1 + column * 4;
      for (let part = 0; part < 3; part++) {
        const colour = isOnPaper ? INK[part] * ink + PAPER[part] * (1 - ink) : INK[part];
        rows[at + part] = Math.round(colour);
      }
      rows[at + 3] = isOnPaper ? 255 : Math.round(255 * ink);
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(pixels, 0);
  head.writeUInt32BE(pixels, 4);
  head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** An ICO with one image. */
function ico(pixels) {
  const image = png(pixels, 0, false);
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head.set([pixels, pixels, 0, 0], 6);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(image.length, 14);
  head.writeUInt32LE(22, 18);
  return Buffer.concat([head, image]);
}

const FILES = {
  "assets/public/favicon.svg": Buffer.from(favicon),
  "assets/public/favicon.ico": ico(32),
  "assets/public/apple-touch-icon.png": png(180, 30, true),
  "assets/public/icon-192.png": png(192, 40, true),
  "assets/public/icon-512.png": png(512, 108, true),
  "templates/icons/brand.html.hbs": Buffer.from(brand),
};

/** What a file shows: versions of zlib may write the same pixels in other bytes. */
function shown(bytes) {
  const at = bytes.indexOf("IDAT");
  return at < 0 ? bytes : inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
}

for (const [name, bytes] of Object.entries(FILES)) {
  const file = new URL(`../../${name}`, import.meta.url);
  if (existsSync(file) && shown(readFileSync(file)).equals(shown(bytes))) continue;
  if (process.argv.includes("--check")) {
    console.error(`${name} is not what tools/mark.js draws: run "scripts/assets icons"`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, bytes);
    console.log(`${name} written`);
  }
}
