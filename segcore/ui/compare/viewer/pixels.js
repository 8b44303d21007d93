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

// The distance to the nearest pixel of another id, along rows and columns, 3 for all beyond.
function edgeDistance(ids, i, x, y, width, height) {
  const id = ids[i];
  for (let d = 1; d < 4; d++) {
    if (
      (x >= d && ids[i - d] !== id) || (x + d < width && ids[i + d] !== id) ||
      (y >= d && ids[i - d * width] !== id) || (y + d < height && ids[i + d * width] !== id)
    ) return d - 1;
  }
  return 3;
}

function paint(view, width, height, look, shows) {
  const { ids, entries } = view;
  const image = new ImageData(width, height);
  const out = image.data;
  const set = (i, [red, green, blue], alpha) => {
    out[4 * i] = red; out[4 * i + 1] = green; out[4 * i + 2] = blue; out[4 * i + 3] = alpha;
  };
  const flat = look === "flat";
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const entry = entries[ids[i]];
      if (!entry) {
        if (flat && isLighter(1, x, y)) set(i, [140, 140, 140], 110);
        else if (!flat && shows) set(i, [20, 20, 24], 170);
        continue;
      }
      if (shows && !shows(entry)) {
        set(i, flat ? [128, 128, 128] : [20, 20, 24], flat ? 60 : 170);
        continue;
      }
      const edge = edgeDistance(ids, i, x, y, width, height);
      if (edge === 0) set(i, [255, 255, 255], 235);
      else if (look !== "outlines") {
        const colour = isLighter(entry.pattern, x, y) ? entry.colour.map(lighter) : entry.colour;
        set(i, colour, flat ? 255 : 153);
      } else if (edge < 3) set(i, entry.colour, 255);
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
