"use strict";
(() => {
  const drawn = [];

  // Figures name their colours var(--ink), because they depend on light and dark.
  const resolve = (value, style) => {
    if (typeof value === "string") {
      return value.startsWith("var(--") ? style.getPropertyValue(value.slice(4, -1)).trim() : value;
    }
    if (Array.isArray(value)) return value.map((part) => resolve(part, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part, style)]));
    }
    return value;
  };

  // What all charts share. Axes are fixed, so that a finger that scrolls the page doesn't zoom.
  const common = (style) => {
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      automargin: true, fixedrange: true, ticks: "", gridcolor: colour("--grid"), linecolor: colour("--line"), zeroline: false,
      tickfont: { size: 12, color: colour("--soft") }, title: { font: { size: 12, color: colour("--soft") }, standoff: 10 },
    };
    return {
      font: { family: "system-ui, sans-serif", size: 12, color: colour("--ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { t: 10, r: 12, b: 46, l: 12 }, dragmode: false, hovermode: "closest", showlegend: false,
      hoverlabel: { bgcolor: colour("--paper"), bordercolor: colour("--line"), font: { color: colour("--ink"), size: 12 } },
      xaxis: axis, yaxis: axis, bargap: 0.3,
      polar: {
        bgcolor: "rgba(0,0,0,0)",
        radialaxis: { gridcolor: colour("--grid"), linecolor: "rgba(0,0,0,0)", ticks: "" },
        angularaxis: { gridcolor: colour("--grid"), linecolor: colour("--line"), ticks: "", tickfont: { size: 11, color: colour("--soft") } },
      },
    };
  };

  const merged = (base, own) => {
    const result = { ...base };
    for (const [name, value] of Object.entries(own)) {
      const both = value && typeof value === "object" && !Array.isArray(value) && result[name] && typeof result[name] === "object";
      result[name] = both ? merged(result[name], value) : value;
    }
    return result;
  };

  // The approximate width of a heat map's cell, beside the names on the left.
  const cellWidth = (trace, width, axis) => {
    const names = (axis.ticktext || trace.y).reduce((most, name) => Math.max(most, ...String(name).split("<br>").map((line) => line.length)), 0);
    return (width - 7 * names - 40) / trace.x.length;
  };

  // Texts in the cells of a heat map are left out where they do not fit.
  const fitted = (trace, width, axis) => {
    if (trace.type !== "heatmap") return trace;
    const longest = Math.max(1, ...trace.text.flat().map((text) => text.length));
    return cellWidth(trace, width, axis) < 6.5 * longest + 4 ? { ...trace, texttemplate: "" } : trace;
  };

  const draw = (plot, figure, width) => {
    const style = getComputedStyle(document.documentElement);
    const layout = merged(common(style), resolve(figure.layout, style));
    layout.height = figure.height;
    layout.width = width || Math.floor(plot.getBoundingClientRect().width);
    if (layout.width < 480) {
      // On a phone a long title of an axis goes over two lines, and shorter ticks leave room for the marks.
      for (const name of ["xaxis", "yaxis"]) {
        layout[name] = merged(layout[name], { tickfont: { size: 11 } });
        const text = layout[name].title && layout[name].title.text;
        if (text && name === "xaxis") layout[name].title.text = text.replace(/(.{24,44}?) /g, "$1<br>");
      }
    }
    // Names under narrow cells are vertical, or they would overlap.
    const map = figure.data.find((trace) => trace.type === "heatmap" && typeof trace.x[0] === "string");
    if (map && cellWidth(map, layout.width, layout.yaxis) < 22) {
      layout.xaxis = merged(layout.xaxis, { tickangle: -90, tickfont: { size: cellWidth(map, layout.width, layout.yaxis) < 12 ? 9 : 11 } });
      layout.height += 40;
    }
    plot.style.height = `${layout.height}px`;
    const data = resolve(figure.data, style).map((trace) => fitted(trace, layout.width, layout.yaxis));
    return Plotly.react(plot, data, layout, { displayModeBar: false, responsive: false, doubleClick: false });
  };

  const redraw = (width) => drawn.forEach(({ plot, figure }) => draw(plot, figure, width && width(plot)));

  // An apostrophe before =, +, -, @, tab or return keeps a spreadsheet from executing a text; numbers are unchanged.
  const field = (cell) => {
    const number = cell.querySelector("data");
    const text = number ? number.value : cell.textContent;
    const safe = (cell.tagName === "TH" || !cell.classList.contains("n")) && /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };

  const download = (button) => {
    const rows = [...button.closest("details").querySelectorAll("tr")];
    const lines = rows.map((row) => [...row.cells].map(field).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = `${button.dataset.name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const start = async () => {
    for (const plot of document.querySelectorAll(".plot")) {
      const figure = JSON.parse(plot.parentElement.querySelector("script").textContent);
      plot.style.height = `${figure.height}px`;
      drawn.push({ plot, figure });
    }
    // One after the other, so that the page is readable while it draws.
    for (const { plot, figure } of drawn) {
      await draw(plot, figure);
      await new Promise((next) => setTimeout(next, 0));
    }
    document.documentElement.dataset.drawn = drawn.length;
  };

  let width = innerWidth;
  let waiting;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => redraw(), 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  // A sheet of paper is narrower than most screens.
  const onPaper = { wide: 680, middle: 330, narrow: 162 };
  addEventListener("beforeprint", () => {
    redraw((plot) => onPaper[["wide", "middle", "narrow"].find((name) => plot.closest(".panels").classList.contains(name))]);
  });
  addEventListener("afterprint", () => redraw());
  document.querySelectorAll(".download").forEach((button) => button.addEventListener("click", () => download(button)));
  start();
})();
