/* JSON that was laid out with a line for each value: its lists and objects unfold. Values stay as they are written. */
import { element } from "./names.js";

/** Lines as a tree: a line that opens something has `inside` and the line that closes it. */
export function folded(lines) {
  const root = { inside: [] };
  const open = [root];
  for (const line of lines) {
    const text = line.trim();
    const isEnd = /^[}\]],?$/.test(text);
    if (isEnd && open.length > 1) {
      open.pop().end = text;
      continue;
    }
    const node = { text };
    open.at(-1).inside.push(node);
    if (/(^|: )[{[]$/.test(text)) {
      node.inside = [];
      open.push(node);
    }
  }
  return root.inside;
}

/** The elements of such a tree; the first levels are open. */
export function foldedElements(nodes, depth = 0) {
  return nodes.map((node) => {
    if (!node.inside) return element("div", "json-line", node.text);
    const count = `${node.inside.length} ${node.inside.length === 1 ? "value" : "values"}`;
    const summary = element(
      "summary",
      "",
      node.text,
      element("small", "", ` ${count} ${node.end ?? ""}`),
    );
    const inside = element("div", "json-inside", ...foldedElements(node.inside, depth + 1));
    const details = element(
      "details",
      "json-fold",
      summary,
      inside,
      element("div", "json-line", node.end ?? ""),
    );
    details.open = depth < 2;
    return details;
  });
}
