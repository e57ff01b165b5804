"use strict";
(() => {
  const root = document.documentElement;
  const texts = JSON.parse(document.body.dataset.texts);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  // Readers' choices; a browser that keeps nothing for files simply begins with the defaults.
  const kept = {
    get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
    set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* nothing is kept */ } },
  };

  // Light and dark: the style sheet's rule for dark screens is in force for dark systems, always, or never.
  const darkRule = [...document.styleSheets[0].cssRules].find((rule) => rule.media && rule.conditionText.includes("prefers-color-scheme"));
  const darkMedia = darkRule.media.mediaText;
  const themes = ["auto", "light", "dark"];
  const themeButton = document.querySelector("button.theme");
  let theme = "auto";
  const useTheme = (name) => {
    darkRule.media.mediaText = { auto: darkMedia, light: "not all", dark: "screen" }[name];
    root.style.colorScheme = { auto: "", light: "light", dark: "dark" }[name];
  };
  const chooseTheme = (name) => {
    theme = themes.includes(name) ? name : "auto";
    useTheme(theme);
    themeButton.textContent = texts[theme];
    root.dataset.theme = theme;
  };
  themeButton.hidden = false;
  chooseTheme(kept.get("report-theme"));

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
    // Plotly's k and M are English.
    const amounts = texts.months ? { exponentformat: "none", separatethousands: true } : {};
    const axis = {
      ...amounts, automargin: true, fixedrange: true, ticks: "", gridcolor: colour("--grid"), linecolor: colour("--line"), zeroline: false,
      tickfont: { size: 12, color: colour("--soft") }, title: { font: { size: 12, color: colour("--soft") }, standoff: 10 },
    };
    return {
      font: { family: "system-ui, sans-serif", size: 12, color: colour("--ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { t: 10, r: 12, b: 46, l: 12 }, dragmode: false, hovermode: "closest", showlegend: false,
      hoverlabel: { bgcolor: colour("--paper"), bordercolor: colour("--line"), font: { color: colour("--ink"), size: 12 } },
      xaxis: axis, yaxis: axis, bargap: 0.3, ...(texts.separators ? { separators: texts.separators } : {}),
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

  const draw = (plot, figure) => {
    const style = getComputedStyle(root);
    const layout = merged(common(style), resolve(figure.layout, style));
    layout.height = figure.height;
    layout.width = Math.floor(plot.getBoundingClientRect().width);
    if (layout.width < 480) {
      // In little room a long title of an axis goes over two lines, and shorter ticks leave room for the marks.
      for (const name of ["xaxis", "yaxis"]) {
        layout[name] = merged(layout[name], { tickfont: { size: 11 } });
        const text = layout[name].title && layout[name].title.text;
        const line = Math.max(12, Math.min(24, Math.floor(layout.width / 22)));
        if (text && name === "xaxis") layout[name].title.text = text.replace(new RegExp(`(.{${line},44}?) `, "g"), "$1<br>");
      }
    }
    // A title beside a low figure would be cut off: it goes over two lines, broken in its middle.
    const beside = layout.yaxis.title && layout.yaxis.title.text;
    if (beside && 7 * beside.length > layout.height - 60) {
      layout.yaxis.title.text = beside.replace(new RegExp(`^(.{${Math.floor(beside.length / 2) - 3},}?) `), "$1<br>");
    }
    // Names under narrow cells are vertical, or they would overlap.
    const map = figure.data.find((trace) => trace.type === "heatmap" && typeof trace.x[0] === "string");
    if (map && cellWidth(map, layout.width, layout.yaxis) < 22) {
      layout.xaxis = merged(layout.xaxis, { tickangle: -90, tickfont: { size: cellWidth(map, layout.width, layout.yaxis) < 12 ? 9 : 11 } });
      layout.height += 40;
    }
    plot.style.height = `${layout.height}px`;
    const data = resolve(figure.data, style).map((trace) => fitted(trace, layout.width, layout.yaxis));
    return Plotly.react(plot, data, layout, { displayModeBar: false, responsive: false, doubleClick: false, locale: root.lang });
  };

  // A figure is drawn when somebody sees it: in the tab that is shown, and not in what is folded.
  const figures = new Map(all(".plot").map((plot) => [plot, JSON.parse(plot.parentElement.querySelector("script").textContent)]));
  const drawn = new Set();
  const isSeen = (plot) => plot.getClientRects().length > 0 && plot.clientWidth > 0;
  let isDrawing = false;
  const drawSeen = async () => {
    delete root.dataset.drawn;
    if (isDrawing || typeof Plotly === "undefined") return;
    isDrawing = true;
    // One after the other, so that the page is readable while it draws.
    for (let plot; (plot = [...figures.keys()].find((one) => !drawn.has(one) && isSeen(one)));) {
      drawn.add(plot);
      await draw(plot, figures.get(plot));
      await new Promise((next) => setTimeout(next, 0));
    }
    isDrawing = false;
    root.dataset.drawn = drawn.size;
  };
  const redraw = () => {
    drawn.clear();
    drawSeen();
  };

  // Segmentations are shown one at a time, the same one in all tabs.
  const radios = all(".switch input");
  const chooseSegmentation = (name) => {
    if (!radios.some((radio) => radio.value === name)) return;
    root.dataset.segmentation = name;
    for (const tab of all(".tab")) {
      const own = all(".switch input", tab);
      // A tab that has no such segments goes on showing its first ones.
      const shown = own.some((radio) => radio.value === name) ? name : own[0] && own[0].value;
      own.forEach((radio) => { radio.checked = radio.value === shown; });
      for (const part of all("[data-segmentation]", tab)) {
        // Side by side: figures, or the texts of a title. Those without the chosen one go on showing their first.
        const siblings = part.matches("article") ? [] : [...part.parentElement.children].filter((one) => one.dataset.segmentation);
        const isOnly = siblings.length > 0 && !siblings.some((one) => one.dataset.segmentation === shown);
        part.hidden = shown !== undefined && part.dataset.segmentation !== shown && !(isOnly && part.dataset.segmentation === siblings[0].dataset.segmentation);
      }
    }
    drawSeen();
  };
  for (const radio of radios) {
    radio.addEventListener("change", () => {
      chooseSegmentation(radio.value);
      kept.set("report-segmentation", radio.value);
    });
  }

  // A finding about one segmentation leads to the chart of it.
  for (const link of all("[data-choose]")) link.addEventListener("click", () => chooseSegmentation(link.dataset.choose));

  // An address such as #customers/segment_sizes opens its tab, and all around the place that it names.
  const tabs = all(".tab");
  const links = all("nav a");
  const show = () => {
    const parts = decodeURIComponent(location.hash.slice(1)).split("/");
    const target = document.getElementById(parts.at(-1)) || document.getElementById(parts[0]);
    const tab = (target && target.closest(".tab")) || tabs[0];
    tabs.forEach((one) => one.classList.toggle("shown", one === tab));
    links.forEach((link) => {
      if (link.hash === `#${tab.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    root.dataset.tab = tab.id;
    // On a phone the tabs scroll: the one that is shown is among those that can be seen.
    const link = links.find((one) => one.hash === `#${tab.id}`);
    const list = link.closest("ul");
    list.scrollLeft = link.offsetLeft - list.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
    const isBlock = target && target !== tab && tab.contains(target);
    if (isBlock) {
      if (target.dataset.segmentation) chooseSegmentation(target.dataset.segmentation);
      for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
      all("details.folded", target).forEach((details) => { details.open = true; });
    }
    drawSeen();
    if (isBlock) target.scrollIntoView();
    else if (location.hash && tab === target) scrollTo(0, 0);
  };
  root.classList.add("tabbed");
  chooseSegmentation(kept.get("report-segmentation") || (radios[0] && radios[0].value));
  addEventListener("hashchange", show);
  addEventListener("toggle", (event) => { if (event.target.open) drawSeen(); }, true);

  themeButton.addEventListener("click", () => {
    chooseTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
    kept.set("report-theme", theme);
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

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
  all(".download").forEach((button) => button.addEventListener("click", () => download(button)));

  // A row is found if it holds all words that are searched for, in any order.
  for (const input of all("input[type=search]")) {
    const details = input.closest("details");
    const rows = all("tbody tr", details);
    input.addEventListener("input", () => {
      const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of rows) {
        const text = row.textContent.toLocaleLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        found += !row.hidden;
      }
      const sentence = texts.found.replace("{found}", found).replace("{all}", rows.length);
      details.querySelector("output").textContent = words.length ? sentence : "";
    });
  }

  // A term's explanation is beside it for a pointer and for the keyboard; Escape or another term hides it.
  let shownTip = null;
  let shownFor = null;
  const hideTip = () => {
    if (shownTip) shownTip.hidden = true;
    shownTip = shownFor = null;
  };
  const placeTip = () => {
    if (!shownTip) return;
    const place = shownFor.getBoundingClientRect();
    const size = shownTip.getBoundingClientRect();
    shownTip.style.left = `${Math.max(8, Math.min(place.left, innerWidth - size.width - 8))}px`;
    shownTip.style.top = `${place.top > size.height + 60 ? place.top - size.height - 2 : place.bottom + 2}px`;
  };
  const showTip = (button) => {
    hideTip();
    shownFor = button;
    shownTip = document.getElementById(button.getAttribute("aria-describedby"));
    shownTip.hidden = false;
    placeTip();
  };
  for (const button of all(".gloss")) {
    button.addEventListener("mouseenter", () => showTip(button));
    button.addEventListener("focus", () => showTip(button));
    button.addEventListener("click", () => showTip(button));
    button.addEventListener("blur", hideTip);
    button.addEventListener("mouseleave", (event) => { if (!(event.relatedTarget && event.relatedTarget === shownTip)) hideTip(); });
  }
  all(".tip").forEach((tip) => tip.addEventListener("mouseleave", hideTip));
  addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
  addEventListener("scroll", placeTip, { passive: true });

  let width = innerWidth;
  let waiting;
  addEventListener("resize", () => {
    if (innerWidth === width || root.classList.contains("printing")) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });

  // On paper: the summary of all tabs, light, in figures as wide as the paper has room for.
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    useTheme("light");
    if (typeof Plotly === "undefined") return;
    for (const [plot, figure] of figures) {
      if (!isSeen(plot)) continue;
      drawn.delete(plot);
      draw(plot, { ...figure, height: Math.min(figure.height, 320) });
    }
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printing");
    useTheme(theme);
    redraw();
  });

  for (const [plot, figure] of figures) plot.style.height = `${figure.height}px`;
  show();

  // Plotly's script is packed, as it would be most of the page. The policy allows what comes out by its hash.
  const unpack = (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  addEventListener("DOMContentLoaded", async () => {
    const packed = document.getElementById("plotly");
    const script = document.createElement("script");
    try {
      script.textContent = await unpack(packed.textContent);
      packed.remove();
      document.head.append(script);
    } catch {
      // A browser from before the middle of 2023 can't unpack it.
    }
    if (typeof Plotly === "undefined") {
      // Or something has changed the page, so that the policy allows another script than this one.
      document.getElementById("undrawn").hidden = false;
      return;
    }
    if (texts.months) Plotly.register({ moduleType: "locale", name: root.lang, dictionary: {}, format: texts.months });
    show();
  });
})();
