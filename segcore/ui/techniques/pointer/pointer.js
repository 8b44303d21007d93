// A picture with a mask over it. A click, a shift-click, a drag or a button becomes an act with a
// number; all acts that the server has not answered are reported together, again and again, until
// it names their numbers. So a lost report loses nothing, and a repeated one changes nothing.

const PATIENCE = 3000; // milliseconds before the first repetition; each next one waits twice as long
const LONGEST = 30000;
const SLACK = 5; // CSS pixels that a click may wander before it is a drag

const stages = new WeakMap(); // by root element: what lives as long as the mount

export default function ({ data, parentElement, setTriggerValue }) {
  let stage = stages.get(parentElement);
  if (!stage) {
    stage = new Stage(parentElement);
    stages.set(parentElement, stage);
  }
  stage.trigger = setTriggerValue;
  stage.show(data);
  return () => {
    stage.leave();
    stages.delete(parentElement);
  };
}

class Stage {
  constructor(root) {
    const find = (name) => root.querySelector(`[data-part="${name}"]`);
    this.stage = find("stage");
    this.picture = find("picture");
    this.overlay = find("overlay");
    this.marks = find("marks");
    this.rubber = find("rubber");
    this.wait = find("wait");
    this.tools = [...root.querySelectorAll("[data-tool]")];
    this.steps = [...root.querySelectorAll("[data-step]")];
    this.who = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.count = 0; // of acts
    this.reports = 0;
    this.pending = [];
    this.tool = "add";
    this.shown = null; // key of the picture that is on the stage
    this.listen();
  }

  listen() {
    for (const button of this.tools) {
      button.onclick = () => this.take(button.dataset.tool);
    }
    for (const button of this.steps) {
      button.onclick = () => this.act({ kind: button.dataset.step });
    }
    this.stage.onpointerdown = (event) => this.press(event);
    this.stage.onpointermove = (event) => this.drag(event);
    this.stage.onpointerup = (event) => this.release(event);
    this.stage.onpointercancel = () => this.drop();
    this.stage.onkeydown = (event) => this.key(event);
  }

  // === From the server ===

  show(data) {
    this.data = data;
    if (data.picture) {
      this.picture.src = data.picture;
      this.shown = data.key;
    }
    if (this.shown !== data.key) {
      this.trigger("acts", this.message(true)); // the picture is asked for
      return;
    }
    if (this.pending.length && this.pending[0].picture !== data.key) this.pending = [];
    if (data.answered.who === this.who) {
      this.pending = this.pending.filter((act) => act.n > data.answered.n);
    }
    if (!this.pending.length) this.rest();
    const [width, height] = data.size;
    this.stage.style.setProperty("--ratio", width / height);
    this.picture.alt = data.alt;
    this.layOver(data.overlay);
    for (const button of this.steps) button.disabled = !data.can[button.dataset.step];
    this.draw();
    this.stage.dataset.answered = data.answered.who === this.who ? data.answered.n : 0;
  }

  layOver(source) {
    if (source === this.wanted) return;
    this.wanted = source;
    if (!source) {
      this.overlay.removeAttribute("src");
      return;
    }
    const next = new Image();
    next.src = source;
    const swap = () => {
      if (this.wanted === source) this.overlay.src = source;
    };
    next.decode().then(swap, swap);
  }

  draw() {
    const marks = this.data.labels.map((label) => this.label(label));
    if (this.data.box) marks.push(this.frame(this.data.box));
    for (const [x, y, adds] of this.data.points) marks.push(this.dot(x + 0.5, y + 0.5, adds));
    for (const act of this.pending) {
      if (act.kind === "point") marks.push(this.dot(act.x, act.y, act.adds, true));
      if (act.kind === "box") marks.push(this.frame(act.corners, true));
    }
    this.marks.replaceChildren(...marks);
    this.stage.dataset.pending = this.pending.length;
    this.wait.hidden = !this.pending.length;
  }

  dot(x, y, adds, pending = false) {
    const dot = document.createElement("span");
    dot.className = `dot ${adds ? "adds" : "subtracts"}${pending ? " pending" : ""}`;
    dot.textContent = adds ? "+" : "\u2212";
    dot.style.left = this.percent(x, 0);
    dot.style.top = this.percent(y, 1);
    return dot;
  }

  label({ text, x, y, colour }) {
    const label = document.createElement("span");
    label.className = "label";
    label.textContent = text;
    label.style.left = this.percent(x, 0);
    label.style.top = this.percent(y, 1);
    label.style.setProperty("--colour", colour);
    return label;
  }

  frame([x0, y0, x1, y1], pending = false) {
    const frame = document.createElement("span");
    frame.className = `frame${pending ? " pending" : ""}`;
    frame.style.left = this.percent(Math.min(x0, x1), 0);
    frame.style.top = this.percent(Math.min(y0, y1), 1);
    frame.style.width = this.percent(Math.abs(x1 - x0), 0);
    frame.style.height = this.percent(Math.abs(y1 - y0), 1);
    return frame;
  }

  percent(value, axis) {
    return `${(100 * value) / this.data.size[axis]}%`;
  }

  // === From the visitor ===

  place(event) {
    const area = this.picture.getBoundingClientRect();
    const [width, height] = this.data.size;
    const x = ((event.clientX - area.left) / area.width) * width;
    const y = ((event.clientY - area.top) / area.height) * height;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  press(event) {
    const ready = this.data && this.shown === this.data.key;
    if (event.button !== 0 || !ready) return;
    this.begin = { x: event.clientX, y: event.clientY, place: this.place(event), far: false };
    this.stage.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.begin) return;
    const way = Math.hypot(event.clientX - this.begin.x, event.clientY - this.begin.y);
    this.begin.far ||= way > SLACK;
    if (this.begin.far) {
      this.rubber.replaceChildren(this.frame([...this.begin.place, ...this.place(event)], true));
    }
  }

  release(event) {
    if (!this.begin) return;
    const { place, far } = this.begin;
    this.drop();
    if (far) {
      this.act({ kind: "box", corners: [...place, ...this.place(event)] });
    } else if (this.tool !== "box") {
      const adds = (this.tool !== "subtract") !== event.shiftKey;
      this.act({ kind: "point", x: place[0], y: place[1], adds });
    }
  }

  drop() {
    this.begin = null;
    this.rubber.replaceChildren();
  }

  take(tool) {
    this.tool = tool;
    for (const button of this.tools) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
    this.stage.dataset.with = tool;
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey)) return;
    const letter = event.key.toLowerCase();
    const redo = letter === "y" || (letter === "z" && event.shiftKey);
    if (letter !== "z" && !redo) return;
    event.preventDefault();
    if (this.data.can[redo ? "redo" : "undo"]) this.act({ kind: redo ? "redo" : "undo" });
  }

  // === To the server ===

  act(what) {
    this.count += 1;
    this.pending.push({ ...what, n: this.count, picture: this.data.key });
    this.draw();
    this.report(PATIENCE);
  }

  report(patience) {
    this.trigger("acts", this.message(false));
    clearTimeout(this.timer);
    const longer = Math.min(LONGEST, 2 * patience);
    this.timer = setTimeout(() => this.pending.length && this.report(longer), patience);
  }

  message(needs) {
    const { who, data, pending: acts, shown: has } = this;
    const report = (this.reports += 1); // comes back, so that no answer is like the one before
    return { who, report, picture: data.key, acts, has, needs };
  }

  rest() {
    clearTimeout(this.timer);
  }

  leave() {
    this.rest();
  }
}
