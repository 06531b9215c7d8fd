"use strict";
(() => {
  const rows = [...document.querySelectorAll(".requirement")];
  const chapters = [...document.querySelectorAll(".chapter")];
  const filters = [...document.querySelectorAll(".filter")];
  const search = document.getElementById("search");
  const fold = document.getElementById("fold");
  const reset = document.getElementById("reset");
  const choices = [...document.querySelectorAll(".narrow select")];
  const texts = new Map();  // lower-cased on the first search: large reports open at once

  const text = (row) => {
    if (!texts.has(row)) {
      const section = row.closest(".chapter").querySelector("h3").firstChild.textContent;
      texts.set(row, (section + " " + row.textContent).toLowerCase());
    }
    return texts.get(row);
  };
  const told = (row, by) =>
    by === "section" ? row.closest(".chapter").dataset.section : row.dataset[by];
  const visible = () => rows.filter((row) => !row.hidden);

  const label = () => {
    fold.textContent = visible().some((row) => row.open) ? "Fold" : "Unfold";
  };

  const apply = () => {
    const pressed = filters
      .filter((button) => button.getAttribute("aria-pressed") === "true")
      .map((button) => button.dataset.filter);
    const wishes = choices.filter((choice) => choice.value);
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const wanted = (!pressed.length || pressed.includes(row.dataset.verdict))
        && wishes.every((choice) => told(row, choice.dataset.by) === choice.value);
      row.hidden = !(wanted && words.every((word) => text(row).includes(word)));
    }
    for (const chapter of chapters) {
      chapter.hidden = !chapter.querySelector(".requirement:not([hidden])");
    }
    const shown = visible().length;
    document.getElementById("nothing").hidden = shown > 0;
    const narrowed = pressed.length + wishes.length + words.length > 0;
    reset.hidden = !narrowed;
    document.getElementById("shown").textContent =
      narrowed ? `${shown} of ${rows.length} requirements shown` : "";
    label();
  };

  const showAll = () => {
    filters.forEach((button) => button.setAttribute("aria-pressed", "false"));
    choices.forEach((choice) => { choice.value = ""; });
    search.value = "";
    apply();
  };

  const clear = () => {  // what is scrolled to must not end up below the tools that stay on top
    const tools = document.querySelector(".tools");
    const above = getComputedStyle(tools).position === "sticky" ? tools.offsetHeight : 0;
    document.documentElement.style.scrollPaddingTop = `${above + 12}px`;
  };

  const reveal = () => {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const row = id && document.getElementById(id);
    if (!row || !rows.includes(row)) return;
    if (row.hidden) showAll();
    row.open = true;
    row.scrollIntoView();
    row.querySelector("summary").focus({ preventScroll: true });  // the next Tab goes on from here
  };

  const copied = async (button) => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {  // no leave to write: select it, so that one key copies it
      getSelection().selectAllChildren(code);
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    }
    const said = document.getElementById("copied");
    said.textContent = button.textContent;
    setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 1500);
  };

  for (const button of filters) {
    button.disabled = false;
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  document.querySelector(".search").hidden = false;
  document.querySelector(".narrow").hidden = false;
  search.addEventListener("input", apply);
  choices.forEach((choice) => choice.addEventListener("change", apply));
  reset.addEventListener("click", () => { showAll(); search.focus(); });  // it is gone now itself
  fold.addEventListener("click", () => {
    const open = !visible().some((row) => row.open);
    visible().forEach((row) => { row.open = open; });
    label();
  });
  const bring = (row) => {  // the first offending line of a long body or conversation into view
    for (const body of row.querySelectorAll(".body, .frames")) {
      const hit = body.querySelector(".hit");
      if (!hit) continue;
      const down = hit.getBoundingClientRect().top - body.getBoundingClientRect().top;
      if (down > body.clientHeight) body.scrollTop = down - body.clientHeight / 3;
    }
  };
  let labelling = 0;
  document.addEventListener("toggle", (event) => {
    const row = event.target;
    if (row.open && row.contains(document.activeElement)) bring(row);  // not where all are unfolded
    cancelAnimationFrame(labelling);
    labelling = requestAnimationFrame(label);
  }, true);  // toggle does not bubble
  rows.filter((row) => row.open).forEach(bring);
  document.documentElement.classList.add("scripted");
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) copied(button);
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = visible().filter((row) => !row.open && ["fail", "warn"].includes(row.dataset.verdict));
    opened.forEach((row) => { row.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((row) => { row.open = false; }));
  addEventListener("hashchange", reveal);
  addEventListener("resize", clear);
  apply();
  clear();
  reveal();
})();
