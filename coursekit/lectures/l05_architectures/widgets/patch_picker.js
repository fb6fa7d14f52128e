// A picture with a lattice over it: click a patch, or walk with the arrow keys.

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "ck-picker";
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  // JupyterLab takes the arrow keys for itself unless the very element forbids it.
  box.setAttribute("data-lm-suppress-shortcuts", "true");
  const picture = document.createElement("img");
  picture.alt = "a picture cut into patches";
  const mark = document.createElement("div");
  mark.className = "ck-picker-mark";
  box.append(picture, mark);
  const help = document.createElement("div");
  help.className = "ck-picker-help";
  help.textContent = "click a patch, or walk with the arrow keys";
  el.append(box, help);
  let url = "";

  const show = () => {
    const { rows, columns } = { rows: model.get("rows"), columns: model.get("columns") };
    const value = model.get("value");
    const row = Math.floor(value / columns);
    const column = value % columns;
    Object.assign(mark.style, {
      width: `${100 / columns}%`,
      height: `${100 / rows}%`,
      left: `${(100 * column) / columns}%`,
      top: `${(100 * row) / rows}%`,
    });
    box.style.setProperty("--ck-cell", `${box.clientWidth / columns}px`);
    box.setAttribute("aria-label", `patch in row ${row + 1}, column ${column + 1}`);
  };

  const load = () => {
    const bytes = model.get("picture");
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    picture.src = url;
  };

  const choose = (row, column) => {
    const rows = model.get("rows");
    const columns = model.get("columns");
    const r = Math.min(rows - 1, Math.max(0, row));
    const c = Math.min(columns - 1, Math.max(0, column));
    model.set("value", r * columns + c);
    model.save_changes();
  };

  box.onclick = (event) => {
    const place = picture.getBoundingClientRect();
    choose(
      Math.floor(((event.clientY - place.top) / place.height) * model.get("rows")),
      Math.floor(((event.clientX - place.left) / place.width) * model.get("columns")),
    );
    box.focus({ preventScroll: true });
  };
  const moves = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  box.onkeydown = (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const columns = model.get("columns");
    const value = model.get("value");
    choose(Math.floor(value / columns) + move[0], (value % columns) + move[1]);
  };
  model.on("change:value", show);
  model.on("change:picture", load);
  load();
  show();
  return () => URL.revokeObjectURL(url);
}

export default { render };
