"use strict";
const table = document.getElementById("class"), body = table.tBodies[0];
const filter = document.getElementById("filter");
filter.closest("p").hidden = false;
filter.addEventListener("input", () => {
  const wanted = filter.value.toLowerCase();
  for (const row of body.rows)
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
const value = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.ariaSort !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.ariaSort = "none";
    head.ariaSort = up ? "ascending" : "descending";
    const sorted = [...body.rows].sort((a, b) =>
      value(a, column).localeCompare(value(b, column), undefined, { numeric: true }));
    body.append(...(up ? sorted : sorted.reverse()));
  });
}
