// From maps of ids to what is painted; the same rules as segcore/scenes/drawing.py.

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function isLighter(pattern, x, y) {
  switch (pattern) {
    case 1: return (x + y) % 8 === 0;
    case 2: return (((x - y) % 8) + 8) % 8 === 0;
    case 3: return y % 7 === 0;
    case 4: return x % 7 === 0;
    case 5: return x % 6 === 0 && y % 6 === 0;
    default: return false;
  }
}

const lighter = (value) => 255 - ((255 - value) >> 1);

// The distance to the nearest pixel of another id, along rows and columns; `reach` for all beyond.
function edgeDistance(ids, i, x, y, width, height, reach) {
  const id = ids[i];
  for (let d = 1; d <= reach; d++) {
    if (
      (x >= d && ids[i - d] !== id) || (x + d < width && ids[i + d] !== id) ||
      (y >= d && ids[i - d * width] !== id) || (y + d < height && ids[i + d * width] !== id)
    ) return d - 1;
  }
  return reach;
}

// A pixel of ImageData as one number, as the little-endian processors of all browsers store it.
const rgba = ([red, green, blue], alpha) =>
  ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

function paint(view, width, height, look, shows) {
  const { ids, entries } = view;
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const flat = look === "flat", outlines = look === "outlines";
  const alpha = flat || outlines ? 255 : 153, reach = outlines ? 3 : 1;
  const hidden = flat ? rgba([128, 128, 128], 60) : rgba([20, 20, 24], 170);
  const hatch = rgba([140, 140, 140], 110), edge = rgba([255, 255, 255], 235);
  const inks = [];
  for (const [id, entry] of Object.entries(entries)) {
    const colours = [entry.colour, entry.colour.map(lighter)];
    const [plain, light] = colours.map((colour) => rgba(colour, alpha));
    inks[id] = { plain, light, pattern: entry.pattern, shown: !shows || shows(entry) };
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const ink = inks[ids[i]];
      if (!ink) {
        if (flat && isLighter(1, x, y)) out[i] = hatch;
        else if (!flat && shows) out[i] = hidden;
        continue;
      }
      if (!ink.shown) {
        out[i] = hidden;
        continue;
      }
      const distance = edgeDistance(ids, i, x, y, width, height, reach);
      if (distance === 0) out[i] = edge;
      else if (!outlines) out[i] = isLighter(ink.pattern, x, y) ? ink.light : ink.plain;
      else if (distance < reach) out[i] = ink.plain;
    }
  }
  return image;
}

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function swatch({ colour, pattern }) {
  const canvas = canvasOf(24, 16);
  const context = canvas.getContext("2d");
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 24; x++) {
      context.fillStyle = `rgb(${isLighter(pattern, x, y) ? colour.map(lighter) : colour})`;
      context.fillRect(x, y, 1, 1);
    }
  }
  canvas.className = "swatch";
  canvas.ariaHidden = "true";
  return canvas;
}
