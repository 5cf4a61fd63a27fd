// Before the first paint: the theme that was chosen on this device. Under the same key as the settings tables use.
(() => {
  const KEY = "portal_theme";
  let chosen = "auto";
  try {
    chosen = JSON.parse(localStorage.getItem(KEY)) || "auto";
  } catch {
    // storage is off, or holds something else: follow the system
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
