"use strict";
// Sorts a table by the heads of its columns, and filters a long one by typed words. Without it the page reads the same.
(() => {
  const words = document.currentScript.dataset;
  const [WORTH_SORTING, WORTH_FILTERING] = [3, 13];
  const inWords = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;

  // A cell that can be ranked says its place in `data-rank`; one without a value comes last either way.
  const sorted = (rows, column, ranked, sign) => {
    const rank = (row) => Number(row.cells[column].dataset.rank ?? NaN);
    const text = (row) => row.cells[column].textContent;
    const byRank = (a, b) =>
      isNaN(rank(a)) || isNaN(rank(b)) ? isNaN(rank(a)) - isNaN(rank(b)) : sign * (rank(a) - rank(b));
    return [...rows].sort(ranked ? byRank : (a, b) => sign * inWords(text(a), text(b)));
  };

  const makeSortable = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    const sortBy = (head, column) => {
      const ranked = rows.some((row) => row.cells[column].dataset.rank);
      // The largest number and the first word come first; a third press brings the order of the report back.
      const turns = ranked ? ["none", "descending", "ascending"] : ["none", "ascending", "descending"];
      const turn = turns[(turns.indexOf(head.ariaSort ?? "none") + 1) % turns.length];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (turn !== "none") head.setAttribute("aria-sort", turn);
      const sign = turn === "ascending" ? 1 : -1;
      table.tBodies[0].append(...(turn === "none" ? rows : sorted(rows, column, ranked, sign)));
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(head, column));
      head.append(button);
    });
  };

  const makeFilterable = (table, rows) => {
    const box = document.createElement("p");
    const label = document.createElement("label");
    const field = document.createElement("input");
    const found = document.createElement("output");
    const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
    box.className = "filter";
    field.type = "search";
    field.setAttribute("aria-label", `${words.filter}: ${table.caption.textContent}`);
    const fold = table.closest(".fold")?.querySelector("details");
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      if (fold && wanted.length) fold.open = true; // what fits may lie behind it
      const fits = texts.map((text) => wanted.every((word) => text.includes(word)));
      rows.forEach((row, place) => (row.hidden = !fits[place]));
      const count = { shown: fits.filter(Boolean).length, all: rows.length };
      found.textContent = wanted.length ? words.rows.replace(/\{(\w+)\}/g, (_, name) => count[name]) : "";
    });
    label.append(words.filter, " ", field);
    box.append(label, " ", found);
    table.parentElement.before(box);
  };

  for (const table of document.querySelectorAll(".scroll > table:not(.asked)")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length >= WORTH_SORTING) makeSortable(table, rows);
    if (rows.length >= WORTH_FILTERING && !table.closest(".opening")) makeFilterable(table, rows);
  }
})();
