// The code blocks of a page in Markdown.

// Each code block of a page by name: `Heading/language`, with `/2` for the second one in that language below the heading.
export function snippetsOf(page) {
  const snippets = new Map();
  let heading = "";
  for (const [, title, language, code] of page.matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) {
      heading = title;
      continue;
    }
    const name = `${heading}/${language}`;
    let [unique, count] = [name, 1];
    while (snippets.has(unique)) unique = `${name}/${++count}`;
    snippets.set(unique, code);
  }
  return snippets;
}
