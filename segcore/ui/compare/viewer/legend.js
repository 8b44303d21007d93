// The legend below the views: a row a class or object, a column a view.

class Legend {
  constructor(root, choose) {
    this.root = root;
    this.choose = choose; // gets the key of a row
  }

  show({ columns, legend, words }, isolated) {
    const table = make("table");
    const head = make("tr");
    head.append(...["", ...columns.map((c) => c.title)].map((text) => make("th", "", text)));
    table.append(make("caption", "", words.legend), head);
    table.append(...legend.map((row) => this.row(row, columns)));
    const focused = this.root.getRootNode().activeElement?.dataset?.key;
    this.root.replaceChildren(table);
    if (focused) this.buttons().find((button) => button.dataset.key === focused)?.focus();
    this.mark(isolated);
  }

  row(row, columns) {
    const line = make("tr", row.number ? "object" : "class");
    const button = make("button");
    button.type = "button";
    button.dataset.key = row.key;
    button.append(swatch(row), make("span", "", row.key));
    line.onclick = () => this.choose(row.key); // the button's clicks, also by key, arrive here
    const first = make("th");
    first.scope = "row";
    first.append(button);
    line.append(first, ...columns.map(({ key }) => this.cell(row.cells[key])));
    return line;
  }

  cell(content) {
    const cell = make("td");
    if (content?.colour) cell.append(swatch({ colour: content.colour, pattern: 0 }));
    cell.append(make("span", "", content?.text ?? "–"));
    if (content?.title) cell.title = content.title;
    return cell;
  }

  mark(isolated) {
    for (const button of this.buttons()) {
      button.ariaPressed = String(button.dataset.key === isolated);
    }
  }

  buttons() {
    return [...this.root.querySelectorAll("button")];
  }
}
