// Paints one frame of a reel of 2-D points: one square canvas for each panel.

const TRAILS = 48; // ways drawn at most: more would be a carpet

function pointsPainter(plan, bytes, make) {
  const [, panels, n] = plan.shape;
  // Bytes from the kernel need not start at a multiple of four: copy once.
  const points = new Float32Array(bytes.slice().buffer);
  const box = make("div", "ck-panels");
  const side = panels > 2 ? 230 : 290;
  const density = window.devicePixelRatio || 1;
  const contexts = [];
  for (let p = 0; p < panels; p++) {
    const figure = make("figure", "ck-panel", box);
    if (plan.row_names[p]) {
      make("figcaption", "ck-panel-name", figure).textContent = plan.row_names[p];
    }
    const canvas = make("canvas", "ck-plane", figure);
    canvas.width = canvas.height = Math.round(side * density);
    canvas.style.width = canvas.style.height = side + "px";
    contexts.push(canvas.getContext("2d", { willReadFrequently: true }));
  }
  const scale = (side * density) / (2 * plan.limit);
  const x = (v) => (v + plan.limit) * scale;
  const y = (v) => (plan.limit - v) * scale;
  const radius = Math.max(1.2, Math.min(2.4, 60 / Math.sqrt(n))) * density;
  const groups = [...new Set(plan.groups)];

  function dots(context, base, members) {
    context.beginPath();
    for (const i of members) {
      const a = x(points[base + 2 * i]);
      const b = y(points[base + 2 * i + 1]);
      context.moveTo(a + radius, b);
      context.arc(a, b, radius, 0, 6.2832);
    }
    context.fill();
  }

  function trails(context, panel, frame) {
    context.globalAlpha = 0.4;
    context.lineWidth = density;
    const step = Math.max(1, Math.floor(n / TRAILS));
    for (let i = 0; i < n; i += step) {
      const group = plan.groups.length ? plan.groups[i] : 0;
      context.strokeStyle = plan.colours[group % plan.colours.length];
      context.beginPath();
      for (let f = 0; f <= frame; f++) {
        const at = 2 * ((f * panels + panel) * n + i);
        context.lineTo(x(points[at]), y(points[at + 1]));
      }
      context.stroke();
    }
  }

  const all = [...Array(n).keys()];
  const parts = groups.length
    ? groups.map((g) => [g, all.filter((i) => plan.groups[i] === g)])
    : [[0, all]];
  return {
    node: box,
    paint(frame) {
      contexts.forEach((context, panel) => {
        const { width, height } = context.canvas;
        context.clearRect(0, 0, width, height);
        context.fillStyle = "#9aa1ab";
        context.globalAlpha = 0.3;
        for (const [a, b] of plan.ghost) {
          context.fillRect(x(a) - density, y(b) - density, 2 * density, 2 * density);
        }
        if (plan.trails) trails(context, panel, frame);
        context.globalAlpha = 0.8;
        for (const [group, members] of parts) {
          context.fillStyle = plan.colours[group % plan.colours.length];
          dots(context, 2 * (frame * panels + panel) * n, members);
        }
      });
    },
  };
}
