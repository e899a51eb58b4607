import { openBrowser, SIZES } from "./support/browser.js";
import { fillPool, openStudioPage, startDrawing, waitPool, starterPictures, putPicture } from "./support/studio.js";
const garden = await startDrawing(); const browser = await openBrowser();
const only = process.argv.slice(2);
const want = (n) => !only.length || only.includes(n);
try {
  const keys = await fillPool(garden, ["happy", "calm", "sad", "fear"], ["", "spring,sunny,day", "winter,snowy,sunset"], 3);
  for (const e of ["happy","calm","angry"]) for (const [i,p] of (await starterPictures(e)).entries()) await putPicture(garden, `emotions/${e}/${i%2?"spring,sunny,day/":"autumn,rainy,sunset/"}${p.name}`, p.bytes);
  await waitPool(garden, keys.length);
  for (const [lang,size] of [["en","desk"],["ko","phone"]]) {
    const open = async (a) => { const p = await openStudioPage(browser, garden, a, { language: lang, size: SIZES[size] }); p.setDefaultTimeout(12000); return p; };
    const shot = async (p, n) => { await p.shot(`dev-${n}-${lang}`); try { await p.check(); } catch (e) { console.log(n, lang, e.message.slice(0, 1500)); } };
    const go = async (n, a, f) => { if (!want(n)) return; console.log(n, lang); const p = await open(a); try { await f(p); } catch (e) { console.log(n, lang, "FAILED", e.message.slice(0,600)); } await shot(p, n); await p.context().close(); };
    await go("try", "/html/text2image.html", async (p) => { await p.fill("#prompt", "a quiet flower garden in spring"); await p.click("#draw"); await p.waitForSelector(".mat .seed", { timeout: 60000 }); await p.waitForTimeout(500); });
    await go("bulk", "/html/pool/bulk/bulk.html", async (p) => { await p.fill("#count", "4"); await p.click("#generate"); await p.waitForSelector(".twin:nth-child(2) .slot[data-key]", { timeout: 60000 }); await p.waitForTimeout(500); });
    await go("table", "/html/prompt-generator/prompt-generator-v2.html", async (p) => { await p.waitForSelector("#row-2"); await p.click("#row-0 .strip16 button"); await p.waitForSelector("#row-0 .strip16 img", { timeout: 60000 }); await p.waitForTimeout(800); });
    await go("pool", "/html/pool/preview/preview.html", async (p) => { await p.waitForSelector(".card img"); await p.focus("#wall"); for (const k of ["p","p","x","ArrowDown"]) await p.keyboard.press(k); await p.waitForTimeout(1500); });
    await go("stack", "/html/pool/preview/preview.html?emotion=happy", async (p) => { await p.waitForSelector(".card img"); await p.check("#stacks").catch(()=>{}); await p.click("#stacks", {force:true}).catch(()=>{}); await p.waitForTimeout(1500); });
    await go("large", "/html/viewer/viewer.html?emotion=happy", async (p) => { await p.waitForSelector(".card img"); await p.focus("#wall"); await p.keyboard.press(" "); await p.waitForTimeout(1500); });
    await go("coverage", "/html/studio/coverage.html", async (p) => { await p.waitForSelector(".thin"); await p.waitForTimeout(800); });
  }
} finally { await browser.close(); await garden.stop(); }
