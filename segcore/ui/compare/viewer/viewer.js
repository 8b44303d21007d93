// Several views of one picture: linked zoom, one point read in all of them, one legend.
// Stands in one module with pixels.js and legend.js, which come before it.

const viewers = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".viewer");
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  const viewer = viewers.get(root);
  viewer.tell = (key) => setStateValue("isolated", key);
  viewer.update(data);
}

// === Viewer ===

class Viewer {
  constructor(root) {
    this.root = root;
    this.zoom = 1;
    this.left = this.top = 0; // of what is seen, 0 to 1 of the picture
    this.point = null; // in pixels of the maps
    this.isolated = "";
    this.views = [];
    this.fingers = new Map();
    this.turn = 0;
    this.grid = root.querySelector(".grid");
    this.legend = new Legend(root.querySelector(".legend"), (key) =>
      this.isolate(this.isolated === key ? "" : key));
    this.spoken = root.querySelector(".spoken");
    this.listen();
    new ResizeObserver(() => this.later()).observe(this.grid);
  }

  async update(data) {
    const turn = ++this.turn;
    const fresh = data.token !== this.data?.token;
    const [picture, maps] = await Promise.all([
      fresh ? this.decoded(data.picture) : this.picture,
      Promise.all(data.views.map((view) => this.map(view))),
    ]);
    if (turn !== this.turn) return; // a later update has overtaken this one
    this.data = data;
    this.picture = picture;
    if (fresh) {
      this.isolated = data.isolated;
      this.zoom = 1;
      this.left = this.top = 0;
      this.point = null;
    }
    this.build(data.views.map((view, i) => ({ ...view, ...maps[i] })));
    this.legend.show(data, this.isolated);
    this.repaint();
    this.root.dataset.ready = data.stamp;
  }

  async decoded(address) {
    const image = new Image();
    image.src = address;
    await image.decode();
    return image;
  }

  async map(view) {
    if (!view.ids) return {};
    const old = this.views.find((other) => other.key === view.key && other.packed === view.ids);
    if (old) return { ids: old.ids, scores: old.scores, packed: view.ids };
    const scores = view.scores ? new Uint8Array(await unpacked(view.scores)) : null;
    return { ids: new Uint16Array(await unpacked(view.ids)), scores, packed: view.ids };
  }

  build(views) {
    const keys = views.map((view) => view.key).join();
    if (keys !== this.views.map((view) => view.key).join()) {
      this.grid.replaceChildren(...views.map((view) => this.frame(view)));
      this.grid.dataset.count = views.length;
    }
    const figures = [...this.grid.children];
    this.views = views.map((view, i) => {
      const figure = figures[i];
      figure.querySelector(".title").textContent = view.title;
      figure.querySelector(".note").textContent = view.note;
      const canvas = figure.querySelector("canvas");
      canvas.ariaLabel = view.alt;
      canvas.style.maxWidth = `${Math.max(240, this.data.width * 6)}px`;
      const layer = view.ids ? this.layer(view.key) : null;
      return { ...view, canvas, layer, readout: figure.querySelector(".readout") };
    });
  }

  // A view keeps what is painted for it as long as the maps keep their size.
  layer(key) {
    const { width, height } = this.data;
    const old = this.views.find((view) => view.key === key)?.layer;
    return old?.width === width && old.height === height ? old : canvasOf(width, height);
  }

  frame(view) {
    const figure = make("figure", "view");
    figure.dataset.view = view.key;
    const caption = make("figcaption");
    caption.append(make("span", "title"), make("span", "readout"));
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    figure.append(caption, canvas, make("p", "note"));
    return figure;
  }

  // === Isolating ===

  isolate(key) {
    this.isolated = key;
    this.legend.mark(key);
    this.repaint();
    this.tell(key);
  }

  // Whether an entry is what the legend's row is about; semantic views know the class only.
  filter() {
    const row = this.data.legend.find((r) => r.key === this.isolated);
    if (!row) return null;
    return (entry) =>
      entry.label === row.label && (!row.number || !entry.number || entry.number === row.number);
  }

