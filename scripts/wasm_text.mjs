// A module's text, as Binaryen prints it, as nested arrays of words.

/** Nested arrays of words; places in the sources (`;;@`) are words of their own. */
export function textParse(text) {
  const words = text.match(/;;@[^\n]*|"(?:[^"\\]|\\.)*"|[()]|[^\s()]+/g);
  let at = 1;
  const read = () => {
    const node = [];
    for (;;) {
      const word = words[at++];
      if (word === ")") return node;
      node.push(word === "(" ? read() : word);
    }
  };
  return read();
}

/** The text again. */
export function textPrint(node) {
  if (!Array.isArray(node)) return node.startsWith(";;@") ? `\n${node}\n` : node;
  return `(${node.map(textPrint).join(" ")})`;
}

/** What stands in parentheses in a node: operands of an instruction, parts of a function. */
export const operandsOf = (node) => node.filter(Array.isArray);
