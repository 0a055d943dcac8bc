// A row of a table and its node in the picture light up together.
const rows = [...document.querySelectorAll("tr[data-node]")];
const mark = (id, on) => {
  document.getElementById(id)?.classList.toggle("on", on);
  for (const row of rows) if (row.dataset.node === id) row.classList.toggle("on", on);
};
for (const row of rows) {
  row.addEventListener("pointerenter", () => mark(row.dataset.node, true));
  row.addEventListener("pointerleave", () => mark(row.dataset.node, false));
}
for (const node of document.querySelectorAll(".graph-picture .node.value")) {
  node.addEventListener("pointerenter", () => mark(node.id, true));
  node.addEventListener("pointerleave", () => mark(node.id, false));
}
