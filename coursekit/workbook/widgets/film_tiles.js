// Paints one frame of a reel of images: each image is a small canvas, scaled by CSS.

function tilesPainter(plan, bytes, make) {
  const [, n, h, w, c] = plan.shape;
  const named = plan.row_names.length > 0;
  const box = make("div", "ck-tiles");
  const side = `minmax(0, ${plan.tile}px)`;
  box.style.gridTemplateColumns =
    (named ? "max-content " : "") + `repeat(${plan.columns}, ${side})`;
  const tiles = [];
  for (let i = 0; i < n; i++) {
    if (named && i % plan.columns === 0) {
      const name = make("div", "ck-row-name", box);
      name.textContent = plan.row_names[i / plan.columns] || "";
    }
    const tile = make("figure", "ck-tile", box);
    const canvas = make("canvas", "ck-pixels", tile);
    canvas.width = w;
    canvas.height = h;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const note = plan.notes.length ? make("figcaption", "ck-tile-note", tile) : null;
    tiles.push({ context, pixels: context.createImageData(w, h), note });
  }
  const size = h * w;
  const signs = { "+": "ck-good", "-": "ck-bad", "~": "ck-unsure" };
  return {
    node: box,
    paint(frame) {
      for (let i = 0; i < n; i++) {
        const { context, pixels, note } = tiles[i];
        const data = pixels.data;
        let at = (frame * n + i) * size * c;
        for (let p = 0; p < size * 4; p += 4) {
          data[p] = bytes[at];
          data[p + 1] = bytes[at + (c > 1 ? 1 : 0)];
          data[p + 2] = bytes[at + (c > 1 ? 2 : 0)];
          data[p + 3] = 255;
          at += c;
        }
        context.putImageData(pixels, 0, 0);
        if (note) {
          const text = plan.notes[frame][i] || "";
          const sign = signs[text[0]];
          note.className = "ck-tile-note " + (sign || "");
          note.textContent = sign ? text.slice(1) : text;
        }
      }
    },
  };
}
