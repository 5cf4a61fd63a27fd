// Choosing contacts in the list. What is chosen is kept in this tab for each organization and environment, so it survives
// paging, sorting and searching. Without this script the checkboxes of one page are a plain form.
"use strict";

(() => {
  const bar = document.querySelector("form[data-selection]");
  if (!bar) return;
  const MOST = 10000; // what the server accepts: MOST_IDS in browse/chosen.py
  const key = `selection ${bar.dataset.selection}`;
  const status = document.querySelector("[data-selection-status]");
  const everything = bar.elements.all;
  const number = new Intl.NumberFormat("en-US");
  let chosen = read(); // {ids: Set of primary keys as text, all: the filters that everything chosen matches, or null, count}
  let anchor = null; // the checkbox where a range begins
  let shift = false; // whether Shift was down at the latest press

  function read() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(key));
    } catch {
      // storage is off, or holds something else: nothing is chosen
    }
    return { ids: new Set(kept?.ids ?? []), all: kept?.all ?? null, count: kept?.count ?? "" };
  }

  function keep() {
    try {
      if (!chosen.ids.size && chosen.all === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify({ ...chosen, ids: [...chosen.ids] }));
    } catch {
      // not kept for the next page, but chosen on this one
    }
  }

  const results = () => document.getElementById("results");
  const boxes = () => [...results().querySelectorAll("input[data-pick]")];
  const isChosen = (box) => chosen.all !== null || chosen.ids.has(box.value);

  function words() {
    if (chosen.all !== null) return `${chosen.count} selected`;
    const here = boxes().filter((box) => chosen.ids.has(box.value)).length;
    const elsewhere = chosen.ids.size - here;
    const count = `${number.format(chosen.ids.size)} selected`;
    return elsewhere ? `${count}, ${number.format(elsewhere)} not on this page` : count;
  }

  function draw() {
    const list = results();
    const rows = boxes();
    for (const box of rows) box.checked = isChosen(box);
    const here = rows.filter((box) => box.checked).length;
    for (const box of document.querySelectorAll("input[data-pick-page]")) {
      box.checked = here > 0 && here === rows.length;
      box.indeterminate = here > 0 && here < rows.length;
      box.closest("label").hidden = !rows.length;
    }
    for (const [name, label] of [["page", list.dataset.pageLabel], ["all", list.dataset.allLabel]]) {
      const text = bar.querySelector(`[data-label-of="${name}"]`);
      text.textContent = label;
      text.closest("label").hidden = !rows.length;
    }
    everything.checked = chosen.all !== null;
    bar.elements.query.value = list.dataset.query;
    bar.querySelector("[data-count]").textContent = words();
    bar.toggleAttribute("data-any", chosen.ids.size > 0 || chosen.all !== null);
  }

  // What was chosen as a whole belongs to one search.
  function forgetOtherSearch() {
    if (chosen.all === null || chosen.all === results().dataset.match) return;
    chosen.all = null;
    keep();
    if (!chosen.ids.size) say("The filters changed, so nothing is selected now.", "wait");
  }

  function show() {
    forgetOtherSearch();
    draw();
  }

  function changed() {
    keep();
    draw();
    status.textContent = chosen.ids.size || chosen.all !== null ? words() : "Nothing selected";
  }

  function set(rows, isOn) {
    if (chosen.all !== null) {
      // one row less than everything: the rest of this page stays chosen
      chosen = { ids: new Set(boxes().map((box) => box.value)), all: null, count: "" };
    }
    for (const box of rows) {
      if (!isOn) chosen.ids.delete(box.value);
      else if (chosen.ids.size < MOST) chosen.ids.add(box.value);
    }
    if (isOn && rows.some((box) => !chosen.ids.has(box.value)))
      say(`You can select up to ${number.format(MOST)} contacts one by one. Select all that match instead.`, "warn");
    changed();
  }

  function between(one, other) {
    const rows = boxes();
    const places = [rows.indexOf(one), rows.indexOf(other)].sort((a, b) => a - b);
    return places[0] < 0 ? [other] : rows.slice(places[0], places[1] + 1);
  }

  function toggleRow(box) {
    set(shift && anchor?.isConnected ? between(anchor, box) : [box], box.checked);
    anchor = box;
    box.focus({ preventScroll: true });
  }

  function chooseEverything(isOn) {
    chosen.all = isOn ? results().dataset.match : null;
    chosen.count = isOn ? results().dataset.allCount : "";
    changed();
  }

  function clear() {
    chosen = { ids: new Set(), all: null, count: "" };
    anchor = null;
    changed();
    boxes()[0]?.focus({ preventScroll: true });
  }

  // Arrows move between the rows' checkboxes. With Shift the range from where it began grows or shrinks.
  function moveBy(step, box) {
    const rows = boxes();
    const from = rows.indexOf(box);
    const next = rows[from + step];
    if (!next) return;
    if (shift) {
      const start = anchor?.isConnected ? rows.indexOf(anchor) : from;
      anchor = rows[start];
      const grows = (from - start) * step >= 0;
      set(grows ? [box, next] : [box], grows);
    } else anchor = null;
    next.focus();
  }

  document.addEventListener("pointerdown", (event) => (shift = event.shiftKey), true);
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest?.(".pick")) event.preventDefault(); // it would mark text
  });
  document.addEventListener(
    "keydown",
    (event) => {
      shift = event.shiftKey;
      if (!event.target.matches?.("input[data-pick], input[data-pick-page], [data-selection] input")) return;
      if (event.key === "Enter") event.preventDefault(); // it would press the bar's first button
      if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches("[data-pick]")) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      moveBy(step, event.target);
    },
    true,
  );
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("input[data-pick]")) toggleRow(box);
    else if (box.matches("input[data-pick-page]")) set(boxes(), box.checked);
    else if (box === everything) chooseEverything(box.checked);
  });
  bar.querySelector("[data-clear]").addEventListener("click", clear);
  bar.addEventListener("formdata", (event) => {
    event.formData.delete("contact");
    if (chosen.all === null) for (const id of chosen.ids) event.formData.append("contact", id);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "results") show();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    chosen = read();
    show();
  });

  for (const element of bar.querySelectorAll("[hidden]")) element.hidden = false;
  show();
})();
