// What the screens do in the browser: theme, times that stay true, copying, asking before consequences, search by "/".
// Everything works without it, only less comfortably.
"use strict";

/* --- Theme ------------------------------------------------------------------------------------------------------ */

const THEME_KEY = "portal_theme";
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function currentTheme() {
  return document.documentElement.dataset.theme || (systemIsDark.matches ? "dark" : "light");
}

function nameThemeToggle() {
  const other = currentTheme() === "dark" ? "light" : "dark";
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.setAttribute("aria-label", `Use the ${other} theme`);
    button.title = `Use the ${other} theme`;
    button.dataset.themeToggle = other;
  }
}

function toggleTheme() {
  const other = currentTheme() === "dark" ? "light" : "dark";
  const asSystem = (other === "dark") === systemIsDark.matches;
  if (asSystem) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = other;
  try {
    localStorage.setItem(THEME_KEY, JSON.stringify(asSystem ? "auto" : other));
  } catch {
    // not remembered, but changed
  }
  nameThemeToggle();
}

/* --- Times ------------------------------------------------------------------------------------------------------ */

const seenAt = new WeakMap(); // <time> -> milliseconds of this page when it arrived

function relative(age) {
  const amount = Math.abs(age);
  if (amount < 45) return age >= 0 ? "just now" : "in a moment";
  if (amount >= 14 * 86400) return null;
  let words;
  if (amount < 59.5 * 60) words = `${Math.max(1, Math.round(amount / 60))} min`;
  else if (amount < 23.5 * 3600) words = `${Math.max(1, Math.round(amount / 3600))} h`;
  else {
    const days = Math.max(1, Math.round(amount / 86400));
    words = `${days} day${days === 1 ? "" : "s"}`;
  }
  return age >= 0 ? `${words} ago` : `in ${words}`;
}

function refreshTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-age]")) {
    if (!seenAt.has(time)) seenAt.set(time, performance.now());
    const words = relative(Number(time.dataset.age) + (performance.now() - seenAt.get(time)) / 1000);
    if (words !== null && time.textContent !== words) time.textContent = words;
  }
}

