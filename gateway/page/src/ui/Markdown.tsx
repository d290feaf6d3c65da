import { Component } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { markdownStream } from "../core/markdown/stream.js";
import { sanitize } from "./sanitize.js";

/** Markdown that may still be growing. */
export function Markdown({ text, done }: { text: string; done: boolean }) {
  const stream = useRef(markdownStream());
  const blocks = useMemo(() => stream.current.update(text, done), [text, done]);
  return (
    <div class="md">
      {blocks.map((html, place) => (
        <Block key={`${place}`} html={html} />
      ))}
    </div>
  );
}

/** One block; left alone while its HTML stays the same. */
class Block extends Component<{ html: string }> {
  override shouldComponentUpdate(next: { html: string }): boolean {
    return next.html !== this.props.html;
  }

  override render() {
    return <div dangerouslySetInnerHTML={{ __html: sanitize(this.props.html) }} />;
  }
}
