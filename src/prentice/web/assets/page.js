// Keeps parts of a page up to date, lets keys lead through it, and says how much is marked. Everything works without.
"use strict";

const find = (selector, within = document) => [...within.querySelectorAll(selector)];

// -- parts that change by themselves ---------------------------------------------------------------------------

function keepUpToDate(part) {
  const every = Number(part.dataset.every);
  let tag = "", failures = 0, timer = 0;

  async function look() {
    timer = 0;
    try {
      const answer = await fetch(part.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      tag = answer.headers.get("etag") || tag;
      if (answer.status === 200) {
        replace(part, await answer.text());
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      failures = 0;
    } catch {
      failures += 1;
    }
    document.getElementById("lost").hidden = failures < 2;
    if (!part.querySelector("[data-over]")) {
      wait(every * Math.min(8, 1 + failures));
    }
  }

  function wait(milliseconds) {
    clearTimeout(timer);
    timer = document.hidden ? 0 : setTimeout(look, milliseconds);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden && !timer) wait(50); });
  wait(every);
}

function replace(part, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const focused = part.contains(document.activeElement) ? whatItIs(document.activeElement) : "";
  while (part.firstChild?.nodeType === Node.TEXT_NODE) part.firstChild.remove(); // a part of its own begins without one
  adapt(part, fresh);
  if (focused && !part.contains(document.activeElement)) part.querySelector(focused)?.focus({ preventScroll: true });
}

function whatItIs(element) {
  const href = element.getAttribute("href");
  return element.id ? `#${CSS.escape(element.id)}` : href ? `a[href="${CSS.escape(href)}"]` : "";
}

// Changes only what differs: a reader keeps its place, and a screen reader says only what is new.
function adapt(old, fresh) {
  const before = [...old.childNodes];
  const count = fresh.childNodes.length;
  [...fresh.childNodes].forEach((node, at) => {
    const there = before[at];
    if (!there) old.append(node);
    else if (isSamePlace(there, node)) {
      adaptAttributes(there, node);
      adapt(there, node);
    } else if (!there.isEqualNode(node)) there.replaceWith(node);
  });
  before.slice(count).forEach((node) => node.remove());
}

function isSamePlace(one, other) {
  return one.nodeType === Node.ELEMENT_NODE && one.nodeName === other.nodeName && whatItIs(one) === whatItIs(other);
}

function adaptAttributes(old, fresh) {
  const isHere = old.classList.contains("here");
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  if (isHere) old.classList.add("here");
}

// -- keys -------------------------------------------------------------------------------------------------------

const OFF = "prentice-keys=off"; // a cookie: what is stored otherwise belongs to a port, which is another each time
const isWriting = (element) => element.closest("textarea, select, input:not([type=checkbox])") !== null;

function go(step) {
  const items = find("[data-item]").filter((item) => item.checkVisibility());
  if (!items.length) return;
  const at = items.findIndex((item) => item === document.activeElement || item.contains(document.activeElement) || item.classList.contains("here"));
  const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.max(0, Math.min(items.length - 1, at + step))];
  find(".here").forEach((item) => item.classList.remove("here"));
  next.classList.add("here");
  const target = next.matches("a, [tabindex]") ? next : next.querySelector("input, a, button, [tabindex]");
  target?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function mark() {
  const item = document.querySelector(".here") || document.activeElement.closest("[data-item]");
  item?.querySelector("input[type=checkbox]")?.click();
}

function lead(key) {
  const target = document.querySelector(`[data-key="${key}"]`);
  target?.focus();
  target?.scrollIntoView({ block: "center" });
}

const ACTS = { j: () => go(1), k: () => go(-1), x: mark, a: () => lead("a"), r: () => lead("r"), "?": showKeys };

function showKeys() {
  document.getElementById("keys").showModal();
}

function setUpKeys() {
  const off = document.getElementById("keys-off");
  const button = document.getElementById("keys-button");
  off.checked = document.cookie.split("; ").includes(OFF);
  off.addEventListener("change", () => {
    document.cookie = `${OFF}; path=/; samesite=strict; max-age=${off.checked ? 31536000 : 0}`;
  });
  button.hidden = false;
  button.addEventListener("click", showKeys);
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (!plain || off.checked || isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const act = ACTS[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

// -- what is marked ---------------------------------------------------------------------------------------------

function count(button) {
  const boxes = find(`input[name="${button.dataset.count}"]`).filter((box) => box.form === button.form);
  const taken = boxes.filter((box) => box.checked).length;
  const says = taken === boxes.length ? button.dataset.countAll : button.dataset.countSays;
  button.textContent = says.replace("{n}", taken).replace("{of}", boxes.length);
  for (const one of find("button[type=submit]", button.form)) one.disabled = taken === 0;
}

function setUpForms() {
  for (const button of find("[data-count]")) {
    count(button);
    document.addEventListener("change", () => count(button));
  }
  for (const button of find("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  }
  // A form is sent once, however often its button is pressed. Coming back to the page, it can be sent again.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => find("form[data-sent]").forEach((form) => delete form.dataset.sent));
}

find("[data-live]").forEach(keepUpToDate);
setUpKeys();
setUpForms();
document.getElementById("problem")?.focus();
if (location.search.includes("notice=")) {
  const address = new URL(location.href);
  address.searchParams.delete("notice");
  history.replaceState(null, "", address);
}
