// Light or dark: as the system says, unless the reader chose. Loaded before anything is drawn.
(function () {
  const KEY = "dashboard.theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Without storage the choice lasts as long as the page.
  }

  function apply() {
    const fixed = chosen === "light" || chosen === "dark";
    document.documentElement.dataset.theme = fixed ? chosen : system.matches ? "dark" : "light";
    window.dispatchEvent(new Event("themechange"));
  }

  window.dashboardTheme = {
    get: () => chosen ?? "system",
    set(theme) {
      chosen = theme;
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // See above.
      }
      apply();
    },
  };
  system.addEventListener("change", apply);
  apply();
})();
