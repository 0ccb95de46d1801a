// The page reads without this. It shows the values under the pointer, or by the arrow keys, and
// enlarges a chart; and it opens what is folded when the page is printed.
(() => {
  const number = (v) => {
    if (v === null || v === undefined) return "–";
    const a = Math.abs(v);
    const digits = a === 0 ? 0 : a >= 100 ? 0 : a >= 10 ? 1 : a >= 1 ? 2 : a >= 0.01 ? 3 : 6;
    return v.toLocaleString("en", { maximumFractionDigits: digits });
  };
  const place = (v, [low, high, log]) => ((log ? Math.log10(v) : v) - low) / (high - low);
  for (const figure of document.querySelectorAll("figure.chart")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const plot = figure.querySelector(".plot");
    const steps = [...new Set(data.series.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b);
    if (!steps.length) continue;
    const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
    const rule = Object.assign(document.createElement("div"), { className: "rule", hidden: true });
    tip.setAttribute("role", "status");
    plot.append(rule, tip);
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", data.title + ": left and right arrow keys read its values");
    let at = -1;
    const show = (index) => {
      at = Math.max(0, Math.min(steps.length - 1, index));
      const x = steps[at];
      const svg = [...plot.querySelectorAll("svg")].find((s) => s.getClientRects().length);
      const [left, right] = svg.dataset.area.split(" ").map(Number);
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const px = (left + place(x, data.x) * (right - left)) * scale;
      const rows = data.series.map((s) => {
        const near = s.points.reduce((best, p) => (Math.abs(p[0] - x) < Math.abs(best[0] - x) ? p : best), s.points[0]);
        const close = near && Math.abs(place(near[0], data.x) - place(x, data.x)) < 0.02;
        return close ? [s, near[1]] : null;
      }).filter(Boolean);
      tip.replaceChildren();
      const head = document.createElement("b");
      head.textContent = number(x) + " " + data.x[3];
      tip.append(head);
      for (const [s, y] of rows) {
        const row = document.createElement("div");
        const key = document.createElement("i");
        key.className = "key " + s.color;
        row.append(key, s.name + "  " + number(y) + " " + data.y[3]);
        tip.append(row);
      }
      tip.hidden = rule.hidden = false;
      rule.style.left = px + "px";
      const wide = plot.clientWidth;
      tip.style.left = Math.max(0, px > wide / 2 ? px - tip.offsetWidth - 12 : px + 12) + "px";
    };
    const hide = () => { tip.hidden = rule.hidden = true; at = -1; };
    plot.addEventListener("pointermove", (event) => {
      const svg = [...plot.querySelectorAll("svg")].find((s) => s.getClientRects().length);
      const box = svg.getBoundingClientRect();
      const [left, right] = svg.dataset.area.split(" ").map(Number);
      const x = (((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width - left) / (right - left);
      let best = 0;
      steps.forEach((s, i) => {
        if (Math.abs(place(s, data.x) - x) < Math.abs(place(steps[best], data.x) - x)) best = i;
      });
      show(best);
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at < 0 ? steps.length - 1 : at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 }[event.key];
      if (event.key === "Escape") hide();
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
    const larger = Object.assign(document.createElement("button"), { type: "button", className: "larger", textContent: "Enlarge" });
    larger.setAttribute("aria-label", "Enlarge: " + data.title);
    larger.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen(); else figure.requestFullscreen?.();
    });
    figure.addEventListener("fullscreenchange", () => {
      larger.textContent = document.fullscreenElement === figure ? "Close" : "Enlarge";
    });
    figure.prepend(larger);
  }
  const links = [...document.querySelectorAll("nav.contents a")];
  if (links.length && "IntersectionObserver" in window) {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links) {
          if (link.hash === "#" + entry.target.id) link.setAttribute("aria-current", "true");
          else link.removeAttribute("aria-current");
        }
      }
    }, { rootMargin: "-10% 0px -80% 0px" });
    for (const link of links) { const s = document.querySelector(link.hash); if (s) seen.observe(s); }
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
})();
