"use strict";
// Shows the fields whose text holds every word typed, and the sheets that have any of them left.
(() => {
  const form = document.getElementById("search");
  const wanted = document.getElementById("wanted");
  const found = document.getElementById("found");
  const fields = [...document.querySelectorAll(".field")];
  const texts = fields.map((field) => field.textContent.toLowerCase());
  const contents = document.getElementById("contents");
  const areas = [...document.querySelectorAll(".area")];

  const show = () => {
    const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    fields.forEach((field, place) => {
      const fits = words.every((word) => texts[place].includes(word));
      field.hidden = !fits;
      count += fits ? 1 : 0;
    });
    areas.forEach((area) => {
      area.hidden = !area.querySelector(".field:not([hidden])");
    });
    contents.hidden = words.length > 0;
    found.textContent = words.length ? found.dataset.words.replace("{n}", count) : "";
  };

  // A link to a field that the search has hidden shows all of them again.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const list = target.closest("details");
    if (list) list.open = true;
    if (target.closest("[hidden]")) {
      wanted.value = "";
      show();
    }
    target.scrollIntoView();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  wanted.addEventListener("input", show);
  form.hidden = false;
})();
