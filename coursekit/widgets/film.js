// The film player: frames arrive once, every slider move is answered in the browser.

function make(tag, name, parent) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (parent) parent.append(node);
  return node;
}

// JupyterLab takes the arrow keys for itself unless the very element forbids it.
function keepKeys(node) {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
  return node;
}

function slider(axis, parent, position) {
  const row = make("label", "ck-slider", parent);
  const name = make("span", "ck-slider-name", row);
  name.textContent = axis.name;
  if (axis.help) row.title = axis.help;
  const input = keepKeys(make("input", "", row));
  Object.assign(input, { type: "range", min: 0, max: axis.values.length - 1, step: 1 });
  input.value = position;
  input.setAttribute("aria-label", axis.name);
  const text = make("output", "ck-slider-value", row);
  const longest = Math.max(...axis.values.map((v) => v.length));
  text.style.minWidth = `${longest}ch`;
  return { input, text, row };
}

function meters(plan, parent) {
  return plan.meters.map((meter) => {
    const box = make("div", "ck-meter", parent);
    make("span", "ck-meter-name", box).textContent = meter.name;
    const text = make("span", "ck-meter-text", box);
    const bar = make("div", "ck-meter-bar", make("div", "ck-meter-rail", box));
    bar.style.background = meter.colour;
    return (frame) => {
      bar.style.width = `${100 * Math.min(1, Math.max(0, meter.values[frame]))}%`;
      text.textContent = meter.texts[frame];
    };
  });
}

function side(plan, parent) {
  if (!plan.chart && !plan.meters.length) return [];
  const box = make("div", "ck-side", parent);
  const updates = [];
  if (plan.chart) {
    const chart = make("div", "ck-chart-box", box);
    chart.innerHTML = plan.chart.svg; // made by this package, never by a user
    const cursor = chart.querySelector(".ck-cursor");
    updates.push((frame) => {
      cursor.setAttribute("transform", `translate(${plan.chart.shifts[frame]} 0)`);
    });
  }
  return updates.concat(meters(plan, box));
}

function playButton(control, steps, go, parent) {
  const button = keepKeys(make("button", "ck-button ck-play", parent));
  const face = (playing) => {
    button.textContent = playing ? "❚❚" : "▶";
    button.setAttribute("aria-label", playing ? "pause" : "play");
  };
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    face(false);
  };
  face(false);
  button.onclick = () => {
    if (timer) return stop();
    if (+control.input.value >= steps - 1) control.input.value = 0;
    face(true);
    timer = setInterval(() => {
      control.input.value = +control.input.value + 1;
      go();
      if (!button.isConnected || +control.input.value >= steps - 1) stop();
    }, Math.max(40, 3000 / steps));
  };
  return stop;
}

function build(model, el) {
  const plan = model.get("plan");
  const root = make("div", "ck-film", el);
  const note = make("div", "ck-note");
  note.setAttribute("role", "status");
  const showNote = () => {
    note.textContent = model.get("note");
    foot.hidden = !note.textContent && !model.get("action");
  };
  const action = model.get("action");
  let stop = () => {};
  let show = () => {};
  const foot = make("div", "ck-foot");
  if (plan.shape) {
    const view = model.get("frames");
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const stage = make("div", "ck-stage", root);
    const painter = (plan.kind === "tiles" ? tilesPainter : pointsPainter)(
      plan,
      bytes,
      make,
    );
    stage.append(painter.node);
    const updates = side(plan, stage);
    const panel = make("div", "ck-controls", root);
    const controls = plan.axes.map((axis) => slider(axis, panel, 0));
    const caption = plan.captions.length ? make("div", "ck-caption", root) : null;
    const read = () =>
      controls.reduce((at, { input }, i) => at * plan.axes[i].values.length + +input.value, 0);
    show = (frame) => {
      let rest = frame;
      for (let i = controls.length - 1; i >= 0; i--) {
        const { values } = plan.axes[i];
        const { input, text } = controls[i];
        input.value = rest % values.length;
        text.textContent = values[rest % values.length];
        input.setAttribute("aria-valuetext", text.textContent);
        rest = Math.floor(rest / values.length);
      }
      painter.paint(frame);
      updates.forEach((update) => update(frame));
      if (caption) caption.textContent = plan.captions[frame];
    };
    const go = () => {
      const frame = read();
      show(frame);
      model.set("index", frame);
      model.save_changes();
    };
    for (const { input } of controls) input.addEventListener("input", go);
    const [first] = controls;
    if (controls.length === 1 && plan.axes[0].values.length > 8) {
      stop = playButton(first, plan.axes[0].values.length, go, foot);
      first.row.prepend(foot.lastChild);
    }
    show(Math.min(model.get("index"), plan.shape[0] - 1));
  }
  if (action) {
    const button = keepKeys(make("button", "ck-button", foot));
    button.textContent = action;
    button.onclick = () => {
      model.set("presses", model.get("presses") + 1);
      model.save_changes();
    };
  }
  foot.append(note);
  root.append(foot);
  showNote();
  return { show: () => show(model.get("index")), showNote, stop };
}

function render({ model, el }) {
  let player = build(model, el);
  const rebuild = () => {
    player.stop();
    el.replaceChildren();
    player = build(model, el);
  };
  const index = () => player.show();
  const note = () => player.showNote();
  model.on("change:version", rebuild);
  model.on("change:index", index);
  model.on("change:note", note);
  return () => {
    player.stop();
    model.off("change:version", rebuild);
    model.off("change:index", index);
    model.off("change:note", note);
  };
}

export default { render };