  // === Drawing ===

  repaint() {
    const { width, height, look } = this.data;
    const shows = this.filter();
    for (const view of this.views) {
      if (!view.ids) continue;
      const filter = view.key === "errors" ? null : shows;
      const wanted = JSON.stringify([view.packed, view.entries, look, filter && this.isolated]);
      if (view.layer.painted === wanted) continue;
      view.layer.painted = wanted;
      view.layer.getContext("2d").putImageData(paint(view, width, height, look, filter), 0, 0);
    }
    this.later();
  }

  later() {
    if (this.waiting || !this.data) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.views.forEach((view) => this.draw(view));
    });
  }

  draw(view) {
    const { width, height, look, names } = this.data;
    const { canvas } = view;
    const wide = canvas.clientWidth;
    const ratio = window.devicePixelRatio || 1;
    const tall = Math.max(1, Math.round((wide * height) / width));
    canvas.style.height = `${tall}px`;
    const size = [Math.round(wide * ratio), Math.round(tall * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = canvas.getContext("2d");
    const scale = (wide * ratio * this.zoom) / width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, ...size);
    context.setTransform(scale, 0, 0, scale, -this.left * width * scale, -this.top * height * scale);
    context.imageSmoothingEnabled = this.zoom < 3;
    if (!view.ids || look !== "flat") context.drawImage(this.picture, 0, 0, width, height);
    if (view.layer) context.drawImage(view.layer, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const place = (x, y) => [
      ((x + 0.5) / width - this.left) * this.zoom * wide,
      ((y + 0.5) / height - this.top) * this.zoom * tall,
    ];
    if (names && view.ids) this.write(context, view, place, wide);
    if (this.point) this.cross(context, ...place(this.point.x, this.point.y));
  }

  write(context, view, place, wide) {
    const shows = view.key === "errors" ? null : this.filter();
    context.font = "600 13px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    const entries = Object.values(view.entries).filter((e) => e.area && (!shows || shows(e)));
    for (const entry of entries.sort((a, b) => b.area - a.area)) {
      const half = context.measureText(entry.name).width / 2 + 3;
      let [x, y] = place(...entry.anchor);
      if (x < 0 || x > wide || y < 0 || y > context.canvas.height) continue;
      x = Math.min(Math.max(x, half), Math.max(half, wide - half));
      if (taken.some((t) => Math.abs(t.x - x) < t.half + half && Math.abs(t.y - y) < 18)) continue;
      taken.push({ x, y, half });
      context.lineWidth = 4;
      context.strokeStyle = "black";
      context.strokeText(entry.name, x, y);
      context.fillStyle = "white";
      context.fillText(entry.name, x, y);
    }
  }

  cross(context, x, y) {
    for (const [width, colour] of [[4, "black"], [2, "white"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      for (const [a, b] of [[-9, -3], [3, 9]]) {
        context.moveTo(x + a, y); context.lineTo(x + b, y);
        context.moveTo(x, y + a); context.lineTo(x, y + b);
      }
      context.stroke();
    }
  }

  // === Reading ===

  aim(point) {
    this.point = point;
    const said = [];
    for (const view of this.views) {
      const text = point && view.ids ? this.read(view, point) : "";
      view.readout.textContent = text;
      if (text) said.push(`${view.title}: ${text}`);
    }
    this.root.dataset.point = point ? `${point.x},${point.y}` : "";
    this.spoken.textContent = said.join(". ");
    this.later();
  }

  read(view, { x, y }) {
    const i = y * this.data.width + x;
    const entry = view.entries[view.ids[i]];
    if (!entry) return view.nothing;
    const score = view.scores ? view.scores[i] / 255 : entry.score;
    return score === null ? entry.name : `${entry.name} · ${score.toFixed(2)}`;
  }

  // === Moving ===

  magnify(factor, x = 0.5, y = 0.5) { // x, y: what stays where it is, 0 to 1 of the view
    const zoom = Math.min(16, Math.max(1, this.zoom * factor));
    this.left += x / this.zoom - x / zoom;
    this.top += y / this.zoom - y / zoom;
    this.zoom = zoom;
    this.shift(0, 0);
  }

  shift(x, y) {
    const most = 1 - 1 / this.zoom;
    this.left = Math.min(most, Math.max(0, this.left - x / this.zoom));
    this.top = Math.min(most, Math.max(0, this.top - y / this.zoom));
    this.root.querySelector(".zoom").textContent = `${this.zoom.toFixed(1)}×`;
    this.grid.classList.toggle("zoomed", this.zoom > 1);
    this.later();
  }

  place(event) {
    const box = event.target.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  aimAt([x, y]) {
    const { width, height } = this.data;
    const inside = (value, length) => Math.min(length - 1, Math.max(0, Math.floor(value * length)));
    this.aim({
      x: inside(this.left + x / this.zoom, width),
      y: inside(this.top + y / this.zoom, height),
    });
  }

  listen() {
    const act = { in: () => this.magnify(1.5), out: () => this.magnify(1 / 1.5), all: () => this.magnify(0) };
    for (const button of this.root.querySelectorAll(".tools button")) {
      button.onclick = act[button.dataset.act];
    }
    const grid = this.grid;
    const onCanvas = (handler) => (event) => event.target.tagName === "CANVAS" && handler(event);
    grid.addEventListener("pointerdown", onCanvas((event) => {
      this.fingers.set(event.pointerId, this.place(event));
      this.aimAt(this.place(event));
    }));
    grid.addEventListener("pointermove", onCanvas((event) => this.move(event)));
    for (const kind of ["pointerup", "pointercancel"]) {
      grid.addEventListener(kind, (event) => this.fingers.delete(event.pointerId));
    }
    grid.addEventListener("pointerleave", (event) => {
      this.fingers.clear();
      if (event.pointerType === "mouse" && this.data) this.aim(null);
    });
    grid.addEventListener("wheel", onCanvas((event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.magnify(Math.exp(-event.deltaY / 300), ...this.place(event));
    }), { passive: false });
    grid.addEventListener("dblclick", onCanvas((event) => this.magnify(2, ...this.place(event))));
    grid.addEventListener("keydown", (event) => this.press(event));
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isolated) this.isolate("");
    });
  }

  move(event) {
    const place = this.place(event);
    const old = this.fingers.get(event.pointerId);
    if (old) {
      const others = [...this.fingers].filter(([id]) => id !== event.pointerId);
      this.fingers.set(event.pointerId, place);
      if (others.length) { // pinch
        const [x, y] = others[0][1];
        const apart = (p) => Math.hypot(p[0] - x, p[1] - y) || 1e-3;
        this.magnify(apart(place) / apart(old), (place[0] + x) / 2, (place[1] + y) / 2);
        return;
      }
      if (this.zoom > 1) this.shift(place[0] - old[0], place[1] - old[1]);
    }
    this.aimAt(place);
  }

  press(event) {
    if (!this.data) return;
    const step = event.shiftKey ? 10 : 1;
    const way = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
    }[event.key];
    if (way) {
      const { width, height } = this.data;
      const { x, y } = this.point ?? { x: width >> 1, y: height >> 1 };
      const held = (value, length) => Math.min(length - 1, Math.max(0, value));
      this.aim({ x: held(x + way[0], width), y: held(y + way[1], height) });
      this.follow();
    } else if (event.key === "+" || event.key === "=") this.magnify(1.5);
    else if (event.key === "-") this.magnify(1 / 1.5);
    else if (event.key === "0") this.magnify(0);
    else return;
    event.preventDefault();
  }

  // Keep the point in sight.
  follow() {
    const seen = 1 / this.zoom;
    const x = this.point.x / this.data.width;
    const y = this.point.y / this.data.height;
    this.left = Math.min(Math.max(this.left, x - seen * 0.95), x - seen * 0.05);
    this.top = Math.min(Math.max(this.top, y - seen * 0.95), y - seen * 0.05);
    this.shift(0, 0);
  }
}
