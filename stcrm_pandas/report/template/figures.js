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
    const axes = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((name) => /^[xy]axis\d+$/.test(name))]);
    for (const name of axes) {
      layout[name] = { ...layout[name], gridcolor: grid, linecolor: grid, tickcolor: grid };
      put(layout[name], "tickfont.color", text);
    }
    layout.paper_bgcolor ??= "rgba(0,0,0,0)";
    layout.plot_bgcolor ??= "rgba(0,0,0,0)";
    layout.width = width;
    layout.dragmode = false;  // a finger that passes over a plot scrolls the page
    if (printed && layout.height > PRINTED_HEIGHT) layout.height = PRINTED_HEIGHT;
    return layout;
  }

  /* plotly.js is large: it is run when the first figure comes into view. */
  function run() {
    const source = document.getElementById("plotly");
    if (source.type !== "text/plain") return;
    const script = Object.assign(document.createElement("script"), { id: "plotly", textContent: source.textContent });
    source.replaceWith(script);
  }

  function draw(plot, printed = false) {
    run();
    const width = printed ? PRINTED_WIDTH : plot.area.clientWidth;
    plot.drawn = width > 0;  // not in a closed section
    if (!plot.drawn) return;
    Plotly.react(plot.area, plot.data, layoutOf(plot, width, printed), {
      displaylogo: false, displayModeBar: false, scrollZoom: false, doubleClick: false, staticPlot: printed,
    });
  }
  const redraw = () => plots.filter((plot) => plot.drawn).forEach((plot) => draw(plot));

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const plot = plots.find((one) => one.area === entry.target);
      if (entry.isIntersecting && !plot.drawn) draw(plot);
    }
  }, { rootMargin: "600px" });
  for (const plot of plots) {
    const narrow = innerWidth < NARROW ? plot.layout?.meta?.narrow?.height : undefined;
    plot.area.style.minHeight = `${narrow ?? plot.layout?.height ?? 400}px`;  // so that nothing moves when it is drawn
    seen.observe(plot.area);
  }

  let width = innerWidth, waiting;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => plots.forEach((plot) => draw(plot, true)));
  addEventListener("afterprint", redraw);
})();
