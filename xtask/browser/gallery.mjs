// Takes the pictures of the README: the head of a page, and its latencies, dark.
// Arguments: the folder of the npm packages, the folder of the pictures, the page.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, folder, file] = process.argv.slice(2);
const puppeteer = createRequire(pathToFileURL(packages + "/package.json"))("puppeteer-core");
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const page = await browser.newPage();
const webp = { type: "webp", quality: 78 };
await page.setViewport({ width: 1280, height: 900 });
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
await page.screenshot({ path: `${folder}/report-claims.webp`, ...webp });
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
await (await page.$("#latency")).screenshot({ path: `${folder}/report-latency.webp`, ...webp });
await browser.close();
