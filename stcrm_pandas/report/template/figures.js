"use strict";
(() => {
  const PRINTED_WIDTH = 680, PRINTED_HEIGHT = 900, NARROW = 600;
  const plots = [...document.querySelectorAll("figure.plot")].map((figure) => ({
    area: figure.querySelector(".plot-area"),
    ...JSON.parse(figure.querySelector("script").textContent),
  }));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function put(target, path, value) {
    const parts = path.split("."), last = parts.pop();
    for (const part of parts) target = target[part] ??= {};
    target[last] = value;
  }

  function layoutOf(plot, width, printed) {
    const layout = structuredClone(plot.layout ?? {});
    if (width < NARROW) {
      for (const [path, value] of Object.entries(layout.meta?.narrow ?? {})) put(layout, path, value);
    }
    const text = printed ? "#222222" : colour("--text"), grid = printed ? "#d5dae0" : colour("--grid");
    put(layout, "font.color", text);
    for (const name of Object.keys(layout)) {
      if (!/^[xy]axis\d*$/.test(name)) continue;
      Object.assign(layout[name], { gridcolor: grid, linecolor: grid, tickcolor: grid });
      put(layout[name], "tickfont.color", text);
    }
    layout.paper_bgcolor ??= "rgba(0,0,0,0)";
    layout.plot_bgcolor ??= "rgba(0,0,0,0)";
    layout.width = width;
    layout.dragmode = false;  // a finger that passes over a plot scrolls the page
    if (printed && layout.height > PRINTED_HEIGHT) layout.height = PRINTED_HEIGHT;
    return layout;
  }

  function draw(printed = false) {
    for (const plot of plots) {
      const width = printed ? PRINTED_WIDTH : plot.area.clientWidth;
      Plotly.react(plot.area, plot.data, layoutOf(plot, width, printed), {
        displaylogo: false, displayModeBar: false, scrollZoom: false, doubleClick: false, staticPlot: printed,
      });
    }
  }

  let width = window.innerWidth, waiting;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  window.addEventListener("beforeprint", () => draw(true));
  window.addEventListener("afterprint", () => draw());
  draw();
})();
