// Search by name: an input, a count, and the way from one find to the next. Who has the picture says what there is and how to show it.

// host: all() → [{name, …}] what can be found; go(item) shows one; found(items) marks all of them; back() gives the focus back.
export class Find {
  constructor(host) {
    this.host = host;
    this.items = [];
    this.at = -1;
    this.el = document.createElement("span");
    this.el.className = "mg-find";
    this.el.setAttribute("role", "group"); // no landmark: a page may have several
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "search", placeholder: "Find a name", title: "Search by name (/)", autocomplete: "off", spellcheck: false });
    this.input.setAttribute("aria-label", "Find a value or a box by its name");
    this.count = document.createElement("span");
    this.count.className = "mg-count";
    this.count.setAttribute("role", "status");
    this.el.append(this.input, this.count);
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { event.preventDefault(); this.next(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape") { event.preventDefault(); this.close(); }
    });
  }

  open() {
    this.input.focus();
    this.input.select();
  }

  // What is called so comes first, then what begins so, then what holds the word anywhere.
  look() {
    const word = this.input.value.trim().toLowerCase(), ranks = [[], [], []];
    for (const item of word ? this.host.all() : []) {
      const name = item.name.toLowerCase(), at = name.indexOf(word);
      if (at >= 0) ranks[at ? 2 : name === word ? 0 : 1].push(item);
    }
    this.items = ranks.flat();
    this.at = -1;
    this.host.found(this.items);
    if (this.items.length) this.next(1);
    else this.count.textContent = word ? "not found" : "";
  }

  next(by) {
    if (!this.items.length) return;
    this.at = (this.at + by + this.items.length) % this.items.length;
    this.count.textContent = `${(this.at + 1).toLocaleString("en")} of ${this.items.length.toLocaleString("en")}`;
    this.host.go(this.items[this.at]);
  }

  close() {
    this.input.value = this.count.textContent = "";
    this.items = [];
    this.host.found([]);
    this.host.back();
  }
}
