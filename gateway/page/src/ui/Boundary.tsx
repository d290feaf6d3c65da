import { Component, type ComponentChildren } from "preact";

interface Props {
  children: ComponentChildren;
  /** What stands there when the children cannot be drawn. */
  instead: ComponentChildren;
  /** The children are tried again when this changes. */
  of: unknown;
}

/** Keeps a failure to draw something where it is: the rest of the page goes on. */
export class Boundary extends Component<Props, { broken: boolean; of: unknown }> {
  override state = { broken: false, of: this.props.of };

  static override getDerivedStateFromProps(next: Props, { of }: { of: unknown }) {
    return next.of === of ? null : { broken: false, of: next.of };
  }

  static override getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? this.props.instead : this.props.children;
  }
}
