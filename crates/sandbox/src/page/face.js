"use strict";

// Carousels: buttons, arrow keys, dots. Without this script they scroll.
function carousel(box) {
  const strip = box.querySelector(".strip");
  const slides = [...strip.children];
  const [prev, next] = [box.querySelector(".prev"), box.querySelector(".next")];
  const count = box.querySelector(".count");
  const dots = [...box.querySelector(".dots").children];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let at = 0;

  function show(n) {
    at = n;
    prev.hidden = n === 0;
    next.hidden = n === slides.length - 1;
    count.hidden = false;
    count.textContent = `${n + 1} of ${slides.length}`;
    dots.forEach((dot, i) => dot.classList.toggle("on", i === n));
    slides.forEach((slide, i) => { slide.inert = i !== n; });
    slides.forEach((slide, i) => { if (i !== n) slide.querySelectorAll("video").forEach((film) => film.pause()); });
  }
  function turn(by) {
    const n = Math.min(Math.max(at + by, 0), slides.length - 1);
    if (n === at) return;
    // A button that disappears must not take the keyboard's place with it.
    const had = document.activeElement === prev || document.activeElement === next;
    show(n);
    if (had && (by > 0 ? next : prev).hidden) strip.focus({ preventScroll: true });
    strip.scrollTo({ left: slides[n].offsetLeft - slides[0].offsetLeft, behavior: still.matches ? "auto" : "smooth" });
  }
  prev.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  box.addEventListener("keydown", (event) => {
    if (event.target.tagName === "VIDEO") return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { event.preventDefault(); turn(by); }
  });
  let settled;
  strip.addEventListener("scroll", () => {
    clearTimeout(settled);
    settled = setTimeout(() => {
      const n = Math.round(strip.scrollLeft / strip.clientWidth);
      if (n !== at && slides[n]) show(n);
    }, 120);
  }, { passive: true });
  show(0);
}

// Tags stand where they were put; styles in markup are forbidden here.
function pins(root) {
  for (const pin of root.querySelectorAll(".pin")) {
    pin.style.left = `${Number(pin.dataset.x) * 100}%`;
    pin.style.top = `${Number(pin.dataset.y) * 100}%`;
    pin.hidden = false;
  }
}

// Requests as they arrive, and the posts anew when something may have changed.
function follow(main) {
  const list = document.getElementById("requests");
  let count = Number(list.dataset.count);
  let revision = Number(main.dataset.revision);

  function row(request) {
    const item = document.createElement("li");
    item.className = "new";
    const add = (tag, name, text) => {
      const part = item.appendChild(document.createElement(tag));
      part.className = name;
      part.textContent = text;
      return part;
    };
    add("span", `chip ${request.class}`, request.status);
    const call = add("code", "call", "");
    call.appendChild(document.createElement("b")).textContent = request.method;
    call.append(` ${request.path}`);
    add("time", "facts", request.at);
    if (request.note) add("span", "why", request.note);
    return item;
  }
  async function refresh() {
    const fresh = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html").getElementById("main");
    if (!fresh || fresh.innerHTML === main.innerHTML) return;
    const posts = (root) => root.querySelectorAll(".tile, .stories a").length;
    const more = posts(fresh) - posts(main);
    const focused = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const open = new Set([...main.querySelectorAll("details[open]")].map((one) => one.parentNode.getAttribute("aria-labelledby")));
    main.replaceChildren(...fresh.childNodes);
    main.toggleAttribute("data-busy", fresh.hasAttribute("data-busy"));
    for (const one of main.querySelectorAll("details")) one.open ||= open.has(one.parentNode.getAttribute("aria-labelledby"));
    if (focused) main.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (more > 0) document.getElementById("news").textContent = more === 1 ? "A new post" : `${more} new posts`;
  }
  async function look() {
    if (document.hidden) return;
    const live = await (await fetch(`/_sandbox/live?after=${count}`)).json();
    document.getElementById("clock").textContent = live.now;
    if (live.count < count) list.replaceChildren();
    if (live.count !== count) {
      document.getElementById("no-requests")?.remove();
      list.prepend(...live.requests.reverse().map(row));
      while (list.children.length > 60) list.lastChild.remove();
      count = live.count;
    }
    if (live.revision !== revision || main.hasAttribute("data-busy")) {
      revision = live.revision;
      await refresh();
    }
  }
  (async () => {
    for (;;) {
      await new Promise((done) => setTimeout(done, 1000));
      try { await look(); } catch { /* the sandbox is away; it may come back */ }
    }
  })();
}

document.querySelectorAll(".carousel").forEach(carousel);
pins(document);
const main = document.getElementById("main");
if (main && main.dataset.revision) follow(main);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.querySelector(".single")) location.href = "/";
});
