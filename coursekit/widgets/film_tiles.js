// Paints one frame of a reel of images: each image is a small canvas, scaled by CSS.

const SIGNS = { "+": "ck-good", "-": "ck-bad", "?": "ck-unsure" };

// A note is plain text, or words with signs, "+brown|-red hat|?park", and then a bar.
function noteWriter(tile, make) {
  const note = make("figcaption", "ck-tile-note", tile);
  const rail = make("div", "ck-tile-rail", note);
  const bar = make("div", "ck-tile-bar", rail);
  const words = make("div", "ck-words", note);
  return (text) => {
    const pieces = text.split("|");
    const signed = pieces.filter((piece) => piece[0] in SIGNS);
    rail.style.visibility = signed.length ? "visible" : "hidden";
    const right = signed.filter((piece) => piece[0] === "+").length;
    bar.style.width = `${(100 * right) / Math.max(1, signed.length)}%`;
    words.replaceChildren();
    pieces.forEach((piece) => {
      const known = piece[0] in SIGNS;
      make("span", known ? SIGNS[piece[0]] : "", words).textContent = known
        ? piece.slice(1)
        : piece;
    });
  };
}

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
    const note = plan.notes.length ? noteWriter(tile, make) : null;
    tiles.push({ context, pixels: context.createImageData(w, h), note });
  }
  if (plan.notes.some((notes) => notes.some((note) => note[0] in SIGNS))) {
    const legend = make("div", "ck-words ck-legend", box);
    make("span", "", legend).textContent = "the reader:";
    make("span", "ck-good", legend).textContent = "right";
    make("span", "ck-bad", legend).textContent = "wrong";
    make("span", "ck-unsure", legend).textContent = "cannot tell";
  }
  const size = h * w;
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
        if (note) note(plan.notes[frame][i] || "");
      }
    },
  };
}
