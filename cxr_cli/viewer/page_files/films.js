"use strict";

const filmStyle = {brightness: 1, contrast: 1, invert: 0}; // of all films, kept from case to case

function drawFilms(item) {
  const {films, before} = item.shared;
  const all = [...before.films.map((film) => [film, "Prior: "]), ...films.map((film) => [film, before.films.length ? "Current: " : ""])];
  if (!all.length) return null;
  const figures = el("div.figures", {"data-count": Math.min(all.length, 4)}, all.map(([film, when]) => figure(film, when)));
  const none = all.every(([film]) => film.missing);
  const section = el(none ? "section.films.none" : "section.films", {"aria-label": "Films"}, figures, !none && controls(figures));
  restyle(section);
  return section;
}

function figure(film, when) {
  const caption = el("figcaption", {title: film.name}, when + film.name.split("/").pop());
  const made = el("figure", {}, caption);
  const nothing = (why) => made.replaceChildren(el("div.nofilm", {}, el("b", {}, "This film"), ` ${why}`), caption);
  if (film.missing) { nothing(film.missing); return made; }
  const image = el("img", {alt: `${when}${film.name}`, draggable: "false", onerror: () => nothing("could not be loaded: has its file been moved?")});
  image.src = film.src ?? $(film.inlined).textContent;
  const view = el("div.view", {tabindex: "0", role: "group", "aria-label": `Film ${when}${film.name}: plus and minus zoom, arrow keys move it`}, image);
  const state = {scale: 1, x: 0, y: 0};
  const apply = () => {
    if (state.scale <= 1) Object.assign(state, {scale: 1, x: 0, y: 0});
    image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.scale})`;
    view.classList.toggle("zoomed", state.scale > 1);
  };
  made.zoom = (factor, x = 0, y = 0) => { // x, y: from the middle, stays where it is
    const scale = Math.min(12, Math.max(1, state.scale * factor));
    state.x = x - (x - state.x) * scale / state.scale;
    state.y = y - (y - state.y) * scale / state.scale;
    state.scale = scale;
    apply();
  };
  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = view.getBoundingClientRect();
    made.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.clientX - box.x - box.width / 2, event.clientY - box.y - box.height / 2);
  }, {passive: false});
  view.addEventListener("pointerdown", (event) => { if (state.scale > 1) view.setPointerCapture(event.pointerId); });
  view.addEventListener("pointermove", (event) => {
    if (!view.hasPointerCapture(event.pointerId)) return;
    state.x += event.movementX;
    state.y += event.movementY;
    apply();
  });
  view.addEventListener("keydown", (event) => {
    const by = {ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40]}[event.key];
    const factor = {"+": 1.4, "=": 1.4, "-": 1 / 1.4, 0: 0}[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (factor === undefined && !(by && state.scale > 1))) return;
    event.preventDefault();
    event.stopPropagation();
    if (by) { state.x += by[0]; state.y += by[1]; apply(); } else made.zoom(factor);
  });
  view.addEventListener("dblclick", () => made.zoom(state.scale > 1 ? 0 : 2.5));
  made.prepend(view);
  return made;
}

function controls(figures) {
  const zoom = (factor) => () => { for (const made of figures.children) made.zoom?.(factor); };
  const slider = (name, label, sign) => el("label", {title: label}, sign, el("input", {
    type: "range", min: "0.3", max: "3", step: "0.05", value: filmStyle[name], "aria-label": label,
    oninput: (event) => { filmStyle[name] = Number(event.target.value); restyle(document); },
  }));
  const reset = (event) => {
    Object.assign(filmStyle, {brightness: 1, contrast: 1, invert: 0});
    zoom(0)();
    for (const input of event.target.closest(".looks").querySelectorAll("input")) input.value = 1;
    restyle(document);
  };
  return el("div.looks", {},
    el("button", {onclick: zoom(1.4), title: "Zoom in (mouse wheel)", "aria-label": "Zoom in"}, "+"),
    el("button", {onclick: zoom(1 / 1.4), title: "Zoom out", "aria-label": "Zoom out"}, "−"),
    slider("brightness", "Brightness", "☀"), slider("contrast", "Contrast", "◐"),
    el("button", {onclick: () => { filmStyle.invert = 1 - filmStyle.invert; restyle(document); }, title: "Swap black and white (i)", id: "invert"}, "Invert"),
    el("button", {onclick: reset}, "Reset"));
}

function restyle(root) {
  for (const image of root.querySelectorAll("figure img"))
    image.style.filter = `brightness(${filmStyle.brightness}) contrast(${filmStyle.contrast}) invert(${filmStyle.invert})`;
}
