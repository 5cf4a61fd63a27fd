// The contact list's columns are moved on the page; without this script each move is sent. Forms around the list send its
// latest filters.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-columns] button[name=move]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("li");
  const isUp = button.value.endsWith(":up");
  const neighbor = isUp ? row.previousElementSibling : row.nextElementSibling;
  if (!neighbor) return;
  if (isUp) neighbor.before(row);
  else neighbor.after(row);
  button.focus();
  const rows = [...row.parentElement.children];
  const label = row.querySelector("label").textContent.trim();
  row.closest("form").querySelector("[role=status]").textContent = `${label}: ${rows.indexOf(row) + 1} of ${rows.length}`;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "results") return;
  for (const input of document.querySelectorAll("[data-list-query]")) input.value = event.target.dataset.query;
});
