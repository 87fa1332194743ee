"use strict";

const $ = (id) => document.getElementById(id);

// An element with attributes, listeners (`onclick`) and children. Texts stay texts: nothing of a row is ever markup.
function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Announces a text to users of a screen reader.
function say(text) {
  $("live").textContent = text;
}

let toasting;
function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("up");
  clearTimeout(toasting);
  toasting = setTimeout(() => $("toast").classList.remove("up"), 6000);
}

// Says what stays until it is closed, with buttons for what can be done about it.
function notice(text, ...buttons) {
  $("notice").querySelector("p").textContent = text;
  $("notice").querySelector("span").replaceChildren(...buttons);
  $("notice").hidden = false;
}

function closeNotice() {
  $("notice").hidden = true;
}

const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const phone = window.matchMedia("(max-width: 51.25em)");

// Some browsers have no localStorage for pages from files.
const store = {
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(key, value); return true; } catch { return false; }
  },
};
