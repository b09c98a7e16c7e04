// Run in a page: gives what would keep somebody from reading or using it, each as a sentence.
() => {
  const found = [];
  const named = (one) => one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.labels?.length
    || one.textContent.trim() || one.title || one.value;
  for (const one of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
    if (!named(one)) found.push("no name: " + one.outerHTML.slice(0, 80));
    if (one.matches("input, select, textarea") && !one.labels?.length) found.push("no label: " + one.outerHTML.slice(0, 80));
  }
  let level = 0;
  for (const one of document.querySelectorAll("h1, h2, h3, h4")) {
    if (one.closest("dialog")) continue;
    const here = Number(one.tagName[1]);
    if (here > level + 1) found.push("heading skips: " + one.textContent.trim());
    level = here;
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("h1s: " + document.querySelectorAll("h1").length);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("id twice: " + id);
  for (const one of document.querySelectorAll("[aria-labelledby]"))
    if (!document.getElementById(one.getAttribute("aria-labelledby"))) found.push("labelled by nothing: " + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll("th")) if (!one.scope) found.push("th without scope");
  if (!document.documentElement.lang) found.push("no lang");
  if (document.querySelectorAll("main").length !== 1) found.push("mains");
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the screen");

  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parsed = (text) => text.match(/[\d.]+/g).map(Number);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parsed(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(one) || !one.checkVisibility() || one.closest(".unseen, svg")) continue;
    seen.add(one);
    const [a, b] = [light(parsed(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${one.className} ${walker.currentNode.data.trim().slice(0, 30)}`);
  }
  return found;
}
