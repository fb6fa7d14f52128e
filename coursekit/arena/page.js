"use strict";
// Every text goes in as text: nothing that comes from the server is read as HTML.
const $ = (id) => document.getElementById(id);
const votes = [...document.querySelectorAll("#vote button")];
const KEYS = { ArrowLeft: "left", ArrowDown: "tie", ArrowRight: "right" };
let token = null; // of the pair that waits for a vote
let busy = false;
let before = {}; // model -> its rating a vote ago

function enable() {
  for (const button of votes) button.disabled = busy || !token;
  for (const button of [$("next"), $("ask").querySelector("button")]) button.disabled = busy;
  $("pair").setAttribute("aria-busy", busy);
}

async function post(path, body) {
  let reply, answer;
  try {
    reply = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await reply.json();
  } catch {
    throw new Error("The arena does not answer. Is it still running?");
  }
  if (!reply.ok) throw Object.assign(new Error(answer.problem), { status: reply.status });
  return answer;
}

async function during(work) {
  if (busy) return;
  busy = true;
  enable();
  $("problem").textContent = "";
  try {
    await work();
  } catch (error) {
    $("said").textContent = "";
    $("problem").textContent = error.message;
  }
  busy = false;
  enable();
}

async function show(text, focus) {
  $("said").textContent = "Drawing …";
  const pair = await post("pair", { prompt: text });
  token = pair.token;
  for (const [i, side] of ["left", "right"].entries()) {
    $(side).src = "data:image/png;base64," + pair.pictures[i];
    $(side).alt = `The picture on the ${side}`;
    $(side).className = "";
    $(`${side}-name`).textContent = "";
  }
  $("prompt").textContent = pair.prompt;
  $("note").textContent = pair.note;
  $("said").textContent = "";
  $("next").textContent = "Another pair";
  $("next").className = "";
  $("ratings").hidden = true; // no name stands on the page while a vote is open
  $("ratings").querySelector("tbody").replaceChildren();
  if (focus) $("prompt").focus({ preventScroll: true });
}

async function cast(won) {
  let answer;
  try {
    answer = await post("vote", { token, won });
  } catch (error) {
    if (error.status) token = null; // known, but not to be counted
    throw error;
  }
  token = null;
  for (const side of ["left", "right"]) {
    $(`${side}-name`).textContent = answer[side];
    $(side).className = side === won ? "won" : "";
  }
  const verdict = won === "tie" ? "A tie" : `You chose the ${won} one`;
  $("said").textContent = `${verdict}. Left: ${answer.left}; right: ${answer.right}.`;
  rate(answer);
  $("next").textContent = "Next pair";
  $("next").className = "now";
}

function cell(row, text, kind = "td") {
  const made = row.appendChild(document.createElement(kind));
  made.textContent = text;
  return made;
}

function rate(answer) {
  const body = $("ratings").querySelector("tbody");
  const known = answer.rows.filter((row) => row.rating !== null);
  const low = Math.min(...known.map((row) => row.low ?? row.rating));
  const wide = Math.max(...known.map((row) => row.high ?? row.rating)) - low || 1;
  const at = (rating) => `${(100 * (rating - low)) / wide}%`;
  body.replaceChildren();
  for (const row of answer.rows) {
    const line = body.appendChild(document.createElement("tr"));
    if (row.name === answer.left || row.name === answer.right) line.className = "shown";
    cell(line, row.name, "th").scope = "row";
    if (row.rating === null) {
      cell(line, row.said).colSpan = 2;
    } else {
      const moved = Math.round(row.rating) - Math.round(before[row.name] ?? row.rating);
      const sign = moved > 0 ? ` +${moved}` : ` −${-moved}`;
      const rating = cell(line, Math.round(row.rating));
      if (moved) rating.appendChild(document.createElement("small")).textContent = sign;
      const sure = row.low !== null;
      const ends = sure ? `${Math.round(row.low)} to ${Math.round(row.high)}` : "";
      const range = cell(line, ends);
      range.className = "range";
      const track = range.appendChild(document.createElement("div"));
      track.className = "track";
      const [bar, dot] = ["bar", "dot"].map((name) => {
        const part = track.appendChild(document.createElement("div"));
        part.className = name;
        return part;
      });
      if (sure) {
        bar.style.left = at(row.low);
        bar.style.width = at(low + row.high - row.low);
      }
      dot.style.left = at(row.rating);
    }
    cell(line, row.games);
  }
  before = Object.fromEntries(known.map((row) => [row.name, row.rating]));
  $("caption").textContent = answer.caption;
  $("ratings").hidden = false;
}

for (const button of votes)
  button.addEventListener("click", () => during(async () => {
    await cast(button.dataset.won);
  }).then(() => $("next").focus({ preventScroll: true })));
$("next").addEventListener("click", () => during(() => show("", true)));
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  during(() => show($("text").value, true));
});
document.addEventListener("keydown", (event) => {
  const won = KEYS[event.key];
  const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
  if (!won || !plain || event.repeat || !token || event.target.matches("input")) return;
  event.preventDefault();
  votes.find((button) => button.dataset.won === won).click();
});
during(() => show("", false));
