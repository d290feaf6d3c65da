/** The system cannot be started, for a reason that its message tells to whoever tried. */
export class CannotStart extends Error {
  override readonly name = "CannotStart";
}