// The server draws times in this zone. The first page may come before it is known, and is in UTC.
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.cookie.split("; ").includes(`portal_zone=${zone}`)) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `portal_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

/* --- Popups: those with data-beside, and times, open beside their button -------------------------------------------- */

function openPopup(event) {
  const popup = event.target;
  if (event.newState !== "open" || !popup.matches?.(".moment, [data-beside]")) return;
  const isMoment = popup.matches(".moment");
  const anchor = document.querySelector(`[popovertarget="${popup.id}"]`);
  if (!anchor) return;
  const at = anchor.getBoundingClientRect();
  popup.style.inset = "auto";
  popup.style.margin = "0";
  requestAnimationFrame(() => {
    const box = popup.getBoundingClientRect();
    const isBelow = at.bottom + 6 + box.height < innerHeight || at.top < box.height;
    const left = isMoment || popup.dataset.beside === "start" ? at.left : at.right - box.width;
    popup.style.top = `${isBelow ? at.bottom + 6 : at.top - 6 - box.height}px`;
    popup.style.left = `${Math.max(8, Math.min(left, innerWidth - box.width - 8))}px`;
  });
}

/* --- Saying something ------------------------------------------------------------------------------------------- */

function say(text, tone = "ok") {
  let region = document.getElementById("toasts");
  if (!region) {
    region = document.createElement("div");
    region.id = "toasts";
    region.className = "toasts";
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  const toast = document.createElement("p");
  toast.className = "notice";
  toast.dataset.tone = tone;
  toast.textContent = text;
  region.replaceChildren(toast);
  setTimeout(() => toast.remove(), 5000);
}

/* --- Copying: <button data-copy="text"> or <button data-copy-from="#id"> ------------------------------------------ */

async function copy(button) {
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  const text = source ? (source.value ?? source.textContent.trim()) : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    if (source?.select) source.select();
    say("This browser does not let the page copy. Select the text and copy it yourself.", "warn");
  }
}

/* --- Asking first: <form data-confirm="What follows"> or <button data-confirm="…"> --------------------------------- */

function ask(text, verb, dangerous) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "confirm";
    const heading = document.createElement("h2");
    heading.id = "confirm-title";
    heading.textContent = `${verb}?`;
    dialog.setAttribute("aria-labelledby", heading.id);
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const buttons = document.createElement("div");
    buttons.className = "buttons";
    const make = (label, value, look) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = look;
      button.textContent = label;
      button.addEventListener("click", () => dialog.close(value));
      buttons.append(button);
      return button;
    };
    const cancel = make("Cancel", "", "button");
    make(verb, "yes", dangerous ? "button danger filled" : "button primary");
    dialog.append(heading, sentence, buttons);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
  });
}

async function confirmSubmit(event) {
  const form = event.target;
  const button = event.submitter;
  const text = button?.dataset.confirm || form.dataset.confirm;
  if (!text || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const verb = (button?.textContent || "Go on").trim().replace(/\s+/g, " ");
  if (!(await ask(text, verb, button?.classList.contains("danger")))) return;
  form.dataset.confirmed = "yes";
  form.requestSubmit(button ?? undefined);
  delete form.dataset.confirmed;
}

/* --- Back to the same place in a list ------------------------------------------------------------------------------ */

// A list says its plain address in data-list-address. Its filters, order and page are remembered in this tab, and
// <a href="plain address" data-list> on other pages leads back to them.
const listKey = (address) => `list ${address}`;

function rememberList() {
  const list = document.querySelector("[data-list-address]");
  try {
    if (list) sessionStorage.setItem(listKey(list.dataset.listAddress), location.pathname + location.search);
  } catch {
    // storage is off: the link leads to the list without filters
  }
}

function restoreListLinks() {
  for (const link of document.querySelectorAll("a[data-list]")) {
    try {
      link.href = sessionStorage.getItem(listKey(link.getAttribute("href"))) || link.href;
    } catch {
      return;
    }
  }
}

// <nav data-neighbors="address" data-list="plain address" hidden>: the records before and after this one in that list.
async function showNeighbors() {
  for (const nav of document.querySelectorAll("[data-neighbors]")) {
    let list = null;
    try {
      list = sessionStorage.getItem(listKey(nav.dataset.list));
    } catch {
      // storage is off: nobody knows the list
    }
    if (!list) continue;
    const address = nav.dataset.neighbors + new URL(list, location.href).search;
    await htmx.ajax("GET", address, { target: nav, swap: "innerHTML" });
    nav.hidden = !nav.childElementCount;
  }
}

/* --- Buttons of a form are disabled while it is sent -------------------------------------------------------------- */

const SENDING_MS = 10000; // then the answer was a download, or the server is slow: let people try again

function disableWhileSending(event) {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  const buttons = [...form.elements].filter((element) => element.type === "submit" && !element.disabled);
  const release = () => {
    for (const button of buttons) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  };
  // afterwards: the name and value of a disabled button would not be sent
  setTimeout(() => {
    for (const button of buttons) {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    }
  });
  setTimeout(release, SENDING_MS);
  addEventListener("pageshow", release, { once: true }); // the browser may keep the page for Back
}

/* --- Wiring ----------------------------------------------------------------------------------------------------- */

/* --- Rows that open: <tr data-href="address">, with a real link to the same address in their first cell -------------- */

function openRow(event) {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label, select, summary, [popover]")) return;
  if (event.button > 1 || getSelection().toString()) return;
  const aside = event.button === 1 || event.ctrlKey || event.metaKey;
  if (aside) open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (toggle) return toggleTheme();
  const copier = event.target.closest("[data-copy], [data-copy-from]");
  if (copier) copy(copier);
  openRow(event);
});
document.addEventListener("auxclick", openRow);
document.addEventListener("submit", confirmSubmit, true);
document.addEventListener("submit", disableWhileSending);
document.addEventListener("toggle", openPopup, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-search], input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
});

systemIsDark.addEventListener("change", nameThemeToggle);
nameThemeToggle();
tellZone();
restoreListLinks();
showNeighbors();
addEventListener("pagehide", rememberList);
refreshTimes();
setInterval(refreshTimes, 15000);

/* --- htmx ------------------------------------------------------------------------------------------------------- */

// A field that finds options of a filter filters nothing itself.
document.addEventListener(
  "change",
  (event) => {
    if (event.target.matches?.("[data-finds-options]")) event.stopPropagation();
  },
  true,
);

// Filters that are not set stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches?.("form[data-filters]")) return;
  const given = event.detail.formData;
  for (const [name, value] of [...given.entries()]) if (value === "") given.delete(name);
});

document.addEventListener("htmx:load", (event) => refreshTimes(event.target.parentElement ?? document));

// A poll that arrives after the session ended is answered with the sign-in page: go there, don't put it in a card.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || location.href, location.href).pathname;
  const asked = new URL(event.detail.pathInfo.requestPath, location.href).pathname;
  if (answered !== asked && answered.startsWith("/accounts/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// A poll must not close what somebody is reading (the next one brings the news), nor take the keyboard's place away.
const FOCUSABLE = "a[href], button, input, select, textarea, summary";
const nameOf = (element) => (element?.matches(".when") ? "time" : element?.textContent); // a time's words change
let place = null; // {id, index, name} of what had the focus inside the polled part

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (requestConfig.triggeringEvent || !target?.contains) return;
  if (target.querySelector(":popover-open")) event.detail.shouldSwap = false;
  const focused = document.activeElement;
  place =
    target.id && target !== focused && target.contains(focused)
      ? { id: target.id, index: [...target.querySelectorAll(FOCUSABLE)].indexOf(focused), name: nameOf(focused) }
      : null;
});

document.addEventListener("htmx:afterSettle", () => {
  if (!place) return;
  const found = [...(document.getElementById(place.id)?.querySelectorAll(FOCUSABLE) ?? [])];
  const there = found[place.index];
  const same = nameOf(there) === place.name ? there : found.find((element) => nameOf(element) === place.name);
  same?.focus({ preventScroll: true });
  place = null;
});

document.addEventListener("htmx:sendError", () => say("The portal does not answer. This page goes on trying.", "warn"));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 404) say("This is gone, or you may no longer see it. Load the page again.", "warn");
  else say("The portal answered with an error. Load the page again.", "bad");
});
