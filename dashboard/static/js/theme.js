// Light or dark: as the system says, unless the reader chose. Loaded before anything is drawn.
(function () {
  const KEY = "dashboard.theme";
  const root = document.documentElement;
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Without storage the choice lasts as long as the page.
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    window.dispatchEvent(new Event("themechange"));
  }

  window.dashboardTheme = {
    get: () => root.dataset.theme ?? "system",
    set(theme) {
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // See above.
      }
      apply(theme);
    },
  };
  apply(chosen);
})();
