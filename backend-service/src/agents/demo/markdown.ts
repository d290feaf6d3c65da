const LONG_LINE = `const line = "${"a line of code that does not wrap, ".repeat(8)}";`;

/** Every kind of Markdown that a surface must be able to show. */
export const MARKDOWN = `# Heading 1
## Heading 2
### Heading 3

A paragraph with **bold**, *italic*, ***both***, ~~struck~~, \`inline code\` and a
[link](https://example.com/a?b=1&c=2), some <b>HTML</b> & "entities".

- A list
- with a second item
  - a nested one
    - and one below it

1. First
2. Second
   1. Second, part one

- [x] Done
- [ ] To do

| Left | Middle | Right |
|:-----|:------:|------:|
| a | b | 1 |
| \`c\` | **d** | 22 |

> A quote
> of two lines
>
> > and one within.

\`\`\`ts
export const greet = (name: string): string => \`Hello, \${name}!\`;
${LONG_LINE}
\`\`\`

\`\`\`python
def greet(name: str) -> str:
    return f"Hello, {name}!"
\`\`\`

---

The end, with an emoji: \u{1F680}
`;
