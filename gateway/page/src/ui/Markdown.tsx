import { Component, createRef } from "preact";
import { highlight } from "../core/markdown/highlight.js";
import { type MarkdownStream, markdownStream } from "../core/markdown/stream.js";
import { pace } from "./pace.js";
import { sanitize } from "./sanitize.js";

interface Props {
  text: string;
  /** Whether no more of it comes. */
  done: boolean;
}

/** How many characters of HTML are put into the page in one go. */
const GO = 20_000;
/** A growing text is rendered again after so many times what it took. */
const REST = 4;

/**
 * Markdown that may still be growing. Ordinary text is there at once. Of one
 * that takes long to render, the last view stays meanwhile, at first the text
 * itself; and its blocks come one by one.
 */
export class Markdown extends Component<Props> {
  private readonly stream: MarkdownStream = markdownStream();
  private blocks: string[] | undefined;
  /** What the blocks were made of. */
  private drawn: Props | undefined;
  /** How many of the blocks are in the page. */
  private shown = 0;
  private took = 0;
  private at = 0;
  private forget = () => {};

  private readonly again = () => {
    this.setState({});
  };

  override componentWillUnmount(): void {
    this.forget();
  }

  override render({ text, done }: Props) {
    if (this.drawn?.text !== text || this.drawn.done !== done) this.renew({ text, done });
    else if (this.shown < (this.blocks?.length ?? 0)) this.showMore();
    if (!this.blocks) return <p class="md as-it-is">{text}</p>;
    return (
      <div class="md">
        {this.blocks.slice(0, this.shown).map((html, place) => (
          <Block key={`${place}`} html={html} />
        ))}
      </div>
    );
  }

  private renew(props: Props): void {
    const rested = props.done || performance.now() - this.at >= this.took * REST;
    if (!rested || !pace.free()) {
      this.forget = pace.later(this.again);
      return;
    }
    const begun = performance.now();
    this.blocks = pace.spend(() => this.stream.update(props.text, props.done));
    this.at = performance.now();
    this.took = this.at - begun;
    this.drawn = props;
    this.shown = Math.min(this.shown, this.blocks.length);
    this.showMore();
  }

  private showMore(): void {
    const blocks = this.blocks ?? [];
    for (let room = GO; this.shown < blocks.length && room > 0; this.shown += 1) {
      room -= blocks[this.shown]?.length ?? 0;
    }
    if (this.shown < blocks.length) this.forget = pace.later(this.again);
  }
}

/** One block; left alone while its HTML stays the same. */
class Block extends Component<{ html: string }> {
  private readonly element = createRef<HTMLDivElement>();
  private forget = () => {};

  private readonly colour = () => {
    for (const code of this.element.current?.querySelectorAll("code[class^=language-]") ?? []) {
      if (!pace.free()) {
        this.forget = pace.later(this.colour);
        return;
      }
      const language = code.className.slice("language-".length);
      code.removeAttribute("class");
      pace.spend(() => {
        const html = highlight(code.textContent ?? "", language);
        if (html !== undefined) code.innerHTML = sanitize(html);
      });
    }
  };

  override componentDidMount(): void {
    this.colour();
  }

  override componentDidUpdate(): void {
    this.colour();
  }

  override componentWillUnmount(): void {
    this.forget();
  }

  override shouldComponentUpdate(next: { html: string }): boolean {
    return next.html !== this.props.html;
  }

  override render() {
    const html = pace.spend(() => sanitize(this.props.html));
    return <div ref={this.element} dangerouslySetInnerHTML={{ __html: html }} />;
  }
}
