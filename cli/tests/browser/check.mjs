// Opens pages in headless Chromium, as three sizes of screen, light and dark, and prints what is
// wrong with them, a line each; nothing if nothing is. Arguments: the folder of the npm packages,
// the folder for the screenshots, then pages as NAME=FILE.
import { createRequire } from "node:module";
import { readFileSync, mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [packages, shots, ...pages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(packages + "/package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [1440, 800, 390];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

mkdirSync(shots, { recursive: true });
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
const wrong = [];
for (const argument of pages) {
  const [name, file] = argument.split("=", 2);
  const page = await browser.newPage();
  const say = (what) => wrong.push(`${name}: ${what}`);
  page.on("console", (m) => { if (["error", "warn"].includes(m.type())) say("console: " + m.text()); });
  page.on("pageerror", (e) => say("script: " + e.message));
  page.on("request", (r) => { if (!/^(file|data):/.test(r.url())) say("asks the network for " + r.url()); });
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of WIDTHS) {
      await page.setViewport({ width, height: 900 });
      if (width === WIDTHS[0]) await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
      const wide = await page.evaluate(() => {
        if (document.documentElement.scrollWidth <= innerWidth) return null;
        const right = (element) => element.getBoundingClientRect().right;
        const [widest] = [...document.querySelectorAll("body *")].sort((a, b) => right(b) - right(a));
        return `${widest.tagName} "${widest.textContent.slice(0, 60)}" ends at ${right(widest)} px`;
      });
      if (wide) say(`${width} px: the page is wider than the screen: ${wide}`);
      await page.screenshot({ path: `${shots}/${name}-${scheme}-${width}.png`, fullPage: true });
      if (width === 800) continue;
      await page.evaluate(axe);
      const found = await page.evaluate((tags) => axe.run({ runOnly: tags }), TAGS);
      for (const one of found.violations) {
        for (const node of one.nodes.slice(0, 4)) say(`axe ${one.id}, ${scheme}, ${width} px: ${node.target} ${node.failureSummary.replace(/\s+/g, " ")}`);
      }
    }
  }
  const dead = await page.evaluate(() =>
    [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href")).filter((h) => !document.getElementById(h.slice(1))));
  for (const link of dead) say(`${link} leads nowhere`);
  const twice = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    return ids.filter((id, n) => ids.indexOf(id) !== n);
  });
  for (const id of twice) say(`the id ${id} is there twice`);
  // A chart is read by the arrow keys.
  const plot = await page.$(".plot[tabindex]");
  if (plot) {
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    if (!(await page.$eval(".plot .tip", (tip) => tip.textContent))) say("the arrow keys read no value");
  }
  await page.emulateMediaType("print");
  await page.pdf({ path: `${shots}/${name}.pdf`, format: "A4" });
  await page.close();
}
await browser.close();
if (wrong.length) console.log([...new Set(wrong)].join("\n"));
process.exit(wrong.length ? 1 : 0);
